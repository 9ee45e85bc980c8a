//! Statements and the locks of records they need: taking, waiting, giving back.

use super::connection::Phase;
use super::errors::Error;
use super::event::ClusterEvent;
use super::row_locks::{Asked, Grant, Owner};
use super::state::State;
use crate::event::{TransactionName, Weakness, What};
use crate::model::change::Nanos;
use crate::model::error::CallError;
use crate::sql::IfLocked;
use crate::store::RecordId;

/// `deadlock_timeout` of PostgreSQL as it comes.
const DEADLOCK_TIMEOUT: Nanos = 1_000_000_000;

/// The reason why a statement does not go on now.
pub(super) enum Halt {
    /// It waits, and will be begun again.
    Waits,
    Error(CallError),
}

impl From<CallError> for Halt {
    fn from(error: CallError) -> Self {
        Self::Error(error)
    }
}

impl State {
    /// The transaction that an owner of locks stands for.
    pub(super) fn name_of(&self, owner: Owner) -> TransactionName {
        match owner {
            Owner::Transaction { connection, .. } => self.connections[connection].transaction.name,
            Owner::Applier(position) => {
                let placed = self.order.get(position);
                placed.expect("what is being applied is known").name
            }
        }
    }

    /// Takes the lock of one record. False if it is to be left out.
    pub(super) fn lock(
        &mut self,
        slot: u32,
        record: RecordId,
        exclusive: bool,
        if_locked: IfLocked,
    ) -> Result<bool, Halt> {
        let owner = self.connections.owner(slot);
        let connection = &mut self.connections[slot];
        let locks = &mut self.nodes[connection.node as usize].locks;
        let holder = match locks.ask(record, owner, exclusive) {
            Asked::Blocked(holder) => holder,
            Asked::Granted { anew } => {
                if anew {
                    connection.transaction.locks.push(record);
                    if record.index == 0 {
                        let transaction = connection.transaction.name;
                        self.kernel.log(|| What::Locked {
                            transaction,
                            row: self.row_name(record),
                        });
                    }
                }
                self.check_snapshot(slot, record)?;
                return Ok(true);
            }
        };
        let patience = match if_locked {
            IfLocked::Skip => return Ok(false),
            IfLocked::Refuse | IfLocked::WaitFor(0) => {
                return Err(self.error(slot, Error::Locked).into());
            }
            IfLocked::Wait => connection.variables.lock_wait_timeout,
            IfLocked::WaitFor(seconds) => u64::from(seconds) * 1_000_000_000,
        };
        locks.wait(record, owner, exclusive);
        Err(self.wait_for(slot, record, holder, patience, false))
    }

    /// Begins to wait for a record, or for the gap in which it belongs.
    pub(super) fn wait_for(
        &mut self,
        slot: u32,
        record: RecordId,
        holder: Owner,
        patience: Nanos,
        is_gap: bool,
    ) -> Halt {
        let until = self.now().saturating_add(patience);
        let ticket = self
            .connections
            .enter(slot, Phase::LockWait { record, until });
        if until < Nanos::MAX
            && let Some(at) = self.timeouts.add(until, ticket)
        {
            self.schedule(at, ClusterEvent::Timeouts);
        }
        let transaction = self.connections[slot].transaction.name;
        self.kernel.log(|| What::Waits {
            transaction,
            row: self.row_name(record),
            holder: self.name_of(holder),
            is_gap,
        });
        if self.postgres.is_some() {
            // It looks for a deadlock only after a while, which most waits do not last.
            let at = self.now() + DEADLOCK_TIMEOUT;
            self.schedule(at, ClusterEvent::DeadlockCheck(ticket));
            return Halt::Waits;
        }
        match self.break_deadlocks(slot) {
            true => {
                self.stop_waiting(slot);
                self.error(slot, Error::Deadlock).into()
            }
            false => Halt::Waits,
        }
    }

    /// `innodb_snapshot_isolation`: what changed since the snapshot may not be locked.
    fn check_snapshot(&self, slot: u32, record: RecordId) -> Result<(), Halt> {
        let connection = &self.connections[slot];
        let node = &self.nodes[connection.node as usize];
        let Some(view) = connection.transaction.view else {
            return Ok(());
        };
        if !connection.variables.snapshot_isolation || record.index > 0 {
            return Ok(());
        }
        let changed = self.store.changed_at(record, node.applied);
        if changed <= view {
            return Ok(());
        }
        // The race was seen with changes of other nodes only.
        let window = self.topology.snapshot_race_us * 1000;
        let written = self.store.written(record);
        let is_far = written.is_some_and(|written| written.by.node != connection.node);
        if !is_far || !node.is_recent(changed, self.now(), window) {
            return Err(self.error(slot, Error::RecordChanged).into());
        }
        self.kernel.log(|| What::Weaker {
            transaction: connection.transaction.name,
            how: Weakness::SnapshotRace,
        });
        Ok(())
    }

    /// Whatever the connection waits for, it does no longer.
    pub(super) fn stop_waiting(&mut self, slot: u32) {
        let owner = self.connections.owner(slot);
        let connection = &self.connections[slot];
        let node = connection.node;
        let ticket = self.connections.ticket(slot);
        match connection.phase {
            Phase::LockWait { record, until } => {
                self.timeouts.remove(until, ticket);
                let mut grants = Vec::new();
                let locks = &mut self.nodes[node as usize].locks;
                locks.leave(record, owner, &mut grants);
                locks.gaps.release(owner, true, &mut grants);
                self.granted(grants);
            }
            Phase::CausalWait { until, .. } => self.timeouts.remove(until, ticket),
            _ => {}
        }
        self.connections.enter(slot, Phase::Served);
    }

    /// Those whose wait is over go on at the end of this moment.
    pub(super) fn granted(&mut self, grants: Vec<Grant>) {
        for grant in grants {
            let Owner::Transaction { connection, .. } = grant.owner else {
                continue;
            };
            if grant.anew {
                let transaction = &mut self.connections[connection].transaction;
                transaction.locks.push(grant.record);
                let transaction = transaction.name;
                self.kernel.log(|| What::Locked {
                    transaction,
                    row: self.row_name(grant.record),
                });
            }
            if let Phase::LockWait { until, .. } = self.connections[connection].phase {
                self.timeouts
                    .remove(until, self.connections.ticket(connection));
            }
            let ticket = self.connections.enter(connection, Phase::Served);
            self.schedule(self.now(), ClusterEvent::Served(ticket));
            let node = self.connections[connection].node as usize;
            let mut next = Vec::new();
            let locks = &mut self.nodes[node].locks;
            // It locks them for good when it goes on.
            locks.gaps.release(grant.owner, true, &mut next);
            self.granted(next);
        }
    }

    /// Gives back all that the transaction has, and forgets what it changed and did not commit.
    pub(super) fn end_transaction(&mut self, slot: u32) {
        self.close_view(slot);
        self.release_locks(slot);
        if self.postgres.is_some() {
            self.forget_transaction(slot);
        }
        let transaction = &mut self.connections[slot].transaction;
        transaction.rows.clear();
        transaction.unique.clear();
        transaction.savepoints.clear();
        transaction.is_killed = false;
        transaction.is_replayed = false;
        for record in transaction.made.drain(..) {
            self.store.forget(record);
        }
    }

    pub(super) fn release_locks(&mut self, slot: u32) {
        let owner = self.connections.owner(slot);
        let connection = &mut self.connections[slot];
        if !connection.transaction.has_locks() {
            return;
        }
        let mut grants = Vec::new();
        let locks = &mut self.nodes[connection.node as usize].locks;
        if std::mem::take(&mut connection.transaction.has_gaps) {
            locks.gaps.release(owner, false, &mut grants);
        }
        for record in connection.transaction.locks.drain(..) {
            locks.release(record, owner, &mut grants);
        }
        self.granted(grants);
    }

    /// Some waits may have lasted too long.
    pub(super) fn timeouts_are_due(&mut self) {
        let (due, next) = self.timeouts.due(self.now());
        for ticket in due {
            let Some(slot) = self.connections.current(ticket) else {
                continue;
            };
            match self.connections[slot].phase {
                Phase::LockWait { .. } => self.fail(slot, Error::LockWaitTimeout),
                Phase::CausalWait { .. } => self.fail(slot, Error::SyncWaitTimeout),
                _ => {}
            }
        }
        if let Some(next) = next {
            self.schedule(next, ClusterEvent::Timeouts);
        }
    }
}
