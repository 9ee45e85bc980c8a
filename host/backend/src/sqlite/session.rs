//! One session, and the connection that it has while it needs one.

use super::answer::{Answer, Query, answer};
use super::classify::classify;
use super::connections::{Connections, Failure, Hold};
use super::signals::Call;
use super::values;
use crate::capability::budget::KEPT_TEXT;
use crate::capability::calls;
use crate::capability::database::Session;
use crate::capability::operation::Operation;
use crate::capability::statement::{Action, RowLock, Statement};
use crate::model::error::{CallError, ErrorKind};
use crate::model::value::{Row, Value};
use async_trait::async_trait;
use std::sync::Arc;

/// A session. At most one of its statements is in flight at any time, abandoned ones included.
pub(super) struct SqliteSession {
    connections: Arc<Connections>,
    /// The connection that is lent to it.
    hold: Option<Hold>,
    transaction: Transaction,
    /// A strategy may join a table with itself, so an answer could be larger than the machine. In
    /// bytes; `Database::read`, which is the host's own, has no such bound.
    largest_answer: usize,
    /// A call has begun and not ended: if another one begins, it was abandoned.
    in_call: bool,
    /// The state of the session is unknown: its thread died, or a rollback failed.
    lost: bool,
}

/// The transaction of a session. The session sends BEGIN before the first statement: until then there is
/// nothing to keep together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transaction {
    None,
    /// Begun by the caller, and not in SQLite.
    Open,
    /// Begun in SQLite. A read takes a snapshot; the lock is that of the database.
    Begun {
        has_read: bool,
        has_lock: bool,
    },
}

/// The access to the database that a statement needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Nothing,
    Read,
    /// Write, or lock.
    Write,
}

impl Need {
    fn of(statement: &Statement, locks: bool) -> Self {
        match statement.action() {
            Action::Savepoint => Self::Nothing,
            Action::Read if !locks => Self::Read,
            Action::Read | Action::Write | Action::Define | Action::Set => Self::Write,
        }
    }
}

impl SqliteSession {
    /// Opens nothing yet.
    pub(super) fn new(connections: Arc<Connections>) -> Self {
        Self {
            hold: None,
            transaction: Transaction::None,
            largest_answer: connections.largest_answer(),
            connections,
            in_call: false,
            lost: false,
        }
    }

    fn in_transaction(&self) -> bool {
        self.transaction != Transaction::None
    }

    /// Every call that reaches SQLite begins here, and ends with `leave`.
    fn enter(&mut self) -> Result<(), CallError> {
        if self.lost {
            let message = "the connection is lost; open another session";
            return Err(CallError::unavailable("session-lost", message));
        }
        calls::check_abandoned(self.in_call)?;
        self.in_call = true;
        Ok(())
    }

    /// Ends a call. Outside of a transaction the connection goes back. That of a lost session is closed,
    /// which rolls back what is open and ends the turn, so that no other session waits for it.
    fn leave(&mut self) {
        self.in_call = false;
        if self.lost {
            self.hold = None;
        } else if !self.in_transaction()
            && let Some(hold) = self.hold.take()
        {
            self.connections.give_back(hold);
        }
    }

    /// Borrows a connection, with a turn to write where that is needed, and begins the transaction. An
    /// error leaves the transaction as that of a statement does: open after `rejected`, gone after
    /// anything else.
    async fn reach(&mut self, need: Need) -> Result<(), CallError> {
        if let Err(failure) = self.borrow(need).await {
            let error = CallError::from(failure);
            if error.kind != ErrorKind::Rejected {
                self.give_up().await;
            }
            return Err(error);
        }
        match self.begin_before(need).await {
            Ok(()) => Ok(()),
            Err(failure) => Err(self.fail(&failure, Operation::Reading).await),
        }
    }

    async fn borrow(&mut self, need: Need) -> Result<(), Failure> {
        let connections = &self.connections;
        match &mut self.hold {
            None => {
                let lent = match need {
                    Need::Write => connections.to_write().await,
                    Need::Read if !self.in_transaction() => connections.to_read().await,
                    Need::Read | Need::Nothing => connections.to_begin().await,
                };
                self.hold = Some(lent?);
            }
            Some(hold) if need == Need::Write => {
                let has_read =
                    matches!(self.transaction, Transaction::Begun { has_read: true, .. });
                connections.upgrade(hold, has_read).await?;
            }
            Some(_) => {}
        }
        Ok(())
    }

    async fn begin_before(&mut self, need: Need) -> Result<(), sqlx::Error> {
        if self.transaction == Transaction::Open {
            if let Some(hold) = &self.hold {
                hold.link.signals.forget_rollbacks();
            }
            // A session that has the turn to write takes the lock at once.
            let has_lock = need == Need::Write;
            self.run(if has_lock { "BEGIN IMMEDIATE" } else { "BEGIN" })
                .await?;
            self.transaction = Transaction::Begun {
                has_read: false,
                has_lock,
            };
        }
        if let Transaction::Begun { has_read, .. } = &mut self.transaction {
            *has_read |= need != Need::Nothing;
        }
        Ok(())
    }

    async fn run(&mut self, text: &str) -> Result<(), sqlx::Error> {
        self.answer(text, &[], true).await.map(|_| ())
    }

    async fn answer(
        &mut self,
        text: &str,
        parameters: &[Value],
        is_kept: bool,
    ) -> Result<Answer, sqlx::Error> {
        let query = Query {
            text,
            parameters,
            is_kept,
            largest_answer: self.largest_answer,
        };
        let link = match &mut self.hold {
            Some(hold) => &mut hold.link,
            None => return Err(sqlx::Error::WorkerCrashed),
        };
        let call = Call::begin(&link.signals);
        let answered = answer(&mut link.connection, query).await;
        if !is_kept && text.len() > KEPT_TEXT {
            // The connection keeps the last statement that it was not to keep until the next one.
            let short = Query {
                text: "SELECT 1",
                parameters: &[],
                ..query
            };
            answer(&mut link.connection, short).await.ok();
        }
        call.end();
        answered
    }

    /// Runs a statement of a strategy.
    async fn call(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
    ) -> Result<Answer, CallError> {
        let lock = statement.row_lock().filter(|_| self.in_transaction());
        let operation = Operation::from_action(statement.action(), self.in_transaction());
        self.reach(Need::of(statement, lock.is_some())).await?;
        let answered = match statement.row_lock() {
            Some(it) => {
                self.fetch_locked(lock.is_some(), it, statement.is_kept(), parameters)
                    .await
            }
            None => {
                self.answer(statement.text(), parameters, statement.is_kept())
                    .await
            }
        };
        match answered {
            Ok(answer) => Ok(answer),
            Err(error) => Err(self.fail(&error, operation).await),
        }
    }

    /// SQLite has no row locks. What excludes other writers is the write lock of the database, which
    /// any statement that may write takes before it looks at a row. It is taken first, so that the
    /// read sees what the last holder committed.
    async fn fetch_locked(
        &mut self,
        locks: bool,
        lock: &RowLock,
        is_kept: bool,
        parameters: &[Value],
    ) -> Result<Answer, sqlx::Error> {
        if let Transaction::Begun {
            has_lock: false,
            has_read,
        } = self.transaction
            && locks
        {
            self.run(&format!("DELETE FROM {} WHERE 0", lock.table))
                .await?;
            self.transaction = Transaction::Begun {
                has_lock: true,
                has_read,
            };
        }
        self.answer(&lock.text_without_clause, parameters, is_kept)
            .await
    }

    fn is_rolled_back(&self) -> bool {
        self.hold
            .as_ref()
            .is_some_and(|hold| hold.link.signals.rolled_back())
    }

    /// The error of a statement, after which the transaction is what the error says it is: still
    /// open after `rejected`, gone after anything else.
    async fn fail(&mut self, failure: &sqlx::Error, operation: Operation) -> CallError {
        let mut error = classify(failure, operation);
        if matches!(failure, sqlx::Error::WorkerCrashed) {
            self.lost = true;
            self.transaction = Transaction::None;
        }
        if !self.in_transaction() {
            return error;
        }
        if self.is_rolled_back() {
            // What is rejected promises that the transaction is open, and this one is not.
            if error.kind == ErrorKind::Rejected {
                error.kind = ErrorKind::Conflict;
            }
            self.transaction = Transaction::None;
            error.message += "; the transaction was rolled back";
        } else if error.kind != ErrorKind::Rejected {
            self.give_up().await;
        }
        error
    }

    /// Whatever happens, no transaction of this session can be committed afterwards.
    async fn give_up(&mut self) {
        let was = std::mem::replace(&mut self.transaction, Transaction::None);
        let has_begun = matches!(was, Transaction::Begun { .. });
        if has_begun && self.run("ROLLBACK").await.is_err() && !self.is_rolled_back() {
            self.lost = true;
        }
    }
}

#[async_trait]
impl Session for SqliteSession {
    async fn execute(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
    ) -> Result<u64, CallError> {
        values::check_execute(statement, parameters)?;
        calls::check_savepoint(statement, self.in_transaction())?;
        self.enter()?;
        let answered = self.call(statement, parameters).await;
        self.leave();
        answered.map(|answer| answer.affected)
    }

    async fn query(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
    ) -> Result<Vec<Row>, CallError> {
        values::check_query(statement, parameters)?;
        if let Some(lock) = statement.row_lock() {
            values::patient(lock)?;
        }
        self.enter()?;
        let answered = self.call(statement, parameters).await;
        self.leave();
        answered.map(|answer| answer.rows)
    }

    async fn begin(&mut self) -> Result<(), CallError> {
        calls::check_begin(self.in_transaction())?;
        self.enter()?;
        self.transaction = Transaction::Open;
        self.leave();
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), CallError> {
        calls::check_commit(self.in_transaction())?;
        self.enter()?;
        let committed = match self.transaction {
            Transaction::Begun { .. } => self.run("COMMIT").await,
            Transaction::Open | Transaction::None => Ok(()),
        };
        let result = match committed {
            Ok(()) => {
                self.transaction = Transaction::None;
                Ok(())
            }
            Err(error) => Err(self.fail(&error, Operation::Committing).await),
        };
        self.leave();
        result
    }

    async fn rollback(&mut self) -> Result<(), CallError> {
        if self.in_transaction() {
            self.enter()?;
            self.give_up().await;
            self.leave();
        }
        Ok(())
    }

    /// There is one node, and it sees its own commits.
    async fn sync(&mut self) -> Result<(), CallError> {
        self.enter()?;
        self.leave();
        Ok(())
    }

    fn node(&self) -> Option<u32> {
        Some(0)
    }

    async fn close(mut self: Box<Self>) {
        if let Some(hold) = self.hold.take() {
            hold.close().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::sqlite::SqliteConnectOptions;
    use std::time::Duration;
    use tokio::time::timeout;

    #[tokio::test]
    async fn a_lost_session_gives_up_its_turn_to_write_at_once() {
        let connections = Arc::new(Connections::new(SqliteConnectOptions::new()));
        let mut session = SqliteSession::new(connections.clone());
        session.begin().await.unwrap();
        let define = Statement::of_host("CREATE TABLE t (n)", Action::Define);
        session.execute(&define, &[]).await.unwrap();
        let turn = timeout(Duration::from_millis(50), connections.to_write());
        assert!(turn.await.is_err(), "the transaction has the turn");
        // As a call ends whose rollback failed.
        session.enter().unwrap();
        session.lost = true;
        session.leave();
        let turn = timeout(Duration::from_secs(1), connections.to_write());
        turn.await.expect("another session can write").unwrap();
        let refused = session.execute(&define, &[]).await.unwrap_err();
        assert_eq!(refused.code, "session-lost");
    }
}
