//! The host's own look at an allocation.

use crate::capability::database::{Database, Freshness};
use crate::capability::statement::{Action, Statement};
use crate::model::fault::Fault;
use crate::model::marker::Marker;
use crate::model::value::Value;

/// The statements, made once.
pub struct AllocationAccess {
    by_marker: [Statement; 2],
}

impl Default for AllocationAccess {
    fn default() -> Self {
        let look = |table| {
            let sql =
                format!("SELECT address FROM {table} WHERE marker = ? AND status = 'ALLOCATED'");
            Statement::of_host(sql, Action::Read)
        };
        Self {
            by_marker: ["ip_allocations", "ip_requests"].map(look),
        }
    }
}

impl AllocationAccess {
    /// The address that the allocation with this marker has, as one node says, causally; nothing if
    /// it has none.
    pub async fn held(
        &self,
        database: &dyn Database,
        node: &str,
        marker: Marker,
    ) -> Result<Option<String>, Fault> {
        let marker = [Value::from(marker.to_string())];
        for look in &self.by_marker {
            let rows = database
                .read(node, Freshness::Causal, look, &marker)
                .await?;
            let first = rows
                .into_iter()
                .next()
                .and_then(|row| row.into_iter().next());
            if let Some(address) = first.and_then(Value::into_text) {
                return Ok(Some(address));
            }
        }
        Ok(None)
    }
}
