//! Statements that change the schema or the session rather than rows.

use super::catalog::Prepared;
use super::connection::{Given, Phase};
use super::event::ClusterEvent;
use super::locking::Halt;
use super::row_locks::Owner;
use super::state::State;
use super::transaction::Isolation;
use crate::model::change::Nanos;
use crate::model::error::CallError;
use crate::sql::{Definition, Plan, Setting, TableId};
use std::collections::BTreeSet;
use std::sync::Arc;

impl State {
    /// The call's statement, planned anew if the schema has changed since it was sent.
    pub(super) fn planned(&mut self, slot: u32) -> Arc<Prepared> {
        let prepared = self.connections[slot].call.prepared.clone();
        let prepared = prepared.expect("a statement was prepared when it was sent");
        if self.catalog.is_current(&prepared) {
            return prepared;
        }
        let anew = self.catalog.prepare(&prepared.text);
        self.connections[slot].call.prepared = Some(anew.clone());
        anew
    }

    /// A definition goes to every node, and all do it at one moment.
    pub(super) fn begin_definition(&mut self, slot: u32) -> Result<Given, Halt> {
        if self.connections[slot].in_transaction {
            let message = "the simulator has no definitions within a transaction";
            return Err(CallError::rejected("unsupported", message).into());
        }
        let node = self.connections[slot].node;
        let ticket = self.connections.enter(slot, Phase::Defining);
        let at = self.now() + self.network.reach_all(node) + self.network.hear_all(node);
        self.schedule(at, ClusterEvent::GroupHeard(ticket));
        Err(Halt::Waits)
    }

    pub(super) fn define(&mut self, slot: u32) {
        let prepared = self.planned(slot);
        let Ok(Plan::Define(definition)) = &prepared.plan else {
            let error = prepared.plan.as_ref().err().cloned();
            let error = error.unwrap_or_else(|| CallError::rejected("syntax", "no definition"));
            return self.finish(slot, Err(error));
        };
        let result = self.catalog.define(definition);
        if let Ok(gone) = &result {
            gone.iter().for_each(|&table| self.drop_table(table));
            self.add_table(definition);
        }
        self.finish(slot, result.map(|_| Given::Done));
    }

    fn add_table(&mut self, definition: &Definition) {
        let Definition::CreateTable { table, .. } = definition else {
            return;
        };
        if let Some(id) = self.catalog.id(&table.name)
            && !self.store.has(id)
        {
            self.store.add_table(id, table.unique.len());
        }
    }

    /// Drops a table. Transactions that have locked something of it are killed.
    fn drop_table(&mut self, table: TableId) {
        let holders = self.connections.slots(|connection| {
            let mut locks = connection.transaction.locks.iter();
            locks.any(|record| record.table == table)
        });
        let mut holders: BTreeSet<u32> = holders.into_iter().collect();
        let owners = self
            .nodes
            .iter()
            .flat_map(|node| node.locks.gaps.owners(table));
        holders.extend(owners.filter_map(|owner| match owner {
            Owner::Transaction { connection, .. } => Some(connection),
            Owner::Applier(_) => None,
        }));
        for slot in holders {
            self.kill_transaction(slot);
        }
        self.store.drop_table(table);
    }

    pub(super) fn set(&mut self, slot: u32, setting: &Setting) -> Result<Given, CallError> {
        if self.postgres.is_some() {
            return self.set_on_postgres(slot, setting);
        }
        let connection = &mut self.connections[slot];
        if setting.name == "next_transaction_isolation" && connection.in_transaction {
            let message = "the transaction that is open has its isolation level already";
            return Err(CallError::rejected(1568, message));
        }
        let variables = &mut connection.variables;
        let number = setting.value.parse::<u32>();
        match (setting.name.as_str(), number, setting.value.as_str()) {
            ("innodb_lock_wait_timeout", Ok(seconds), _) => {
                variables.lock_wait_timeout = u64::from(seconds) * 1_000_000_000;
            }
            ("wsrep_sync_wait", Ok(mask), _) => variables.sync_wait = mask,
            ("wsrep_retry_autocommit", Ok(times), _) => variables.retry_autocommit = times,
            ("innodb_snapshot_isolation", _, "ON" | "1") => variables.snapshot_isolation = true,
            ("innodb_snapshot_isolation", _, "OFF" | "0") => variables.snapshot_isolation = false,
            ("transaction_isolation", _, level) if isolation(level).is_some() => {
                variables.isolation = isolation(level).unwrap_or_default();
            }
            ("next_transaction_isolation", _, level) if isolation(level).is_some() => {
                variables.next_isolation = isolation(level);
            }
            _ => return Err(unknown(setting)),
        }
        Ok(Given::Done)
    }

    fn set_on_postgres(&mut self, slot: u32, setting: &Setting) -> Result<Given, CallError> {
        let connection = &mut self.connections[slot];
        if setting.name == "next_transaction_isolation" && connection.in_transaction {
            let message =
                "a transaction is open, and this sets the isolation level of the next one";
            return Err(CallError::rejected("25001", message));
        }
        let variables = &mut connection.variables;
        match (setting.name.as_str(), setting.value.as_str()) {
            ("lock_timeout", "0") => variables.lock_wait_timeout = Nanos::MAX,
            ("lock_timeout", ms) if ms.parse::<u32>().is_ok() => {
                let ms = ms.parse::<u32>().unwrap_or_default();
                variables.lock_wait_timeout = u64::from(ms) * 1_000_000;
            }
            ("synchronous_commit", "OFF" | "LOCAL") => variables.commits_locally = true,
            ("synchronous_commit", "ON" | "REMOTE_WRITE") => variables.commits_locally = false,
            ("transaction_isolation", level) if isolation(level).is_some() => {
                variables.isolation = isolation(level).unwrap_or_default();
            }
            ("next_transaction_isolation", level) if isolation(level).is_some() => {
                variables.next_isolation = isolation(level);
            }
            _ => return Err(unknown(setting)),
        }
        Ok(Given::Done)
    }
}

fn unknown(setting: &Setting) -> CallError {
    let Setting { name, value } = setting;
    let message = format!("the simulator can't set {name} to {value}");
    CallError::rejected("unsupported", message)
}

fn isolation(level: &str) -> Option<Isolation> {
    match level {
        "READ-UNCOMMITTED" | "READ-COMMITTED" => Some(Isolation::ReadCommitted),
        "REPEATABLE-READ" => Some(Isolation::RepeatableRead),
        "SERIALIZABLE" => Some(Isolation::Serializable),
        _ => None,
    }
}
