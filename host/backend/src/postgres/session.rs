//! One connection to a server, opened again when it is lost.

use super::answer::{Answer, Failure, Form, answer, run};
use super::classify::classify;
use super::identity::{ask_identity, introduce};
use super::literals::with_values;
use super::options::hang_up;
use super::pooled::{self, Pooled};
use super::servers::Servers;
use super::texts::Texts;
use crate::capability::budget::Shares;
use crate::capability::calls;
use crate::capability::database::{Session, Target};
use crate::capability::operation::Operation;
use crate::capability::statement::{Action, Statement};
use crate::model::error::{CallError, ErrorKind};
use crate::model::value::{Row, Value};
use crate::patience::within;
use crate::run_id;
use async_trait::async_trait;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, SqlSafeStr};
use std::sync::Arc;
use std::time::Duration;

/// A connection that does not end by itself within this time is ended on its server.
const GOING_IN_PEACE_TAKES_AT_MOST: Duration = Duration::from_secs(2);

/// Code of a statement in a transaction that has failed.
const FAILED_TRANSACTION: &str = "25P02";

pub(super) struct PostgresSession {
    servers: Arc<Servers>,
    target: Target,
    shares: Shares,
    /// By this name its connections are found on a server.
    name: String,
    connection: Option<PgConnection>,
    /// The number of the server.
    node: Option<u32>,
    /// A connection was lost, so something of it may still run.
    is_loose: bool,
    in_transaction: bool,
    /// The server has refused a statement of the open transaction, and refuses the others.
    has_failed: bool,
    /// A call has begun and not ended.
    under_way: bool,
    /// Settings of the strategy, applied again to a new connection.
    settings: Vec<String>,
    /// The setting for the next transaction.
    for_the_next: Option<String>,
    /// The settings of each transaction, where it goes through a pooler.
    pooled: Option<Pooled>,
    texts: Texts,
}

impl PostgresSession {
    pub(super) async fn open(servers: Arc<Servers>, target: Target) -> Result<Self, CallError> {
        let endpoint = (target == Target::Endpoint).then_some(&servers.endpoint);
        let pooler = endpoint.filter(|endpoint| endpoint.is_pooler);
        let mut session = Self {
            shares: servers.shares(),
            pooled: pooler.map(|pooler| {
                Pooled::new(
                    pooler.own_schema.as_deref(),
                    servers.options.statement_limit,
                )
            }),
            servers,
            target,
            name: run_id::new_name(),
            connection: None,
            node: None,
            is_loose: false,
            in_transaction: false,
            has_failed: false,
            under_way: false,
            settings: Vec::new(),
            for_the_next: None,
            texts: Texts::default(),
        };
        session.reopen().await?;
        Ok(session)
    }

    /// Begins a call.
    async fn enter(&mut self) -> Result<(), CallError> {
        calls::check_abandoned(self.under_way)?;
        self.under_way = true;
        if self.connection.is_none() {
            let reopened = self.reopen().await;
            if reopened.is_err() {
                self.under_way = false;
            }
            reopened?;
        }
        Ok(())
    }

    /// Ends a call.
    fn leave<T>(&mut self, result: Result<T, CallError>) -> Result<T, CallError> {
        self.under_way = false;
        result
    }

    async fn reopen(&mut self) -> Result<(), CallError> {
        let address = self.servers.address(&self.target)?;
        let address = address.for_a_session(&self.name, self.servers.options.statement_limit);
        let (mut connection, identity) = introduce(&address).await.map_err(not_now)?;
        let lasting = match self.pooled {
            Some(_) => &[],
            None => self.settings.as_slice(),
        };
        for setting in lasting {
            let set = run(&mut connection, setting).await;
            set.map_err(|failure| not_now(classify(&failure, Operation::Connecting)))?;
        }
        // A pooler may lead to another one tomorrow.
        self.node = match self.pooled {
            Some(_) => None,
            None => Some(self.servers.number_of(&identity)),
        };
        self.connection = Some(connection);
        Ok(())
    }

    async fn answer(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
        operation: Operation,
    ) -> Result<Answer, CallError> {
        let form = match &self.pooled {
            Some(pooled) => {
                let begin = (!self.in_transaction).then_some(pooled);
                with_values(statement.text(), parameters).map(|text| {
                    let text = begin.map_or_else(String::new, Pooled::text) + &text;
                    Form::Text(AssertSqlSafe(text).into_sql_str())
                })
            }
            None => Ok(Form::Prepared {
                text: self.texts.of(&self.servers, statement, parameters).await,
                parameters,
                is_kept: statement.is_kept(),
            }),
        };
        let largest = self.shares.answer;
        let answered = match (form, &mut self.connection) {
            (Ok(form), Some(connection)) => answer(connection, form, largest).await,
            (Ok(_), None) => Err(Failure::closed()),
            (Err(error), _) => Err(Failure::unsent(error)),
        };
        match answered {
            Ok(answer) => Ok(answer),
            Err(failure) => Err(self.fail(&failure, operation).await),
        }
    }

    /// Runs a text without parameters.
    async fn step(&mut self, text: &str, operation: Operation) -> Result<(), CallError> {
        let ran = match &mut self.connection {
            Some(connection) => run(connection, text).await,
            None => Err(Failure::closed()),
        };
        match ran {
            Ok(()) => Ok(()),
            Err(failure) => Err(self.fail(&failure, operation).await),
        }
    }

    /// Classifies a failure and keeps what the contract says of the transaction: after a `rejected` it
    /// is open, though the server refuses all but its end; after any other error it is over.
    async fn fail(&mut self, failure: &Failure, operation: Operation) -> CallError {
        let error = classify(failure, operation);
        if failure.breaks_the_connection() {
            self.connection = None;
            self.is_loose = true;
            self.in_transaction = false;
        } else if self.in_transaction && error.kind != ErrorKind::Rejected {
            self.roll_back().await;
        } else if self.in_transaction && failure.is_of_the_server() {
            self.has_failed = true;
        }
        error
    }

    async fn roll_back(&mut self) {
        self.in_transaction = false;
        self.has_failed = false;
        let rolled_back = match &mut self.connection {
            Some(connection) => run(connection, "ROLLBACK").await.is_ok(),
            None => true,
        };
        if !rolled_back {
            self.connection = None;
            self.is_loose = true;
        }
    }

    /// Keeps a setting for the next connection, in place of an earlier one of the same variable.
    fn remember(&mut self, setting: &str) {
        let variable = |text: &str| {
            let left = text.split_once('=').map_or("isolation", |(left, _)| left);
            left.trim().to_ascii_lowercase()
        };
        self.settings
            .retain(|other| variable(other) != variable(setting));
        self.settings.push(setting.to_owned());
    }

    async fn write(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
    ) -> Result<u64, CallError> {
        let operation = Operation::from_action(statement.action(), self.in_transaction);
        let text = statement.text();
        match statement.action() {
            Action::Write | Action::Read => {
                let answer = self.answer(statement, parameters, operation).await?;
                return Ok(answer.affected);
            }
            // By itself, PostgreSQL would set it for the transaction of this one statement.
            Action::Set if statement.is_for_one_transaction() => {
                self.for_the_next = Some(text.to_owned());
            }
            Action::Set => {
                match &self.pooled {
                    Some(_) => self.try_for_transactions(text, operation).await?,
                    None => self.step(text, operation).await?,
                }
                self.remember(text);
                if let Some(pooled) = &mut self.pooled {
                    pooled.set(&self.settings);
                }
            }
            Action::Savepoint => {
                self.step(text, operation).await?;
                self.has_failed &= !text.starts_with("ROLLBACK TO");
            }
            Action::Define => {
                let begin = self.pooled.as_ref().map_or_else(String::new, Pooled::text);
                self.step(&(begin + text), operation).await?;
            }
        }
        Ok(0)
    }

    /// Sets it for the open transaction, if that may change yet what is set; with none open, for a
    /// transaction of its own, which shows whether the server takes it.
    async fn try_for_transactions(
        &mut self,
        text: &str,
        operation: Operation,
    ) -> Result<(), CallError> {
        let local = pooled::of_a_transaction(text);
        match (self.in_transaction, pooled::is_isolation(&local)) {
            (true, true) => Ok(()),
            (true, false) => self.step(&local, operation).await,
            (false, _) => {
                let tried = format!("BEGIN; {local}; ROLLBACK");
                let tried = self.step(&tried, operation).await;
                if tried.is_err() {
                    self.roll_back().await;
                }
                tried
            }
        }
    }

    async fn commit_open(&mut self) -> Result<(), CallError> {
        if self.has_failed {
            self.roll_back().await;
            let message =
                "the transaction was rolled back: one of its statements had been rejected";
            return Err(CallError::conflict(FAILED_TRANSACTION, message));
        }
        let committed = self.step("COMMIT", Operation::Committing).await;
        // Also after an error of the server: there is nothing left to commit.
        self.in_transaction = false;
        self.has_failed = false;
        committed
    }

    async fn wait_for_others(&mut self) -> Result<(), CallError> {
        let node = match (&self.pooled, &mut self.connection) {
            (Some(_), Some(connection)) => {
                let identity = ask_identity(connection, &self.servers.endpoint).await?;
                Some(self.servers.number_of(&identity))
            }
            _ => self.node,
        };
        let node = node.map(|number| number as usize);
        match node.filter(|&node| node < self.servers.nodes.len()) {
            Some(node) => self.servers.catch_up(node).await,
            None => {
                let message = "this session is on a server that is not among the nodes; name each \
                               of them with --node";
                Err(CallError::rejected("unsupported", message))
            }
        }
    }
}

/// The session exists, so what keeps it from its server may pass.
fn not_now(error: CallError) -> CallError {
    CallError {
        kind: ErrorKind::Unavailable,
        ..error
    }
}

#[async_trait]
impl Session for PostgresSession {
    async fn execute(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
    ) -> Result<u64, CallError> {
        calls::check_returns_no_rows(statement)?;
        calls::check_count(statement, parameters)?;
        calls::check_savepoint(statement, self.in_transaction)?;
        if statement.is_for_one_transaction() && self.in_transaction {
            let message =
                "a transaction is open, and this sets the isolation level of the next one";
            return Err(CallError::rejected("25001", message));
        }
        self.enter().await?;
        let result = self.write(statement, parameters).await;
        self.leave(result)
    }

    async fn query(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
    ) -> Result<Vec<Row>, CallError> {
        calls::check_returns_rows(statement)?;
        calls::check_count(statement, parameters)?;
        self.enter().await?;
        let operation = Operation::from_action(statement.action(), self.in_transaction);
        let answer = self.answer(statement, parameters, operation).await;
        self.leave(answer.map(|answer| answer.rows))
    }

    async fn begin(&mut self) -> Result<(), CallError> {
        calls::check_begin(self.in_transaction)?;
        self.enter().await?;
        let setting = self.for_the_next.as_deref().unwrap_or_default();
        let begin = match &self.pooled {
            Some(pooled) => format!("BEGIN; {}{setting}", pooled.text()),
            None => format!("BEGIN{}", setting.trim_start_matches("SET TRANSACTION")),
        };
        let result = self.step(&begin, Operation::Reading).await;
        self.in_transaction = result.is_ok();
        if self.pooled.is_some() && result.is_err() {
            // It may have begun, and a setting was refused.
            self.roll_back().await;
        }
        if result.is_ok() {
            self.for_the_next = None;
        }
        self.leave(result)
    }

    async fn commit(&mut self) -> Result<(), CallError> {
        calls::check_commit(self.in_transaction)?;
        self.enter().await?;
        let result = self.commit_open().await;
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
        let mut is_loose = self.is_loose || self.under_way;
        if let Some(mut connection) = self.connection.take() {
            if self.under_way && self.pooled.is_some() {
                self.servers.drain(&mut connection, &self.name).await;
            }
            let going = async {
                if self.in_transaction && !self.under_way {
                    run(&mut connection, "ROLLBACK").await.ok();
                }
                if !self.under_way {
                    hang_up(connection).await;
                }
            };
            is_loose |= within(GOING_IN_PEACE_TAKES_AT_MOST, going).await.is_err();
        }
        if is_loose {
            self.servers.end_sessions(&self.name).await;
        }
    }
}
