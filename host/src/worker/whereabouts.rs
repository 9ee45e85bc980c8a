//! On which nodes an instance's sessions work, and whether one of them waits for its server: noted
//! beside every statement.

use super::posts::Calls;
use crate::capability::budget::Shares;
use crate::capability::database::{Database, Freshness, Session, Target};
use crate::capability::statement::Statement;
use crate::model::counters::NodeCounters;
use crate::model::error::CallError;
use crate::model::membership::Membership;
use crate::model::nodes::NodeSet;
use crate::model::value::{Row, Value};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The nodes on which one worker's sessions worked since this was last asked. Only this worker's
/// instance writes it, so no worker waits for another here.
#[derive(Clone, Default)]
pub(super) struct Whereabouts {
    nodes: Arc<AtomicU64>,
    calls: Calls,
}

impl Whereabouts {
    /// Counts the calls there.
    pub(super) fn new(calls: Calls) -> Self {
        Self {
            nodes: Arc::default(),
            calls,
        }
    }

    pub(super) fn take(&self) -> NodeSet {
        NodeSet::from_bits(self.nodes.swap(0, Relaxed))
    }

    fn note(&self, session: &dyn Session) {
        let node = session.node().map(NodeSet::of);
        self.nodes
            .fetch_or(node.unwrap_or_default().bits(), Relaxed);
    }

    /// The database with its sessions noted here.
    pub(super) fn of_database(
        &self,
        database: Arc<dyn Database>,
        begins_with: Arc<[Statement]>,
    ) -> Arc<dyn Database> {
        let whereabouts = self.clone();
        Arc::new(NotedDatabase {
            database,
            begins_with,
            whereabouts,
        })
    }

    pub(super) fn of_session(&self, session: Box<dyn Session>) -> Box<dyn Session> {
        let whereabouts = self.clone();
        Box::new(NotedSession {
            session,
            whereabouts,
        })
    }
}

struct NotedDatabase {
    database: Arc<dyn Database>,
    /// Settings of its sessions, applied when they are opened.
    begins_with: Arc<[Statement]>,
    whereabouts: Whereabouts,
}

#[async_trait]
impl Database for NotedDatabase {
    fn dialect(&self) -> &'static str {
        self.database.dialect()
    }

    fn nodes(&self) -> &[String] {
        self.database.nodes()
    }

    fn name_transactions(&self) -> &'static str {
        self.database.name_transactions()
    }

    fn divide(&self, shares: &Shares) {
        self.database.divide(shares);
    }

    fn membership(&self) -> Membership {
        self.database.membership()
    }

    async fn connect(&self, target: &Target) -> Result<Box<dyn Session>, CallError> {
        let _call = self.whereabouts.calls.begin();
        let session = self.database.connect(target).await?;
        let session = super::set_up(session, &self.begins_with).await?;
        Ok(self.whereabouts.of_session(session))
    }

    async fn read(
        &self,
        node: &str,
        freshness: Freshness,
        statement: &Statement,
        parameters: &[Value],
    ) -> Result<Vec<Row>, CallError> {
        let database = &self.database;
        database.read(node, freshness, statement, parameters).await
    }

    async fn members(&self) -> Result<usize, CallError> {
        self.database.members().await
    }

    async fn counters(&self) -> Vec<NodeCounters> {
        self.database.counters().await
    }

    async fn describe(&self) -> Result<BTreeMap<String, String>, CallError> {
        self.database.describe().await
    }

    async fn close(&self) {
        self.database.close().await;
    }
}

/// Notes the node before a call, which may be abandoned, and after it, since a session that was lost
/// is opened again elsewhere.
struct NotedSession {
    session: Box<dyn Session>,
    whereabouts: Whereabouts,
}

impl NotedSession {
    fn note(&self) {
        self.whereabouts.note(&*self.session);
    }
}

#[async_trait]
impl Session for NotedSession {
    async fn execute(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
    ) -> Result<u64, CallError> {
        let _call = self.whereabouts.calls.begin();
        self.note();
        let executed = self.session.execute(statement, parameters).await;
        self.note();
        executed
    }

    async fn query(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
    ) -> Result<Vec<Row>, CallError> {
        let _call = self.whereabouts.calls.begin();
        self.note();
        let rows = self.session.query(statement, parameters).await;
        self.note();
        rows
    }

    async fn begin(&mut self) -> Result<(), CallError> {
        let _call = self.whereabouts.calls.begin();
        let begun = self.session.begin().await;
        self.note();
        begun
    }

    async fn commit(&mut self) -> Result<(), CallError> {
        let _call = self.whereabouts.calls.begin();
        self.note();
        self.session.commit().await
    }

    async fn rollback(&mut self) -> Result<(), CallError> {
        let _call = self.whereabouts.calls.begin();
        self.session.rollback().await
    }

    async fn sync(&mut self) -> Result<(), CallError> {
        let _call = self.whereabouts.calls.begin();
        self.session.sync().await
    }

    fn node(&self) -> Option<u32> {
        self.session.node()
    }

    async fn close(self: Box<Self>) {
        self.session.close().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capability::statement::Action;

    /// A session that moves to the next node with each statement.
    struct Wanderer(u32);

    #[async_trait]
    impl Session for Wanderer {
        async fn execute(&mut self, _: &Statement, _: &[Value]) -> Result<u64, CallError> {
            self.0 += 1;
            Ok(1)
        }

        async fn query(&mut self, _: &Statement, _: &[Value]) -> Result<Vec<Row>, CallError> {
            std::future::pending().await
        }

        async fn begin(&mut self) -> Result<(), CallError> {
            Ok(())
        }

        async fn commit(&mut self) -> Result<(), CallError> {
            Ok(())
        }

        async fn rollback(&mut self) -> Result<(), CallError> {
            Ok(())
        }

        async fn sync(&mut self) -> Result<(), CallError> {
            Ok(())
        }

        fn node(&self) -> Option<u32> {
            Some(self.0)
        }

        async fn close(self: Box<Self>) {}
    }

    #[tokio::test]
    async fn session_that_moves_is_noted_on_both_nodes_and_an_abandoned_call_on_its_own() {
        let whereabouts = Whereabouts::default();
        let mut session = whereabouts.of_session(Box::new(Wanderer(4)));
        assert!(whereabouts.take().is_empty(), "it has not worked yet");
        let statement = Statement::of_host("DELETE FROM volumes", Action::Write);
        session.execute(&statement, &[]).await.unwrap();
        assert_eq!(whereabouts.take(), NodeSet::from(vec![4, 5]));
        let query = session.query(&statement, &[]);
        let cut = tokio::time::timeout(std::time::Duration::from_millis(1), query);
        assert!(cut.await.is_err());
        assert_eq!(whereabouts.take(), NodeSet::of(5));
    }
}
