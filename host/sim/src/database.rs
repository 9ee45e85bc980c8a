//! The simulated cluster as a database.

use super::cluster::{Cluster, Given, Kind};
use super::session::{SimSession, of_the_host};
use crate::capability::budget::{LARGEST_ANSWER, Shares};
use crate::capability::database::{Database, Freshness, Session, Target};
use crate::capability::operation::Operation;
use crate::capability::statement::Statement;
use crate::model::counters::NodeCounters;
use crate::model::error::CallError;
use crate::model::membership::Membership;
use crate::model::topology::ClusterKind;
use crate::model::value::{Row, Value};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// One simulated cluster as a database.
pub struct SimDatabase {
    cluster: Arc<Cluster>,
    /// Writes that commit by themselves are sent as text, so that the server may try them again.
    autocommit_as_text: bool,
    /// In bytes.
    largest_answer: AtomicUsize,
    counts_found_rows: bool,
}

impl SimDatabase {
    pub fn new(cluster: Arc<Cluster>, autocommit_as_text: bool) -> Self {
        Self {
            cluster,
            autocommit_as_text,
            largest_answer: AtomicUsize::new(LARGEST_ANSWER),
            counts_found_rows: false,
        }
    }

    /// A write counts the rows that it found, changed or not (CLIENT_FOUND_ROWS).
    pub fn counting_found_rows(self, counts_found_rows: bool) -> Self {
        Self {
            counts_found_rows,
            ..self
        }
    }

    async fn session(&self, target: &Target) -> Result<SimSession, CallError> {
        let node = self.cluster.target(target)?;
        let (as_text, found) = (self.autocommit_as_text, self.counts_found_rows);
        let largest = self.largest_answer.load(Relaxed);
        SimSession::open(self.cluster.clone(), node, as_text, found, largest).await
    }
}

#[async_trait]
impl Database for SimDatabase {
    fn dialect(&self) -> &'static str {
        match self.cluster.kind() {
            ClusterKind::Galera => "mysql",
            ClusterKind::Postgres => "postgres",
        }
    }

    fn nodes(&self) -> &[String] {
        self.cluster.names()
    }

    fn membership(&self) -> Membership {
        Membership {
            has_primary: self.cluster.kind() == ClusterKind::Postgres,
            ..Membership::of(self.cluster.names())
        }
    }

    fn divide(&self, shares: &Shares) {
        self.largest_answer.store(shares.answer, Relaxed);
    }

    fn name_transactions(&self) -> &'static str {
        "CONTEND_TRANSACTION()"
    }

    async fn connect(&self, target: &Target) -> Result<Box<dyn Session>, CallError> {
        Ok(Box::new(self.session(target).await?))
    }

    async fn read(
        &self,
        node: &str,
        freshness: Freshness,
        statement: &Statement,
        parameters: &[Value],
    ) -> Result<Vec<Row>, CallError> {
        let node = Some(self.cluster.number(node)?);
        self.cluster.check_query(statement, parameters)?;
        // A row lock outside a transaction locks nothing that outlives the statement.
        let text = match statement.row_lock() {
            Some(lock) => &lock.text_without_clause,
            None => statement.text(),
        };
        let mut reader = SimSession::reader(self.cluster.clone(), node, freshness).await?;
        let call = reader.call(Kind::Statement, Operation::Reading, text, parameters);
        let given = call.await.map_err(of_the_host);
        reader.end();
        match given? {
            Given::Rows(rows) => Ok(rows),
            Given::Affected(_) | Given::Done => Ok(Vec::new()),
        }
    }

    async fn members(&self) -> Result<usize, CallError> {
        let there_and_back = self.cluster.one_way(false) + self.cluster.one_way(false);
        self.cluster.kernel().sleep(there_and_back).await;
        self.cluster.members_now().ok_or_else(|| {
            let message = match self.cluster.kind() {
                ClusterKind::Galera => {
                    "no node is in the primary component, which alone can commit"
                }
                ClusterKind::Postgres => "no node is the primary, which alone can commit",
            };
            CallError::unavailable("no-primary", message)
        })
    }

    async fn counters(&self) -> Vec<NodeCounters> {
        self.cluster.counted()
    }

    async fn describe(&self) -> Result<BTreeMap<String, String>, CallError> {
        Ok(self.cluster.described())
    }

    async fn close(&self) {}
}
