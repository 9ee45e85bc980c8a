//! A database, its nodes and the sessions with it.

use super::statement::Statement;
use crate::model::fault::Fault;
use crate::model::value::{Row, Value};
use async_trait::async_trait;

/// Where a session goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// What an application would connect to.
    Endpoint,
    /// One node, by its name.
    Node(String),
}

/// One database, as all workers of a run see it. Gives each worker sessions of its own.
#[async_trait]
pub trait Database: Send + Sync {
    /// `sqlite`, `mysql`, …: which SQL the database speaks.
    fn dialect(&self) -> &'static str;

    /// The names of the nodes; never empty.
    fn nodes(&self) -> &[String];

    /// Opens a session. `unavailable` when the server can't be reached, `rejected` when there is no
    /// such node.
    async fn connect(&self, target: &Target) -> Result<Box<dyn Session>, Fault>;

    /// Reads straight from one node, over a connection that workers share within a bound.
    async fn read(
        &self,
        node: &str,
        statement: &Statement,
        parameters: &[Value],
    ) -> Result<Vec<Row>, Fault>;

    /// Closes what workers share. Sessions are closed by their owners before.
    async fn close(&self);
}

/// One connection. Statements commit by themselves unless `begin` opened a transaction.
///
/// After a `conflict` no transaction is open any more, whatever the database does of its own accord.
#[async_trait]
pub trait Session: Send {
    /// Runs a statement that writes; gives the number of affected rows.
    async fn execute(&mut self, statement: &Statement, parameters: &[Value]) -> Result<u64, Fault>;

    /// Runs a statement that reads; gives all its rows.
    async fn query(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
    ) -> Result<Vec<Row>, Fault>;

    /// `rejected` with `transaction-open` if one is open.
    async fn begin(&mut self) -> Result<(), Fault>;

    /// `rejected` with `no-transaction` if none is open; `indefinite` when the answer was lost.
    async fn commit(&mut self) -> Result<(), Fault>;

    /// Does nothing if no transaction is open.
    async fn rollback(&mut self) -> Result<(), Fault>;

    /// Waits until everything that was committed anywhere before is seen here.
    async fn sync(&mut self) -> Result<(), Fault>;

    /// Rolls back and closes. When this returns, nothing of this session can take effect any more,
    /// even if a call was abandoned half-way: settling relies on it.
    async fn close(self: Box<Self>);
}
