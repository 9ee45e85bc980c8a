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

/// The statements, made once.
pub(super) static ACCESS: LazyLock<AllocationAccess> = LazyLock::new(AllocationAccess::default);

pub(super) struct AllocationAccess {
    by_marker: [Statement; 2],
}

impl Default for AllocationAccess {
    fn default() -> Self {
        let look = |table| {
            let sql = format!("SELECT address, status FROM {table} WHERE marker = ?");
            Statement::of_host(sql, Action::Read)
        };
        Self {
            by_marker: ["ip_allocations", "ip_requests"].map(look),
        }
    }
}

impl AllocationAccess {
    /// Reads causally on one node the rows of the allocation with this marker.
    pub(super) async fn holding(
        &self,
        database: &dyn Database,
        node: &str,
        marker: Marker,
    ) -> Result<Holding, CallError> {
        let marker = [Value::from(marker.to_string())];
        let mut holding = Holding::Nothing;
        for look in &self.by_marker {
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
}
