//! SQLite, embedded: one node named `sqlite`, in a file or in memory.
//!
//! Row locks are the write lock of the whole database, as `wit/db.wit` says. A file is in WAL mode,
//! where readers and the writer don't disturb each other. In memory there is no WAL: a reader waits
//! while a session holds the write lock, and a commit waits for the readers to finish.

mod answer;
mod claim;
mod classify;
mod connections;
#[expect(unsafe_code, reason = "sqlx has no call for SQLite's limits")]
mod limits;
mod options;
mod readers;
mod session;
mod signals;
#[expect(
    unsafe_code,
    reason = "sqlx has no call for SQLite's functions and hooks"
)]
mod transactions;
mod values;

pub use self::claim::FileClaim;

use self::classify::classify;
use crate::capability::budget::Shares;
use crate::capability::database::{Database, Freshness, Session, Target};
use crate::capability::operation::Operation;
use crate::capability::statement::Statement;
use crate::model::error::CallError;
use crate::model::value::{Row, Value};
use async_trait::async_trait;
use connections::Connections;
use readers::Readers;
use session::SqliteSession;
use sqlx::{Connection, SqliteConnection};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::Mutex;

const NODE: &str = "sqlite";

/// Location of the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SqliteLocation {
    /// A file, made if it is missing; its folder must exist.
    File(PathBuf),
    /// A separate database in this process, gone when it is closed.
    Memory,
}

/// One SQLite database.
pub struct Sqlite {
    nodes: [String; 1],
    readers: Readers,
    connections: Arc<Connections>,
    /// Keeps a database in memory alive, and spares a file the making and removing of its log
    /// whenever the last session leaves.
    keeper: Mutex<Option<SqliteConnection>>,
}

impl Sqlite {
    /// Opens or makes the database. The errors name the file.
    pub async fn open(location: SqliteLocation) -> Result<Self, CallError> {
        let options = options::connect_options(&location);
        let keeper = options::first_connection(&location, &options).await?;
        Ok(Self {
            nodes: [NODE.to_owned()],
            readers: Readers::new(options.clone()),
            connections: Arc::new(Connections::new(options)),
            keeper: Mutex::new(Some(keeper)),
        })
    }
}

fn no_such_node(name: &str) -> CallError {
    let message = format!("there is no node {name:?}; the only one is {NODE}");
    CallError::rejected("no-such-node", message)
}

#[async_trait]
impl Database for Sqlite {
    fn dialect(&self) -> &'static str {
        "sqlite"
    }

    fn nodes(&self) -> &[String] {
        &self.nodes
    }

    fn divide(&self, shares: &Shares) {
        self.connections.set_largest_answer(shares.answer);
    }

    fn name_transactions(&self) -> &'static str {
        // They always have names.
        transactions::CALL
    }

    async fn connect(&self, target: &Target) -> Result<Box<dyn Session>, CallError> {
        match target {
            Target::Node(name) if name != NODE => return Err(no_such_node(name)),
            Target::Node(_) | Target::Endpoint => {}
        }
        let opened = self.connections.open_ahead().await;
        opened.map_err(|error| classify(&error, Operation::Connecting))?;
        Ok(Box::new(SqliteSession::new(Arc::clone(&self.connections))))
    }

    async fn read(
        &self,
        node: &str,
        // There is one node, and what it has is all there is.
        _: Freshness,
        statement: &Statement,
        parameters: &[Value],
    ) -> Result<Vec<Row>, CallError> {
        if node != NODE {
            return Err(no_such_node(node));
        }
        values::check_query(statement, parameters)?;
        // A row lock outside a transaction locks nothing that outlives the statement.
        let text = match statement.row_lock() {
            Some(lock) => values::patient(lock)?,
            None => statement.text(),
        };
        self.readers
            .read(text, parameters)
            .await
            .map_err(|error| classify(&error, Operation::Reading))
    }

    async fn close(&self) {
        self.readers.close().await;
        self.connections.close().await;
        if let Some(keeper) = self.keeper.lock().await.take() {
            // No statement is in flight on it, so closing it loses nothing.
            keeper.close().await.ok();
        }
    }
}
