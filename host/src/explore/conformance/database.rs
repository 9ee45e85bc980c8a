//! The database as a watched strategy has it.

use super::watched::{Watch, come_to};
use crate::capability::database::{Database, Freshness, Session, Target};
use crate::capability::statement::{Action, Statement};
use crate::model::counters::NodeCounters;
use crate::model::error::{CallError, ErrorKind};
use crate::model::injection::{Called, Injected};
use crate::model::prose::counted;
use crate::model::value::{Row, Value};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

pub struct WatchedDatabase {
    database: Arc<dyn Database>,
    /// Given to the first that connects to the endpoint.
    first: Mutex<Option<Box<dyn Session>>>,
    watch: Watch,
}

impl WatchedDatabase {
    pub fn new(database: Arc<dyn Database>, first: Option<Box<dyn Session>>, watch: Watch) -> Self {
        Self {
            database,
            first: Mutex::new(first),
            watch,
        }
    }

    async fn open(&self, target: &Target) -> Result<Box<dyn Session>, CallError> {
        let first = match target {
            Target::Endpoint => self.first.lock().expect("no panic while held").take(),
            Target::Node(_) => None,
        };
        let session = match first {
            Some(session) => session,
            None => self.database.connect(target).await?,
        };
        Ok(Box::new(WatchedSession {
            session,
            watch: self.watch.clone(),
            in_transaction: false,
        }))
    }
}

#[async_trait]
impl Database for WatchedDatabase {
    fn dialect(&self) -> &'static str {
        self.database.dialect()
    }

    fn nodes(&self) -> &[String] {
        self.database.nodes()
    }

    fn name_transactions(&self) -> &'static str {
        self.database.name_transactions()
    }

    async fn connect(&self, target: &Target) -> Result<Box<dyn Session>, CallError> {
        let about = match target {
            Target::Endpoint => "the endpoint",
            Target::Node(name) => name,
        };
        let asked = self.watch.ask(Called::Connect, false, about).await;
        let opened = come_to(Called::Connect, asked, self.open(target)).await;
        self.watch.answered(&opened, |_| "ok".to_owned());
        opened
    }

    async fn read(
        &self,
        node: &str,
        freshness: Freshness,
        statement: &Statement,
        parameters: &[Value],
    ) -> Result<Vec<Row>, CallError> {
        let about = format!("{node}: {}", statement.text());
        let asked = self.watch.ask(Called::ReadNode, false, &about).await;
        let read = self.database.read(node, freshness, statement, parameters);
        let rows = come_to(Called::ReadNode, asked, read).await;
        self.watch
            .answered(&rows, |rows| counted(rows.len() as u64, "row"));
        rows
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

struct WatchedSession {
    session: Box<dyn Session>,
    watch: Watch,
    in_transaction: bool,
}

impl WatchedSession {
    async fn ask(&mut self, called: Called, about: &str) -> Option<Injected> {
        self.watch.ask(called, self.in_transaction, about).await
    }

    /// Makes true what an injected error says of an open transaction: after all but `rejected` it is gone, with its
    /// server's connection or by the server's own doing. Returns the answer.
    async fn after<T>(
        &mut self,
        called: Called,
        asked: Option<Injected>,
        answer: Result<T, CallError>,
    ) -> Result<T, CallError> {
        let stays_open = match asked {
            None | Some(Injected::IndefiniteDone) => true,
            Some(Injected::Rejected) => called != Called::Commit,
            Some(_) => false,
        };
        if self.in_transaction && !stays_open {
            self.session.rollback().await?;
            self.in_transaction = false;
        }
        answer
    }

    fn answered<T>(&mut self, answer: &Result<T, CallError>, describe: impl FnOnce(&T) -> String) {
        if let Err(error) = answer
            && error.kind == ErrorKind::Conflict
        {
            self.in_transaction = false;
        }
        self.watch.answered(answer, describe);
    }
}

#[async_trait]
impl Session for WatchedSession {
    async fn execute(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
    ) -> Result<u64, CallError> {
        // A variable of the session is no write: nothing of it can be lost and be there all the same.
        let is_write = statement.action() == Action::Write;
        let counts_as_reading = self.in_transaction || !is_write;
        let (watch, text) = (self.watch.clone(), statement.text());
        let asked = watch.ask(Called::Execute, counts_as_reading, text).await;
        let affected = self.session.execute(statement, parameters);
        let affected = come_to(Called::Execute, asked, affected).await;
        let affected = self.after(Called::Execute, asked, affected).await;
        self.answered(&affected, |affected| format!("{affected} affected"));
        affected
    }

    async fn query(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
    ) -> Result<Vec<Row>, CallError> {
        // A write that gives rows (RETURNING) can be lost as any other.
        let is_write = statement.action() == Action::Write;
        let called = match is_write {
            true => Called::Execute,
            false => Called::Query,
        };
        let asked = self.ask(called, statement.text()).await;
        let rows = come_to(called, asked, self.session.query(statement, parameters)).await;
        let rows = self.after(called, asked, rows).await;
        self.answered(&rows, |rows| counted(rows.len() as u64, "row"));
        rows
    }

    async fn begin(&mut self) -> Result<(), CallError> {
        let asked = self.ask(Called::Begin, "").await;
        let begun = come_to(Called::Begin, asked, self.session.begin()).await;
        let begun = self.after(Called::Begin, asked, begun).await;
        self.in_transaction |= begun.is_ok();
        self.answered(&begun, |()| "ok".to_owned());
        begun
    }

    async fn commit(&mut self) -> Result<(), CallError> {
        let asked = self.ask(Called::Commit, "").await;
        let committed = come_to(Called::Commit, asked, self.session.commit()).await;
        let committed = self.after(Called::Commit, asked, committed).await;
        self.in_transaction &= committed.is_err() && asked != Some(Injected::IndefiniteDone);
        self.answered(&committed, |()| "ok".to_owned());
        committed
    }

    async fn rollback(&mut self) -> Result<(), CallError> {
        let asked = self.ask(Called::Rollback, "").await;
        let rolled_back = come_to(Called::Rollback, asked, self.session.rollback()).await;
        let rolled_back = self.after(Called::Rollback, asked, rolled_back).await;
        self.in_transaction &= rolled_back.is_err();
        self.answered(&rolled_back, |()| "ok".to_owned());
        rolled_back
    }

    async fn sync(&mut self) -> Result<(), CallError> {
        let asked = self.ask(Called::Sync, "").await;
        let synced = come_to(Called::Sync, asked, self.session.sync()).await;
        let synced = self.after(Called::Sync, asked, synced).await;
        self.answered(&synced, |()| "ok".to_owned());
        synced
    }

    async fn close(self: Box<Self>) {
        self.session.close().await;
    }
}
