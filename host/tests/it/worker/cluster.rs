//! Two nodes that answer as a test tells them.

use async_trait::async_trait;
use contend::backend::sqlite::{Sqlite, SqliteLocation};
use contend::capability::database::{Database, Freshness, Session, Target};
use contend::capability::statement::Statement;
use contend::model::error::CallError;
use contend::model::value::{Row, Value};
use std::sync::atomic::{AtomicU32, Ordering};

/// The answers of the nodes when they are read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Reads {
    Right,
    /// No node answers.
    Never,
    /// No row is found by so many readings.
    NotAtFirst(u32),
    /// The second node stands still and answers nobody. The cluster has that many members.
    OneStandsStill(usize),
    /// The second node can't be reached. The cluster has that many members.
    OneIsAway(usize),
    /// Those that are not causal find no row.
    OnlyCausal,
    /// They are right, and a session's question is never answered.
    RightAndSessionsHang,
    /// They are right, but whoever else connects than the worker never gets an answer to a write that
    /// took effect.
    RightButWritesOfTheHostAreLost,
}

/// Two nodes that are one database.
pub(super) struct Cluster {
    pub(super) database: Sqlite,
    nodes: [String; 2],
    reads: Reads,
    count: AtomicU32,
    pub(super) connects: AtomicU32,
}

impl Cluster {
    pub(super) async fn open(reads: Reads) -> Self {
        Self {
            database: Sqlite::open(SqliteLocation::Memory).await.unwrap(),
            nodes: ["a", "b"].map(str::to_owned),
            reads,
            count: AtomicU32::new(0),
            connects: AtomicU32::new(0),
        }
    }
}

#[async_trait]
impl Database for Cluster {
    fn dialect(&self) -> &'static str {
        self.database.dialect()
    }

    fn nodes(&self) -> &[String] {
        &self.nodes
    }

    fn name_transactions(&self) -> &'static str {
        self.database.name_transactions()
    }

    async fn connect(&self, target: &Target) -> Result<Box<dyn Session>, CallError> {
        let before = self.connects.fetch_add(1, Ordering::Relaxed);
        let session = self.database.connect(target).await?;
        let trouble = match self.reads {
            Reads::RightButWritesOfTheHostAreLost if before > 0 => Trouble::LostWrites,
            Reads::RightAndSessionsHang => Trouble::SilentQueries,
            _ => return Ok(session),
        };
        Ok(Box::new(Troubled { session, trouble }))
    }

    async fn members(&self) -> Result<usize, CallError> {
        Ok(match self.reads {
            Reads::OneStandsStill(members) | Reads::OneIsAway(members) => members,
            _ => self.nodes.len(),
        })
    }

    async fn read(
        &self,
        node: &str,
        freshness: Freshness,
        statement: &Statement,
        of: &[Value],
    ) -> Result<Vec<Row>, CallError> {
        let before = self.count.fetch_add(1, Ordering::Relaxed);
        match self.reads {
            Reads::Never => Err(CallError::unavailable("away", "this node is away")),
            Reads::OneStandsStill(_) if node == "b" => std::future::pending().await,
            Reads::OneIsAway(_) if node == "b" => {
                Err(CallError::unavailable("away", "this node is away"))
            }
            Reads::OnlyCausal if freshness == Freshness::AsItIs => Ok(Vec::new()),
            Reads::NotAtFirst(readings) if before < readings => Ok(Vec::new()),
            _ => self.database.read("sqlite", freshness, statement, of).await,
        }
    }

    async fn close(&self) {
        self.database.close().await;
    }
}

/// A session with a trouble.
struct Troubled {
    session: Box<dyn Session>,
    trouble: Trouble,
}

enum Trouble {
    /// The answers to writes are lost.
    LostWrites,
    /// No query is answered.
    SilentQueries,
}

#[async_trait]
impl Session for Troubled {
    async fn execute(&mut self, statement: &Statement, of: &[Value]) -> Result<u64, CallError> {
        let written = self.session.execute(statement, of).await?;
        match self.trouble {
            Trouble::LostWrites => Err(CallError::indefinite("lost", "the answer was lost")),
            Trouble::SilentQueries => Ok(written),
        }
    }

    async fn query(&mut self, statement: &Statement, of: &[Value]) -> Result<Vec<Row>, CallError> {
        match self.trouble {
            Trouble::LostWrites => self.session.query(statement, of).await,
            Trouble::SilentQueries => std::future::pending().await,
        }
    }

    async fn begin(&mut self) -> Result<(), CallError> {
        self.session.begin().await
    }

    async fn commit(&mut self) -> Result<(), CallError> {
        self.session.commit().await
    }

    async fn rollback(&mut self) -> Result<(), CallError> {
        self.session.rollback().await
    }

    async fn sync(&mut self) -> Result<(), CallError> {
        self.session.sync().await
    }

    async fn close(self: Box<Self>) {
        self.session.close().await;
    }
}
