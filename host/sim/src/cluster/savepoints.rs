//! Savepoints of a transaction: what it had changed when each was set.
//!
//! ```text
//! UPDATE a        a
//! SAVEPOINT s     a            s: a
//! UPDATE b        a, b         s: a
//! ROLLBACK TO s   a            s: a      the lock of b stays in InnoDB, and ends in PostgreSQL
//! ```

use super::connection::Given;
use super::state::State;
use super::transaction::Savepoint;
use crate::model::error::CallError;
use crate::model::topology::ClusterKind;
use crate::sql::SavepointStep;

impl State {
    /// Sets a savepoint, releases one, or goes back to it. `rejected` with 1305 if there is none of this
    /// name.
    pub(super) fn savepoint(
        &mut self,
        slot: u32,
        step: SavepointStep,
        name: &str,
    ) -> Result<Given, CallError> {
        let transaction = &mut self.connections[slot].transaction;
        let same = |savepoint: &Savepoint| savepoint.name.eq_ignore_ascii_case(name);
        let place = transaction.savepoints.iter().rposition(same);
        match (step, place) {
            (SavepointStep::Set, place) => {
                // Another one of the same name is forgotten.
                if let Some(place) = place {
                    transaction.savepoints.remove(place);
                }
                transaction.savepoints.push(Savepoint {
                    name: name.to_owned(),
                    rows: transaction.rows.clone(),
                    unique: transaction.unique.clone(),
                    made: transaction.made.len(),
                    inserted: transaction.inserted.len(),
                    locks: transaction.locks.len(),
                });
            }
            (SavepointStep::Release, Some(place)) => transaction.savepoints.truncate(place),
            (SavepointStep::RollBack, Some(place)) => {
                transaction.savepoints.truncate(place + 1);
                if self.postgres.is_some() {
                    transaction.has_failed = false;
                    self.undo_to_savepoint(slot, Some(place));
                    return Ok(Given::Done);
                }
                let savepoint = &transaction.savepoints[place];
                transaction.rows = savepoint.rows.clone();
                transaction.unique = savepoint.unique.clone();
                for record in transaction.made.drain(savepoint.made..) {
                    self.store.forget(record);
                }
            }
            (_, None) => {
                let message = format!("SAVEPOINT {name} does not exist");
                return Err(match self.topology.kind {
                    ClusterKind::Galera => CallError::rejected(1305, message),
                    ClusterKind::Postgres => CallError::rejected("3B001", message),
                });
            }
        }
        Ok(Given::Done)
    }
}
