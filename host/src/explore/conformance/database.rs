//! The database as a watched strategy has it.

use super::watched::Watch;
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
        let opened = match self.watch.ask(Called::Connect, false, about).await {
            None => self.open(target).await,
            Some(injected) => Err(injected.error(Called::Connect)),
        };
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
        let rows = match self.watch.ask(Called::ReadNode, false, &about).await {
            None => {
                let database = &self.database;
                database.read(node, freshness, statement, parameters).await
            }
            Some(injected) => Err(injected.error(Called::ReadNode)),
        };
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
    /// Gives the error, and makes true what it says of an open transaction: after all but `rejected`
    /// it is gone, with its server's connection or by the server's own doing.
    async fn refuse<T>(&mut self, called: Called, injected: Injected) -> Result<T, CallError> {
        let stays_open = injected == Injected::Rejected && called != Called::Commit;
        if self.in_transaction && !stays_open {
            self.session.rollback().await?;
            self.in_transaction = false;
        }
        Err(injected.error(called))
    }

    fn answered<T>(&mut self, answer: &Result<T, CallError>, describe: impl FnOnce(&T) -> String) {
        if let Err(error) = answer
            && error.kind == ErrorKind::Conflict
        {
            self.in_transaction = false;
        }
        self.watch.answered(answer, describe);
    }

    async fn execute_and_lose(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
    ) -> Result<u64, CallError> {
        self.session.execute(statement, parameters).await?;
        Err(Injected::IndefiniteDone.error(Called::Execute))
    }

    async fn query_and_lose(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
    ) -> Result<Vec<Row>, CallError> {
        self.session.query(statement, parameters).await?;
        Err(Injected::IndefiniteDone.error(Called::Execute))
    }

    async fn commit_and_lose(&mut self) -> Result<(), CallError> {
        self.session.commit().await?;
        self.in_transaction = false;
        Err(Injected::IndefiniteDone.error(Called::Commit))
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
        let affected = match asked {
            None => self.session.execute(statement, parameters).await,
            Some(Injected::IndefiniteDone) => self.execute_and_lose(statement, parameters).await,
            Some(injected) => self.refuse(Called::Execute, injected).await,
        };
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
        let (open, text) = (self.in_transaction, statement.text());
        let asked = match is_write {
            true => self.watch.ask(Called::Execute, open, text).await,
            false => self.watch.ask(Called::Query, open, text).await,
        };
        let rows = match asked {
            None => self.session.query(statement, parameters).await,
            Some(Injected::IndefiniteDone) => self.query_and_lose(statement, parameters).await,
            Some(injected) if is_write => self.refuse(Called::Execute, injected).await,
            Some(injected) => self.refuse(Called::Query, injected).await,
        };
        self.answered(&rows, |rows| counted(rows.len() as u64, "row"));
        rows
    }

    async fn begin(&mut self) -> Result<(), CallError> {
        let begun = match self.watch.ask(Called::Begin, self.in_transaction, "").await {
            None => self.session.begin().await,
            Some(injected) => self.refuse(Called::Begin, injected).await,
        };
        self.in_transaction |= begun.is_ok();
        self.answered(&begun, |()| "ok".to_owned());
        begun
    }

    async fn commit(&mut self) -> Result<(), CallError> {
        let open = self.in_transaction;
        let committed = match self.watch.ask(Called::Commit, open, "").await {
            None => self.session.commit().await,
            Some(Injected::IndefiniteDone) => self.commit_and_lose().await,
            Some(injected) => self.refuse(Called::Commit, injected).await,
        };
        self.in_transaction &= committed.is_err();
        self.answered(&committed, |()| "ok".to_owned());
        committed
    }

    async fn rollback(&mut self) -> Result<(), CallError> {
        let open = self.in_transaction;
        let rolled_back = match self.watch.ask(Called::Rollback, open, "").await {
            None => self.session.rollback().await,
            Some(injected) => self.refuse(Called::Rollback, injected).await,
        };
        self.in_transaction &= rolled_back.is_err();
        self.answered(&rolled_back, |()| "ok".to_owned());
        rolled_back
    }

    async fn sync(&mut self) -> Result<(), CallError> {
        let synced = match self.watch.ask(Called::Sync, self.in_transaction, "").await {
            None => self.session.sync().await,
            Some(injected) => self.refuse(Called::Sync, injected).await,
        };
        self.answered(&synced, |()| "ok".to_owned());
        synced
    }

    async fn close(self: Box<Self>) {
        self.session.close().await;
    }
}
