//! The host's own look at an allocation.

use super::tables::{ALLOCATED, REQUESTED, RESERVED};
use crate::capability::database::{Database, Freshness};
use crate::capability::statement::{Action, Statement};
use crate::model::error::CallError;
use crate::model::marker::Marker;
use crate::model::value::Value;
use std::sync::LazyLock;

/// The rows of an allocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Holding {
    Nothing,
    /// A reservation or a request that a worker may still make an allocation of.
    Pending,
    Address(String),
}

static BY_MARKER: LazyLock<[Statement; 2]> = LazyLock::new(|| {
    ["ip_allocations", "ip_requests"].map(|table| {
        let sql = format!("SELECT address, status FROM {table} WHERE marker = ?");
        Statement::of_host(sql, Action::Read)
    })
});

/// Reads causally on one node the rows of the allocation with this marker.
pub(super) async fn holding(
    database: &dyn Database,
    node: &str,
    marker: Marker,
) -> Result<Holding, CallError> {
    let marker = [Value::from(marker.to_string())];
    let mut holding = Holding::Nothing;
    for look in &*BY_MARKER {
        let causal = Freshness::Causal;
        for row in database.read(node, causal, look, &marker).await? {
            let mut columns = row.into_iter().map(Value::into_text);
            let [address, status] = [columns.next(), columns.next()].map(Option::flatten);
            match (address, status.as_deref()) {
                (Some(address), Some(ALLOCATED)) => return Ok(Holding::Address(address)),
                (_, Some(RESERVED | REQUESTED)) => holding = Holding::Pending,
                _ => {}
            }
        }
    }
    Ok(holding)
}
