//! A database without a database: it answers at once, or never.

use async_trait::async_trait;
use contend::capability::database::{Database, Freshness, Session, Target};
use contend::capability::statement::{Action, Statement};
use contend::model::error::CallError;
use contend::model::value::{Row, Value};
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts the statements that really came through, with all that they need.
pub struct Stub {
    nodes: [String; 1],
    executed: Arc<AtomicU64>,
    answers: bool,
}

impl Stub {
    /// Every update changes one row, at once.
    pub fn answering() -> Self {
        Self::new(true)
    }

    /// No statement ever returns.
    pub fn silent() -> Self {
        Self::new(false)
    }

    fn new(answers: bool) -> Self {
        Self {
            nodes: ["stub".to_owned()],
            executed: Arc::default(),
            answers,
        }
    }

    pub fn session(&self) -> Box<dyn Session> {
        Box::new(StubSession {
            executed: self.executed.clone(),
            answers: self.answers,
        })
    }

    pub fn executed(&self) -> u64 {
        self.executed.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Database for Stub {
    fn dialect(&self) -> &'static str {
        "sqlite"
    }

    fn nodes(&self) -> &[String] {
        &self.nodes
    }

    fn name_transactions(&self) -> &'static str {
        "NULL"
    }

    async fn connect(&self, _: &Target) -> Result<Box<dyn Session>, CallError> {
        Ok(self.session())
    }

    async fn read(
        &self,
        _: &str,
        _: Freshness,
        _: &Statement,
        _: &[Value],
    ) -> Result<Vec<Row>, CallError> {
        unreachable!("nothing is checked on a stub")
    }

    async fn close(&self) {}
}

struct StubSession {
    executed: Arc<AtomicU64>,
    answers: bool,
}

#[async_trait]
impl Session for StubSession {
    async fn execute(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
    ) -> Result<u64, CallError> {
        assert_eq!(statement.action(), Action::Write);
        assert_eq!(statement.parameters(), parameters.len());
        assert!(parameters.iter().all(|p| matches!(p, Value::Text(_))));
        self.executed.fetch_add(1, Ordering::Relaxed);
        match self.answers {
            true => Ok(1),
            false => pending().await,
        }
    }

    async fn query(&mut self, _: &Statement, _: &[Value]) -> Result<Vec<Row>, CallError> {
        unreachable!("compare-and-swap only writes")
    }

    async fn begin(&mut self) -> Result<(), CallError> {
        unreachable!("compare-and-swap needs no transaction")
    }

    async fn commit(&mut self) -> Result<(), CallError> {
        unreachable!("compare-and-swap needs no transaction")
    }

    async fn rollback(&mut self) -> Result<(), CallError> {
        unreachable!("compare-and-swap needs no transaction")
    }

    async fn sync(&mut self) -> Result<(), CallError> {
        unreachable!("compare-and-swap never waits for replication")
    }

    async fn close(self: Box<Self>) {}
}
