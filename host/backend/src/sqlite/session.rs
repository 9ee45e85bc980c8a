//! One connection to SQLite, on its own thread.

use super::answer::{Answer, Query, answer};
use super::classify::classify;
use super::limits;
use super::signals::{Call, Signals};
use super::values;
use crate::capability::budget::KEPT_TEXT;
use crate::capability::calls;
use crate::capability::database::Session;
use crate::capability::operation::Operation;
use crate::capability::statement::{RowLock, Statement};
use crate::model::error::{CallError, ErrorKind};
use crate::model::value::{Row, Value};
use async_trait::async_trait;
use sqlx::{Connection, SqliteConnection};
use std::sync::Arc;

/// A session. At most one of its statements is in flight at any time, abandoned ones included.
pub(super) struct SqliteSession {
    connection: SqliteConnection,
    signals: Arc<Signals>,
    in_transaction: bool,
    /// A strategy may join a table with itself, so an answer could be larger than the machine. In
    /// bytes; `Database::read`, which is the host's own, has no such bound.
    largest_answer: usize,
    /// The state of the session is unknown: its thread died, or a rollback failed.
    lost: bool,
}

impl SqliteSession {
    pub(super) async fn new(
        mut connection: SqliteConnection,
        largest_answer: usize,
    ) -> Result<Self, sqlx::Error> {
        limits::set(&mut connection, largest_answer).await?;
        let signals = Signals::install(&mut connection).await?;
        Ok(Self {
            connection,
            signals,
            in_transaction: false,
            largest_answer,
            lost: false,
        })
    }

    /// Every call that reaches SQLite begins here.
    fn enter(&self) -> Result<Call, CallError> {
        if self.lost {
            let message = "the connection is lost; open another session";
            return Err(CallError::unavailable("session-lost", message));
        }
        if self.signals.is_abandoned() {
            let message = "an earlier call of this session was abandoned half-way";
            return Err(CallError::rejected("session-abandoned", message));
        }
        Ok(Call::begin(&self.signals))
    }

    async fn run(&mut self, text: &str, parameters: &[Value]) -> Result<u64, sqlx::Error> {
        let answer = self.answer(text, parameters, true).await?;
        Ok(answer.affected)
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
        let answered = answer(&mut self.connection, query).await;
        if !is_kept && text.len() > KEPT_TEXT {
            // The connection keeps the last statement that it was not to keep until the next one.
            let short = Query {
                text: "SELECT 1",
                parameters: &[],
                ..query
            };
            answer(&mut self.connection, short).await.ok();
        }
        answered
    }

    /// SQLite has no row locks. What excludes other writers is the write lock of the database, which
    /// any statement that may write takes before it looks at a row. It is taken first, so that the
    /// read sees what the last holder committed.
    async fn fetch_locked(
        &mut self,
        lock: &RowLock,
        text: &str,
        parameters: &[Value],
        is_kept: bool,
    ) -> Result<Answer, sqlx::Error> {
        if self.in_transaction {
            let nothing = format!("DELETE FROM {} WHERE 0", lock.table);
            self.run(&nothing, &[]).await?;
        }
        self.answer(text, parameters, is_kept).await
    }

    /// The error of a statement, after which the transaction is what the error says it is: still
    /// open after `rejected`, gone after anything else.
    async fn fail(&mut self, failure: &sqlx::Error, operation: Operation) -> CallError {
        let mut error = classify(failure, operation);
        // What is rejected promises that the transaction is open, and this one is not.
        if self.in_transaction && self.signals.rolled_back() && error.kind == ErrorKind::Rejected {
            error.kind = ErrorKind::Conflict;
        }
        if matches!(failure, sqlx::Error::WorkerCrashed) {
            self.lost = true;
            self.in_transaction = false;
        }
        if !self.in_transaction {
            return error;
        }
        if self.signals.rolled_back() {
            self.in_transaction = false;
            error.message += "; the transaction was rolled back";
        } else if error.kind != ErrorKind::Rejected {
            self.roll_back().await;
        }
        error
    }

    /// Whatever happens, no transaction of this session can be committed afterwards.
    async fn roll_back(&mut self) {
        self.in_transaction = false;
        if self.run("ROLLBACK", &[]).await.is_err() && !self.signals.rolled_back() {
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
        calls::check_savepoint(statement, self.in_transaction)?;
        let call = self.enter()?;
        let operation = Operation::from_action(statement.action(), self.in_transaction);
        let is_kept = statement.is_kept();
        let answered = self.answer(statement.text(), parameters, is_kept).await;
        let result = match answered {
            Ok(answer) => Ok(answer.affected),
            Err(error) => Err(self.fail(&error, operation).await),
        };
        call.end();
        result
    }

    async fn query(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
    ) -> Result<Vec<Row>, CallError> {
        values::check_query(statement, parameters)?;
        let lock = statement
            .row_lock()
            .map(|lock| values::patient(lock).map(|text| (lock, text)))
            .transpose()?;
        let call = self.enter()?;
        let operation = Operation::from_action(statement.action(), self.in_transaction);
        let is_kept = statement.is_kept();
        let answered = match lock {
            Some((lock, text)) => self.fetch_locked(lock, text, parameters, is_kept).await,
            None => self.answer(statement.text(), parameters, is_kept).await,
        };
        let result = match answered {
            Ok(answer) => Ok(answer.rows),
            Err(error) => Err(self.fail(&error, operation).await),
        };
        call.end();
        result
    }

    async fn begin(&mut self) -> Result<(), CallError> {
        if self.in_transaction {
            let message = "a transaction is open already";
            return Err(CallError::rejected("transaction-open", message));
        }
        let call = self.enter()?;
        self.signals.forget_rollbacks();
        let result = match self.run("BEGIN", &[]).await {
            Ok(_) => {
                self.in_transaction = true;
                Ok(())
            }
            Err(error) => Err(self.fail(&error, Operation::Reading).await),
        };
        call.end();
        result
    }

    async fn commit(&mut self) -> Result<(), CallError> {
        if !self.in_transaction {
            let message = "no transaction is open";
            return Err(CallError::rejected("no-transaction", message));
        }
        let call = self.enter()?;
        let result = match self.run("COMMIT", &[]).await {
            Ok(_) => {
                self.in_transaction = false;
                Ok(())
            }
            Err(error) => Err(self.fail(&error, Operation::Committing).await),
        };
        call.end();
        result
    }

    async fn rollback(&mut self) -> Result<(), CallError> {
        if self.in_transaction {
            let call = self.enter()?;
            self.roll_back().await;
            call.end();
        }
        Ok(())
    }

    /// There is one node, and it sees its own commits.
    async fn sync(&mut self) -> Result<(), CallError> {
        self.enter()?.end();
        Ok(())
    }

    fn node(&self) -> Option<u32> {
        Some(0)
    }

    async fn close(self: Box<Self>) {
        self.signals.abandon();
        // Waits until the thread has ended and SQLite has closed the connection, which rolls back
        // what is open. An error means that the thread had ended before.
        self.connection.close().await.ok();
    }
}
