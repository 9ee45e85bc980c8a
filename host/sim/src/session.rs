//! A session with the simulated cluster, as `backend::mysql` has one with a real one.

use super::cluster::{Cluster, ConnectionId, Given, Kind, Reply, Request, Variables};
use crate::capability::budget::{ANSWER_TOO_LARGE, check_size};
use crate::capability::calls::{self, bytes_of, check_savepoint};
use crate::capability::database::{Freshness, Session};
use crate::capability::operation::Operation;
use crate::capability::statement::{Action, Statement};
use crate::event::Actor;
use crate::model::error::{CallError, ErrorKind};
use crate::model::topology::ClusterKind;
use crate::model::value::{Row, Value};
use async_trait::async_trait;
use std::future::poll_fn;
use std::sync::Arc;

/// A session. Its connection is opened again when it was lost.
pub(super) struct SimSession {
    cluster: Arc<Cluster>,
    actor: Actor,
    /// The node that was asked for; `None` for the endpoint.
    target: Option<u32>,
    /// Writes that commit by themselves are sent as text.
    is_text: bool,
    variables: Variables,
    connection: Option<ConnectionId>,
    /// The node of the last connection.
    at: Option<u32>,
    /// Lost connections on which something may still be under way.
    lost: Vec<ConnectionId>,
    in_transaction: bool,
    /// Stays true when a call is dropped half-way.
    under_way: bool,
    /// In bytes.
    largest_answer: usize,
}

impl SimSession {
    pub(super) async fn open(
        cluster: Arc<Cluster>,
        node: Option<u32>,
        is_text: bool,
        counts_found: bool,
        largest_answer: usize,
    ) -> Result<Self, CallError> {
        let mut session = Self::new(cluster, node, is_text, counts_found);
        session.largest_answer = largest_answer;
        session.reopen().await?;
        Ok(session)
    }

    fn new(cluster: Arc<Cluster>, node: Option<u32>, is_text: bool, counts_found: bool) -> Self {
        Self {
            actor: cluster.kernel().actor().into(),
            variables: cluster.variables().counting_found(counts_found),
            cluster,
            target: node,
            is_text,
            connection: None,
            at: None,
            lost: Vec::new(),
            in_transaction: false,
            under_way: false,
            largest_answer: usize::MAX,
        }
    }

    /// For one reading of the host's, over a connection that was there already.
    pub(super) async fn reader(
        cluster: Arc<Cluster>,
        node: Option<u32>,
        freshness: Freshness,
    ) -> Result<Self, CallError> {
        let mut session = Self::new(cluster, node, false, false);
        session.variables.sync_wait = match freshness {
            Freshness::AsItIs => 0,
            Freshness::Causal => 1,
        };
        let opened = session.cluster.open(node, session.actor, session.variables);
        match opened {
            Ok(id) => {
                session.connection = Some(id);
                Ok(session)
            }
            Err(error) => {
                session.travel().await;
                session.travel().await;
                Err(error)
            }
        }
    }

    /// Gives the connection back.
    pub(super) fn end(mut self) {
        for id in self.lost.drain(..).chain(self.connection.take()) {
            self.cluster.end_connection(id);
        }
    }

    async fn travel(&self) {
        let one_way = self.cluster.one_way(self.target.is_none());
        self.cluster.kernel().sleep(one_way).await;
    }

    async fn reopen(&mut self) -> Result<(), CallError> {
        self.travel().await;
        let opened = self.cluster.open(self.target, self.actor, self.variables);
        if let Ok(id) = opened {
            self.connection = Some(id);
            self.at = self.cluster.node_of(id);
        }
        self.travel().await;
        opened.map(|_| ())
    }

    /// Sends a call and waits for its answer.
    pub(super) async fn call(
        &mut self,
        kind: Kind,
        operation: Operation,
        text: &str,
        parameters: &[Value],
    ) -> Result<Given, CallError> {
        calls::check_abandoned(self.under_way)?;
        self.under_way = true;
        let result = self.call_anyway(kind, operation, text, parameters).await;
        self.under_way = false;
        result
    }

    async fn call_anyway(
        &mut self,
        kind: Kind,
        operation: Operation,
        text: &str,
        parameters: &[Value],
    ) -> Result<Given, CallError> {
        let id = match self.connection {
            Some(id) => id,
            None => {
                self.reopen().await?;
                self.connection.expect("it was opened")
            }
        };
        let request = Request {
            kind,
            operation,
            text,
            parameters,
            is_text: self.is_text && operation == Operation::Committing,
        };
        self.cluster.send(id, &request);
        let reply = poll_fn(|context| self.cluster.poll_reply(id, context)).await;
        let reply = reply.unwrap_or_else(|| Reply {
            result: Err(self.cluster.lost(operation, "it was ended")),
            in_transaction: false,
            is_broken: true,
        });
        let is_alone = kind == Kind::Statement && !self.in_transaction;
        if kind == Kind::Begin || (is_alone && self.cluster.kind() == ClusterKind::Galera) {
            self.variables.forget_next();
        }
        self.in_transaction = reply.in_transaction;
        if reply.is_broken {
            self.connection = None;
            self.lost.push(id);
        }
        reply.result
    }

    fn operation(&self, statement: &Statement) -> Operation {
        Operation::from_action(statement.action(), self.in_transaction)
    }
}

#[async_trait]
impl Session for SimSession {
    async fn execute(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
    ) -> Result<u64, CallError> {
        self.cluster.check_execute(statement, parameters)?;
        check_savepoint(statement, self.in_transaction)?;
        let operation = self.operation(statement);
        let text = statement.text();
        let given = self
            .call(Kind::Statement, operation, text, parameters)
            .await?;
        if statement.action() == Action::Set
            && let Some(id) = self.connection
            && let Some(variables) = self.cluster.variables_of(id)
        {
            self.variables = variables;
        }
        match given {
            Given::Affected(affected) => Ok(affected),
            Given::Rows(_) | Given::Done => Ok(0),
        }
    }

    async fn query(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
    ) -> Result<Vec<Row>, CallError> {
        self.cluster.check_query(statement, parameters)?;
        let (operation, text) = (self.operation(statement), statement.text());
        let call = self.call(Kind::Statement, operation, text, parameters);
        match call.await? {
            Given::Rows(rows) => {
                let bytes = rows.iter().map(bytes_of).sum();
                let checked = check_size(ANSWER_TOO_LARGE, "an answer", bytes, self.largest_answer);
                let Err(mut error) = checked else {
                    return Ok(rows);
                };
                error.kind = operation.error_if_answer_unusable();
                if operation == Operation::Writing {
                    self.rollback().await?;
                }
                Err(error)
            }
            Given::Affected(_) | Given::Done => Ok(Vec::new()),
        }
    }

    async fn begin(&mut self) -> Result<(), CallError> {
        calls::check_begin(self.in_transaction)?;
        let call = self.call(Kind::Begin, Operation::Reading, "", &[]);
        call.await.map(|_| ())
    }

    async fn commit(&mut self) -> Result<(), CallError> {
        calls::check_commit(self.in_transaction)?;
        let call = self.call(Kind::Commit, Operation::Committing, "", &[]);
        call.await.map(|_| ())
    }

    async fn rollback(&mut self) -> Result<(), CallError> {
        if !self.in_transaction {
            return Ok(());
        }
        let call = self.call(Kind::Rollback, Operation::Reading, "", &[]);
        match call.await {
            Err(error) if error.kind == ErrorKind::Rejected => Err(error),
            // A connection that is lost is rolled back by its server.
            _ => Ok(()),
        }
    }

    async fn sync(&mut self) -> Result<(), CallError> {
        let call = self.call(Kind::Sync, Operation::Reading, "", &[]);
        call.await.map(|_| ()).map_err(of_the_host)
    }

    fn node(&self) -> Option<u32> {
        self.at
    }

    async fn close(mut self: Box<Self>) {
        self.lost.extend(self.connection.take());
        if self.lost.is_empty() {
            return;
        }
        self.travel().await;
        for id in std::mem::take(&mut self.lost) {
            self.cluster.end_connection(id);
            poll_fn(|context| self.cluster.poll_gone(id, context)).await;
        }
        self.travel().await;
    }
}

/// Turns a conflict, such as a wait that ran out, into an error of the node: the host has no rivals.
pub(super) fn of_the_host(mut error: CallError) -> CallError {
    if error.kind == ErrorKind::Conflict {
        error.kind = ErrorKind::Unavailable;
    }
    error
}

impl Drop for SimSession {
    fn drop(&mut self) {
        for id in self.lost.drain(..).chain(self.connection.take()) {
            self.cluster.abandon(id);
        }
    }
}
