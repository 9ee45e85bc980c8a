//! One execution of a statement on a session of the guest's.

use super::opened::Opened;
use crate::capability::budget::{ANSWER_TOO_LARGE, check_size};
use crate::capability::calls::bytes_of;
use crate::capability::clock::Clock;
use crate::capability::statement::{Action, Statement};
use crate::capability::strategy::Capabilities;
use crate::model::change::Nanos;
use crate::model::error::{CallError, ErrorKind};
use crate::model::statements::Statements as Executed;
use crate::model::value::{Row, Value};

/// A statement, where it runs, and where its execution is counted.
pub(super) struct Running<'a> {
    pub(super) opened: &'a mut Opened,
    pub(super) statement: &'a Statement,
    /// Bytes of its answer.
    pub(super) share: usize,
    pub(super) executed: Option<Counted<'a>>,
    pub(super) has_committed: &'a mut bool,
}

/// The count of executions, and the clock that times them.
pub(super) struct Counted<'a> {
    executed: &'a mut Executed,
    clock: &'a dyn Clock,
    began: Nanos,
}

impl<'a> Counted<'a> {
    /// Begins an execution now. `None` where the run does not count them.
    pub(super) fn new(capabilities: &'a Capabilities, executed: &'a mut Executed) -> Option<Self> {
        let clock = &*capabilities.clock;
        capabilities.counts_statements.then(|| Self {
            executed,
            clock,
            began: clock.now(),
        })
    }

    fn end(self, statement: &Statement) {
        let took = self.clock.now().saturating_sub(self.began);
        self.executed.count(statement.text(), took);
    }
}

impl Running<'_> {
    pub(super) async fn execute(self, parameters: &[Value]) -> Result<u64, CallError> {
        let session = &mut self.opened.session;
        let affected = session.execute(self.statement, parameters).await;
        *self.has_committed |= self.opened.executed(&affected);
        if let Some(executed) = self.executed {
            executed.end(self.statement);
        }
        affected
    }

    pub(super) async fn query(self, parameters: &[Value]) -> Result<Vec<Row>, CallError> {
        let session = &mut self.opened.session;
        let rows = session.query(self.statement, parameters).await;
        self.opened.answered(&rows);
        if let Some(executed) = self.executed {
            executed.end(self.statement);
        }
        // A database stops before an answer takes more of its memory; this is the same of all of them.
        let mut answer = rows.and_then(|rows| {
            let bytes = rows.iter().map(bytes_of).sum();
            check_size(ANSWER_TOO_LARGE, "an answer", bytes, self.share).map(|()| rows)
        });
        if let Err(error) = &mut answer
            && error.code == ANSWER_TOO_LARGE
            && error.kind == ErrorKind::Rejected
            && self.statement.action() == Action::Write
        {
            // What it wrote is there, by itself or in a transaction that must not go on.
            self.opened.session.rollback().await.ok();
            error.kind = ErrorKind::Indefinite;
        }
        answer
    }
}
