//! One connection to a server, opened again when it is lost.

use super::answer::{Answer, Failure, answer, answer_once, run, write_as_text};
use super::classify::classify;
use super::limits;
use super::options::hang_up;
use super::servers::{Servers, introduce};
use super::threads::{self, Thread};
use super::transaction_names;
use crate::capability::budget::Shares;
use crate::capability::database::{Session, Target};
use crate::capability::operation::Operation;
use crate::capability::statement::{Action, Statement};
use crate::capability::{calls, mysql_calls};
use crate::model::error::{CallError, ErrorKind};
use crate::model::value::{Row, Value};
use crate::patience::within;
use crate::url::AutocommitWrites;
use async_trait::async_trait;
use futures_util::future::join_all;
use mysql_async::Conn;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

/// Timeout of the rollback at close, after which the runner kills the connection.
const GOING_IN_PEACE_TAKES_AT_MOST: Duration = Duration::from_secs(2);

/// A session that was lost more often than this has the oldest of its connections ended before it is
/// opened again.
const MAX_THREADS: usize = 8;

/// A session. At most one of its statements is in flight at any time, abandoned ones included.
pub(super) struct MysqlSession {
    servers: Arc<Servers>,
    target: Target,
    shares: Shares,
    /// `None` after it was lost.
    connection: Option<Conn>,
    /// The number of the server that it is or was with.
    node: Option<u32>,
    /// Every connection that this session has or had and that may still do something, the present
    /// one last.
    threads: Vec<Thread>,
    in_transaction: bool,
    /// Stays true when a call is dropped half-way.
    under_way: bool,
    /// Settings so far, in order, one for each variable.
    settings: Vec<String>,
    /// The setting for the next transaction only, until that has begun.
    for_the_next: Option<String>,
}

impl MysqlSession {
    pub(super) async fn open(servers: Arc<Servers>, target: Target) -> Result<Self, CallError> {
        let mut session = Self {
            shares: servers.shares(),
            servers,
            target,
            connection: None,
            node: None,
            threads: Vec::new(),
            in_transaction: false,
            under_way: false,
            settings: Vec::new(),
            for_the_next: None,
        };
        session.reopen().await?;
        Ok(session)
    }

    /// Every call that reaches the server begins here, and ends with `leave`.
    async fn enter(&mut self) -> Result<(), CallError> {
        calls::check_abandoned(self.under_way)?;
        if self.connection.is_none() {
            self.under_way = true;
            let reopened = self.reopen().await;
            self.under_way = false;
            reopened?;
        }
        self.under_way = true;
        Ok(())
    }

    fn leave<T>(&mut self, result: Result<T, CallError>) -> Result<T, CallError> {
        self.under_way = false;
        result
    }

    async fn reopen(&mut self) -> Result<(), CallError> {
        while self.threads.len() >= MAX_THREADS {
            threads::end(&self.servers, &self.threads[0]).await;
            self.threads.remove(0);
        }
        let address = self.servers.address(&self.target)?;
        let address = address.with_packets_of(self.shares.answer.max(self.shares.call));
        let mut introduced = introduce(&address).await.map_err(not_now)?;
        if let Some(limit) = self.servers.options.statement_limit {
            limits::set(&mut introduced.connection, limit)
                .await
                .map_err(|failure| not_now(classify(&failure, Operation::Connecting)))?;
        }
        for setting in self.settings.iter().chain(&self.for_the_next) {
            let set = run(&mut introduced.connection, setting).await;
            set.map_err(|failure| not_now(classify(&failure, Operation::Connecting)))?;
        }
        self.node = Some(self.servers.number_of(&introduced.identity));
        self.threads.push(Thread {
            id: introduced.connection.id(),
            server: introduced.identity,
            opened: Instant::now(),
        });
        self.connection = Some(introduced.connection);
        Ok(())
    }

    fn connection(&mut self) -> Result<&mut Conn, Failure> {
        let gone = || Failure::before(mysql_async::DriverError::ConnectionClosed.into());
        self.connection.as_mut().ok_or_else(gone)
    }

    async fn answer(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
        operation: Operation,
    ) -> Result<Answer, CallError> {
        let text = statement.text();
        // A strategy may join a table with itself, so an answer could be larger than the machine.
        // `Database::read`, which is the host's own, has no such bound.
        let largest = self.shares.answer;
        let as_text = operation == Operation::Committing
            && self.servers.options.autocommit_writes == AutocommitWrites::Text;
        let answered = match self.connection() {
            Ok(connection) if as_text => write_as_text(connection, text, parameters, largest).await,
            Ok(connection) if statement.is_kept() => {
                answer(connection, text, parameters, largest).await
            }
            Ok(connection) => answer_once(connection, text, parameters, largest).await,
            Err(failure) => Err(failure),
        };
        if !self.in_transaction && answered.as_ref().err().is_none_or(|failure| failure.sent) {
            self.for_the_next = None;
        }
        match answered {
            Ok(answer) if self.in_transaction && !answer.in_transaction => {
                self.in_transaction = false;
                Err(outside(operation))
            }
            Ok(answer) => Ok(answer),
            Err(failure) => Err(self.fail(&failure, operation).await),
        }
    }

    async fn run(&mut self, text: &str) -> Result<(), Failure> {
        run(self.connection()?, text).await
    }

    /// The error of a statement, after which the transaction is what the error says it is: still
    /// open after `rejected`, gone after anything else.
    async fn fail(&mut self, failure: &Failure, operation: Operation) -> CallError {
        let error = classify(failure, operation);
        if failure.breaks_the_connection() {
            self.connection = None;
            self.in_transaction = false;
        } else if self.in_transaction && error.kind != ErrorKind::Rejected {
            self.in_transaction = false;
            // The server rolled back by itself after a deadlock. After others it undid no more than
            // the statement.
            if error.code != "1213" {
                self.roll_back().await;
            }
        }
        error
    }

    /// Whatever happens, no transaction of this session can be committed afterwards.
    async fn roll_back(&mut self) {
        self.in_transaction = false;
        if self.run("ROLLBACK").await.is_err() {
            self.connection = None;
        }
    }

    fn remember(&mut self, setting: &str) {
        let variable = |text: &str| {
            let left = text.split_once('=').map_or(text, |(left, _)| left);
            left.trim().to_ascii_lowercase()
        };
        let same = |other: &String| variable(other) == variable(setting);
        self.settings.retain(|other| !same(other));
        self.settings.push(setting.to_owned());
    }

    async fn write(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
    ) -> Result<u64, CallError> {
        let operation = Operation::from_action(statement.action(), self.in_transaction);
        match statement.action() {
            Action::Define | Action::Set | Action::Savepoint => {
                self.step(statement.text(), operation).await?;
            }
            Action::Write | Action::Read => {
                let answer = self.answer(statement, parameters, operation).await?;
                return Ok(answer.affected);
            }
        }
        match statement.action() {
            Action::Set if statement.is_for_one_transaction() => {
                self.for_the_next = Some(statement.text().to_owned());
            }
            Action::Set => self.remember(statement.text()),
            _ => {}
        }
        Ok(0)
    }

    /// Runs what has no parameters and gives no rows.
    async fn step(&mut self, text: &str, operation: Operation) -> Result<(), CallError> {
        match self.run(text).await {
            Ok(()) => Ok(()),
            Err(failure) => Err(self.fail(&failure, operation).await),
        }
    }

    /// A reading on another connection to the same server waits as well, and does so inside a
    /// transaction too, where wsrep_sync_wait has no effect.
    async fn wait_for_others(&mut self) -> Result<(), CallError> {
        let node = self
            .threads
            .last()
            .and_then(|thread| self.servers.node_of(&thread.server));
        match node {
            Some(node) => node.causal.read("SELECT 1", &[]).await.map(|_| ()),
            None => {
                let message = "this session is on a server that is not among the nodes; name each \
                               of them with --node";
                Err(CallError::rejected("unsupported", message))
            }
        }
    }
}

/// The error of a session that can't be re-opened: nothing was done, and the caller may retry.
fn not_now(error: CallError) -> CallError {
    CallError {
        kind: ErrorKind::Unavailable,
        ..error
    }
}

/// The server ended the transaction without saying so, and ran the statement by itself. What a
/// strategy reads then is of no transaction, and what it writes is committed without the rest.
fn outside(operation: Operation) -> CallError {
    let message = "the server had ended the transaction, and the statement ran outside of it";
    match operation {
        Operation::Reading | Operation::Connecting => {
            CallError::conflict("transaction-lost", message)
        }
        Operation::Writing | Operation::Committing => {
            CallError::indefinite("transaction-lost", message)
        }
    }
}

#[async_trait]
impl Session for MysqlSession {
    async fn execute(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
    ) -> Result<u64, CallError> {
        mysql_calls::check_execute(statement, parameters)?;
        calls::check_savepoint(statement, self.in_transaction)?;
        self.enter().await?;
        let result = self.write(statement, parameters).await;
        self.leave(result)
    }

    async fn query(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
    ) -> Result<Vec<Row>, CallError> {
        mysql_calls::check_query(statement, parameters)?;
        self.enter().await?;
        let operation = Operation::from_action(statement.action(), self.in_transaction);
        let answer = self.answer(statement, parameters, operation).await;
        self.leave(answer.map(|answer| answer.rows))
    }

    async fn begin(&mut self) -> Result<(), CallError> {
        calls::check_begin(self.in_transaction)?;
        self.enter().await?;
        let begin = match self.servers.names_transactions.load(Relaxed) {
            true => transaction_names::begin(),
            false => "BEGIN".to_owned(),
        };
        let result = self.step(&begin, Operation::Reading).await;
        self.in_transaction = result.is_ok();
        if result.is_ok() {
            self.for_the_next = None;
        }
        self.leave(result)
    }

    async fn commit(&mut self) -> Result<(), CallError> {
        calls::check_commit(self.in_transaction)?;
        self.enter().await?;
        let result = self.step("COMMIT", Operation::Committing).await;
        if result.is_ok() {
            self.in_transaction = false;
        }
        self.leave(result)
    }

    async fn rollback(&mut self) -> Result<(), CallError> {
        if self.in_transaction {
            self.enter().await?;
            self.roll_back().await;
            self.under_way = false;
        }
        Ok(())
    }

    async fn sync(&mut self) -> Result<(), CallError> {
        self.enter().await?;
        let result = self.wait_for_others().await;
        self.leave(result)
    }

    fn node(&self) -> Option<u32> {
        self.node
    }

    async fn close(mut self: Box<Self>) {
        if !self.under_way && self.connection.is_some() {
            let ended = within(GOING_IN_PEACE_TAKES_AT_MOST, async {
                if self.in_transaction {
                    self.roll_back().await;
                }
            });
            if ended.await.is_ok()
                && let Some(connection) = self.connection.take()
            {
                // Its statements have all been answered.
                self.threads.pop();
                hang_up(connection).await;
            }
        }
        drop(self.connection.take());
        let ends = self.threads.iter();
        join_all(ends.map(|thread| threads::end(&self.servers, thread))).await;
    }
}
