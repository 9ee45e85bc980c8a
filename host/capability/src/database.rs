//! A database, its nodes and the sessions with it.

use super::budget::Shares;
use super::statement::Statement;
use crate::model::counters::NodeCounters;
use crate::model::error::CallError;
use crate::model::membership::Membership;
use crate::model::value::{Row, Value};
use async_trait::async_trait;
use std::collections::BTreeMap;

/// The server that a session connects to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The address that an application would use, for example a proxy.
    Endpoint,
    /// One node, by its name.
    Node(String),
}

/// The required freshness of a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Whatever the node has, as an application would find it.
    AsItIs,
    /// Everything that was committed on any node before the reading began. A node that can't promise
    /// that, because it is cut off or too far behind, returns an error.
    Causal,
}

/// One database, as all workers of a run see it. Gives each worker sessions of its own.
#[async_trait]
pub trait Database: Send + Sync {
    /// `sqlite`, `mysql`, …: which SQL the database speaks.
    fn dialect(&self) -> &'static str;

    /// The names of the nodes; never empty.
    fn nodes(&self) -> &[String];

    /// Bounds what the sessions that are opened from now on take of the host's memory.
    fn divide(&self, _shares: &Shares) {}

    /// Lets every session name its transactions from now on. Gives the SQL expression by which a
    /// trigger writes down the name: the same for all that one transaction does, another one for each
    /// transaction of whatever session, and for each statement outside of one. Strategies can neither
    /// read nor set it.
    fn name_transactions(&self) -> &'static str;

    /// The nodes, and the members of the cluster that are not among them because they were neither
    /// named nor found.
    fn membership(&self) -> Membership {
        Membership::of(self.nodes())
    }

    /// Opens a session. `unavailable` when the server can't be reached, `rejected` when there is no
    /// such node.
    async fn connect(&self, target: &Target) -> Result<Box<dyn Session>, CallError>;

    /// Reads straight from one node, over a connection that workers share within a bound. Returns
    /// with an error if the node does not answer within some seconds. Waiting for the connection while
    /// the node answers others does not count.
    async fn read(
        &self,
        node: &str,
        freshness: Freshness,
        statement: &Statement,
        parameters: &[Value],
    ) -> Result<Vec<Row>, CallError>;

    /// Number of nodes in the primary component, as its nodes report it: they evict a killed node as
    /// soon as they notice. `unavailable` if no such node answers.
    async fn members(&self) -> Result<usize, CallError> {
        Ok(self.nodes().len())
    }

    /// Counters of the nodes since their start; empty if the database has none. A node that does not
    /// answer is omitted.
    async fn counters(&self) -> Vec<NodeCounters> {
        Vec::new()
    }

    /// Connections that all nodes together would still take, and `None` where that is not known. Others may
    /// take them first.
    async fn room(&self) -> Option<u64> {
        None
    }

    /// Server variables that affect the experiment, as a session reads them: version, autocommit,
    /// isolation level, …; with the server's own names and values.
    async fn describe(&self) -> Result<BTreeMap<String, String>, CallError> {
        Ok(BTreeMap::new())
    }

    /// Closes what workers share. Sessions are closed by their owners before.
    async fn close(&self);
}

/// One connection. Statements commit by themselves unless `begin` opened a transaction.
///
/// After a `conflict` no transaction is open any more, even if the database by itself keeps it open.
#[async_trait]
pub trait Session: Send {
    /// Runs a statement that writes; returns the number of affected rows.
    async fn execute(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
    ) -> Result<u64, CallError>;

    /// Runs a statement that reads; returns all its rows.
    async fn query(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
    ) -> Result<Vec<Row>, CallError>;

    /// `rejected` with `transaction-open` if one is open.
    async fn begin(&mut self) -> Result<(), CallError>;

    /// `rejected` with `no-transaction` if none is open; `indefinite` when the answer was lost.
    async fn commit(&mut self) -> Result<(), CallError>;

    /// Does nothing if no transaction is open.
    async fn rollback(&mut self) -> Result<(), CallError>;

    /// Waits until everything that was committed anywhere before is seen here.
    async fn sync(&mut self) -> Result<(), CallError>;

    /// The number of the node at which the session is, or was when it was lost; `None` where that is
    /// not known. Its place among the database's nodes; a server that is not among them has a number
    /// behind theirs.
    fn node(&self) -> Option<u32> {
        None
    }

    /// Rolls back and closes. When this returns, nothing of this session can take effect any more,
    /// even if a call was abandoned half-way: settling relies on it. Only what runs on a server that
    /// can't be reached for some seconds is beyond it; such a server answers no reading either.
    async fn close(self: Box<Self>);
}
