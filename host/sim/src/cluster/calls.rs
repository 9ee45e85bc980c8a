//! A call on its way: to the server, through a processor, and its answer back.

use super::connection::{Given, Kind, Phase, Reply};
use super::errors::{Error, lost};
use super::event::{ClusterEvent, ConnectionId, Ticket};
use super::state::State;
use crate::event::{Answer, What};
use crate::model::error::{CallError, ErrorKind};
use crate::sql::Plan;

impl State {
    /// The call has come to its server.
    pub(super) fn arrived(&mut self, ticket: Ticket) {
        let Some(slot) = self.connections.current(ticket) else {
            return;
        };
        self.connections[slot].call.arrived = self.now();
        if !self.connections[slot].in_transaction {
            self.renew(slot);
        }
        match self.connections[slot].call.kind {
            // What is about no data takes next to nothing.
            Kind::Begin | Kind::Rollback | Kind::Sync => self.run(slot),
            Kind::Commit if self.postgres.is_some() => self.begin_commit_at_snapshot(slot),
            Kind::Commit => self.begin_commit(slot),
            Kind::Statement => {
                let connection = &mut self.connections[slot];
                connection.call.locks_before = connection.transaction.locks.len();
                let work = self.service_times.statement();
                self.work(slot, Phase::Served, work);
            }
        }
    }

    /// Begins a transaction, if only for one statement.
    pub(super) fn renew(&mut self, slot: u32) {
        let isolation = self.connections[slot].take_isolation(self.topology.kind);
        self.connections.begin_transaction(slot, isolation);
    }

    /// Takes a processor for so long, or waits for one first. A transaction that holds locks has just
    /// been at work, and may go on at once.
    pub(super) fn work(&mut self, slot: u32, phase: Phase, work: u64) {
        let ticket = self.connections.enter(slot, phase);
        let connection = &mut self.connections[slot];
        let (node, goes_on) = (connection.node, connection.transaction.has_locks());
        let done = match goes_on && self.service_times.goes_on() {
            true => self.processors.take_at_once(node, self.now(), work),
            false => self.processors.take(node, self.now(), work),
        };
        self.schedule(done, ClusterEvent::Served(ticket));
    }

    /// The processor is done, or a lock is there.
    pub(super) fn served(&mut self, ticket: Ticket) {
        let Some(slot) = self.connections.current(ticket) else {
            return;
        };
        match self.connections[slot].phase {
            Phase::Committing if self.postgres.is_some() => self.commit_on_primary(slot),
            Phase::Committing => self.replicate(slot),
            _ => self.run(slot),
        }
    }

    /// Does what was asked for, unless that has to wait.
    pub(super) fn run(&mut self, slot: u32) {
        if let Some(result) = self.perform(slot) {
            self.finish(slot, result);
        }
    }

    fn perform(&mut self, slot: u32) -> Option<Result<Given, CallError>> {
        if self.postgres.is_some() {
            return self.perform_on_postgres(slot);
        }
        let connection = &self.connections[slot];
        let kind = connection.call.kind;
        if kind == Kind::Rollback {
            return Some(Ok(Given::Done));
        }
        if connection.transaction.is_killed && kind != Kind::Sync {
            return Some(Err(self.error(slot, Error::Deadlock)));
        }
        let prepared = connection.call.prepared.as_ref();
        let plan = prepared.map(|prepared| &prepared.plan);
        let sets = matches!(plan, Some(Ok(Plan::Set(_))));
        if !sets && !self.nodes[connection.node as usize].is_primary {
            return Some(Err(self.error(slot, Error::NotPrimary)));
        }
        if self.has_to_catch_up(slot) {
            self.catch_up(slot);
            return None;
        }
        match kind {
            Kind::Statement => self.perform_statement(slot),
            Kind::Begin => {
                self.connections[slot].in_transaction = true;
                Some(Ok(Given::Done))
            }
            Kind::Sync | Kind::Commit | Kind::Rollback => Some(Ok(Given::Done)),
        }
    }

    /// The call failed on the server. A statement that stands alone may be tried again there, if it
    /// was another node's work that it failed for.
    pub(super) fn fail(&mut self, slot: u32, error: Error) {
        self.stop_waiting(slot);
        let error = self.error(slot, error);
        self.finish(slot, Err(error));
    }

    /// The call failed because of another node's write set.
    pub(super) fn fail_for_another_node(&mut self, slot: u32) {
        let connection = &mut self.connections[slot];
        if !connection.is_autocommit_write() || connection.call.retries == 0 {
            return self.fail(slot, Error::Deadlock);
        }
        connection.call.retries -= 1;
        let transaction = connection.transaction.name;
        self.stop_waiting(slot);
        self.end_transaction(slot);
        let isolation = self.connections[slot].transaction.isolation;
        self.connections.begin_transaction(slot, isolation);
        self.connections[slot].call.locks_before = 0;
        self.kernel.log(|| What::RetriedByServer { transaction });
        let work = self.service_times.statement();
        self.work(slot, Phase::Served, work);
    }

    /// The call is over on the server. After an error that is no rejection no transaction is open.
    pub(super) fn finish(&mut self, slot: u32, result: Result<Given, CallError>) {
        let connection = &mut self.connections[slot];
        let ends = match (&result, connection.call.kind) {
            (_, Kind::Sync) => false,
            (Err(error), _) => error.kind != ErrorKind::Rejected,
            (Ok(_), Kind::Commit | Kind::Rollback) => true,
            (Ok(_), Kind::Begin | Kind::Statement) => false,
        };
        let kind = connection.call.kind;
        let stands_alone = !connection.in_transaction && kind != Kind::Sync;
        if ends {
            connection.in_transaction = false;
        }
        if ends || stands_alone {
            self.end_transaction(slot);
        } else if self.postgres.is_some() && kind == Kind::Statement {
            self.end_statement(slot, result.is_err());
        }
        self.connections.enter(slot, Phase::Idle);
        self.answer(slot, result);
    }

    /// Sends the answer, unless the connection breaks or the client is gone.
    fn answer(&mut self, slot: u32, result: Result<Given, CallError>) {
        let connection = &mut self.connections[slot];
        if connection.is_left {
            return self.tidy(slot);
        }
        if connection.cut.take().is_some() {
            return self.tell_lost(slot, "the answer never came");
        }
        let reply = Reply {
            result,
            in_transaction: connection.in_transaction,
            is_broken: false,
        };
        self.send(slot, reply);
    }

    /// The client sees its connection break; what the server does about that is another matter.
    pub(super) fn tell_lost(&mut self, slot: u32, why: &str) {
        let connection = &mut self.connections[slot];
        connection.is_left = true;
        let reply = Reply {
            result: Err(lost(self.topology.kind, connection.call.operation, why)),
            in_transaction: false,
            is_broken: true,
        };
        self.send(slot, reply);
    }

    fn send(&mut self, slot: u32, reply: Reply) {
        let connection = &mut self.connections[slot];
        connection.travelling = Some(reply);
        let id = ConnectionId {
            slot,
            serial: connection.serial,
        };
        let at = self.kernel.now() + self.network.client(connection.is_proxied);
        self.schedule(at, ClusterEvent::Replied(id));
    }

    /// An answer has come to its client.
    pub(super) fn replied(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get(id) else {
            return;
        };
        let Some(reply) = connection.travelling.take() else {
            return;
        };
        let kernel = self.kernel.clone();
        let connection = &mut self.connections[id.slot];
        kernel.log(|| answered(connection, &reply));
        connection.reply = Some(reply);
        if let Some(waker) = connection.waker.take() {
            waker.wake();
        }
    }
}

fn answered(connection: &super::connection::Connection, reply: &Reply) -> What {
    let call = &connection.call;
    let text = match (&call.prepared, call.kind) {
        (Some(prepared), Kind::Statement) => prepared.text.clone(),
        (_, Kind::Begin) => "BEGIN".into(),
        (_, Kind::Commit) => "COMMIT".into(),
        (_, Kind::Rollback) => "ROLLBACK".into(),
        (_, Kind::Sync) | (None, Kind::Statement) => "SYNC".into(),
    };
    let answer = match &reply.result {
        Ok(Given::Affected(affected)) => Answer::Affected(*affected),
        Ok(Given::Rows(rows)) => Answer::Rows(rows.first().cloned(), rows.len()),
        Ok(Given::Done) => Answer::Done,
        Err(error) => Answer::Error {
            kind: error.kind.as_str(),
            code: error.code.clone(),
        },
    };
    What::Answered {
        transaction: connection.transaction.name,
        sent: call.sent,
        text,
        parameters: call.parameters.clone(),
        answer,
    }
}
