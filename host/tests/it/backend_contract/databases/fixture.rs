//! A database with something in it.

use super::mariadb::Schema;
use super::{A_WHILE, integer};
use crate::support::simulated::Time;
use contend::backend::sqlite::{Sqlite, SqliteLocation};
use contend::capability::database::{Database, Freshness, Session, Target};
use contend::capability::sql_policy::SqlPolicy;
use contend::capability::statement::{Action, Statement};
use contend::model::error::CallError;
use contend::model::value::{Row, Value};
use std::sync::Arc;

/// Resources that go when the fixture goes.
pub(super) enum Belongings {
    Nothing,
    Folder { _folder: tempfile::TempDir },
    Schema(Box<Schema>),
}

/// One database with a table `things` of two rows, both with `n` = 0.
pub(in crate::backend_contract) struct Fixture {
    pub(in crate::backend_contract) database: Arc<dyn Database>,
    pub(in crate::backend_contract) time: Time,
    sql_policy: SqlPolicy,
    belongings: Belongings,
    /// Where sessions go that are to wait for each other.
    near: Target,
}

impl Fixture {
    pub(super) async fn of(database: Arc<dyn Database>, belongings: Belongings) -> Self {
        Self::at(Time::Real, database, belongings).await
    }

    pub(super) async fn at(
        time: Time,
        database: Arc<dyn Database>,
        belongings: Belongings,
    ) -> Self {
        let sql_policy = SqlPolicy::new(&["things"], database.dialect());
        let fixture = Self {
            near: Target::Node(database.nodes()[0].clone()),
            database,
            time,
            sql_policy,
            belongings,
        };
        let mut session = fixture.session().await;
        let create = match fixture.database.dialect() {
            // One column takes a value of any type.
            "sqlite" => "CREATE TABLE things (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, label)",
            "postgres" => {
                "CREATE TABLE things (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, \
                 label TEXT, truth BOOLEAN, whole BIGINT, fraction DOUBLE PRECISION, bytes BYTEA)"
            }
            _ => {
                "CREATE TABLE things (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, \
                 label LONGTEXT, truth BOOLEAN, whole BIGINT, fraction DOUBLE, bytes LONGBLOB)"
            }
        };
        let insert = "INSERT INTO things (id, n, label) VALUES (1, 0, 'one'), (2, 0, 'two')";
        for (text, action) in [(create, Action::Define), (insert, Action::Write)] {
            let statement = Statement::of_host(text, action);
            session.execute(&statement, &[]).await.unwrap();
        }
        session.close().await;
        fixture.everywhere().await;
        fixture
    }

    /// Waits until every node has what was committed before.
    async fn everywhere(&self) {
        let any = Statement::of_host("SELECT 1", Action::Read);
        for node in self.database.nodes() {
            self.read_at(node, &any).await.unwrap();
        }
    }

    /// Sees that a call is still waiting after a while. `otherwise` says what it means if it isn't.
    pub(in crate::backend_contract) async fn must_wait(&self, call: impl Future, otherwise: &str) {
        let waited = self.time.timeout(A_WHILE, call).await;
        assert!(waited.is_none(), "{otherwise}");
    }

    /// The column for a value of this type.
    pub(in crate::backend_contract) fn column_of(&self, value: &Value) -> &'static str {
        match value {
            _ if self.database.dialect() == "sqlite" => "label",
            Value::Null | Value::Text(_) => "label",
            Value::Boolean(_) => "truth",
            Value::Integer(_) => "whole",
            Value::Real(_) => "fraction",
            Value::Bytes(_) => "bytes",
        }
    }

    /// A session on the first node. Row locks exclude the sessions of one node, so those that are
    /// to wait for each other are opened here.
    pub(in crate::backend_contract) async fn near(&self) -> Box<dyn Session> {
        self.database.connect(&self.near).await.unwrap()
    }

    /// The same for a database whose endpoint leads to one node.
    pub(super) fn near_by_its_endpoint(self) -> Self {
        Self {
            near: Target::Endpoint,
            ..self
        }
    }

    pub(in crate::backend_contract) async fn on(&self, node: &str) -> Box<dyn Session> {
        let node = Target::Node(node.to_owned());
        self.database.connect(&node).await.unwrap()
    }

    /// A session on the first node that waits for a lock for no longer than a test can.
    pub(in crate::backend_contract) async fn impatient(&self) -> Box<dyn Session> {
        let mut session = self.near().await;
        let wait = match self.database.dialect() {
            "mysql" => Some("SET SESSION innodb_lock_wait_timeout = 1"),
            "postgres" => Some("SET SESSION lock_timeout = 1000"),
            _ => None,
        };
        if let Some(wait) = wait {
            let setting = Statement::of_host(wait, Action::Set);
            session.execute(&setting, &[]).await.unwrap();
        }
        session
    }

    pub(in crate::backend_contract) fn statement(&self, text: &str) -> Statement {
        self.sql_policy.admit(text).unwrap()
    }

    pub(in crate::backend_contract) async fn session(&self) -> Box<dyn Session> {
        self.database.connect(&Target::Endpoint).await.unwrap()
    }

    pub(in crate::backend_contract) async fn execute(
        &self,
        session: &mut Box<dyn Session>,
        text: &str,
    ) -> Result<u64, CallError> {
        session.execute(&self.statement(text), &[]).await
    }

    pub(in crate::backend_contract) async fn query(
        &self,
        session: &mut Box<dyn Session>,
        text: &str,
    ) -> Result<Vec<Row>, CallError> {
        session.query(&self.statement(text), &[]).await
    }

    /// The `n` of row 1, as a node has it.
    pub(in crate::backend_contract) async fn n(&self) -> i64 {
        let statement = self.statement("SELECT n FROM things WHERE id = 1");
        let node = &self.database.nodes()[0];
        integer(&self.read_at(node, &statement).await.unwrap())
    }

    /// The rows of a node when everything that was committed before has come to it.
    pub(in crate::backend_contract) async fn read_at(
        &self,
        node: &str,
        statement: &Statement,
    ) -> Result<Vec<Row>, CallError> {
        let read = self.database.read(node, Freshness::Causal, statement, &[]);
        read.await
    }

    pub(in crate::backend_contract) async fn close(&self) {
        self.database.close().await;
        if let Belongings::Schema(schema) = &self.belongings {
            Schema::drop(schema).await;
        }
    }
}

pub(in crate::backend_contract) async fn sqlite_file() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let location = SqliteLocation::File(folder.path().join("contract.db"));
    let database = Arc::new(Sqlite::open(location).await.unwrap());
    Fixture::of(database, Belongings::Folder { _folder: folder }).await
}

pub(in crate::backend_contract) async fn sqlite_memory() -> Fixture {
    let database = Arc::new(Sqlite::open(SqliteLocation::Memory).await.unwrap());
    Fixture::of(database, Belongings::Nothing).await
}

/// Fills the table, so that joining it with itself twice takes minutes.
pub(in crate::backend_contract) async fn fill(fixture: &Fixture, rows: i64) {
    let mut session = fixture.session().await;
    session.begin().await.unwrap();
    let insert = fixture.statement("INSERT INTO things (id, n, label) VALUES (?, 0, 'more')");
    for id in 3..=rows {
        let parameters = [Value::Integer(id)];
        session.execute(&insert, &parameters).await.unwrap();
    }
    session.commit().await.unwrap();
    session.close().await;
    fixture.everywhere().await;
}
