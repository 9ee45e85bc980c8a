//! A database with something in it.

use super::integer;
use contend::backend::sqlite::{Sqlite, SqliteLocation};
use contend::capability::database::{Database, Freshness, Session, Target};
use contend::capability::gate::Gate;
use contend::capability::statement::{Action, Statement};
use contend::model::fault::Fault;
use contend::model::value::{Row, Value};
use std::sync::Arc;

/// One database with a table `things` of two rows, both with `n` = 0.
pub(in crate::backend_contract) struct Fixture {
    pub(in crate::backend_contract) database: Arc<dyn Database>,
    gate: Gate,
    _folder: Option<tempfile::TempDir>,
}

impl Fixture {
    async fn of(database: Arc<dyn Database>, folder: Option<tempfile::TempDir>) -> Self {
        let gate = Gate::new(&["things"], database.dialect());
        let fixture = Self {
            database,
            gate,
            _folder: folder,
        };
        let mut session = fixture.session().await;
        for text in [
            "CREATE TABLE things (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, label)",
            "INSERT INTO things (id, n, label) VALUES (1, 0, 'one'), (2, 0, 'two')",
        ] {
            let statement = Statement::of_host(text, Action::Write);
            session.execute(&statement, &[]).await.unwrap();
        }
        session.close().await;
        fixture
    }

    pub(in crate::backend_contract) fn statement(&self, text: &str) -> Statement {
        self.gate.admit(text).unwrap()
    }

    pub(in crate::backend_contract) async fn session(&self) -> Box<dyn Session> {
        self.database.connect(&Target::Endpoint).await.unwrap()
    }

    pub(in crate::backend_contract) async fn execute(
        &self,
        session: &mut Box<dyn Session>,
        text: &str,
    ) -> Result<u64, Fault> {
        session.execute(&self.statement(text), &[]).await
    }

    pub(in crate::backend_contract) async fn query(
        &self,
        session: &mut Box<dyn Session>,
        text: &str,
    ) -> Result<Vec<Row>, Fault> {
        session.query(&self.statement(text), &[]).await
    }

    /// The `n` of row 1, as a node has it.
    pub(in crate::backend_contract) async fn n(&self) -> i64 {
        let statement = self.statement("SELECT n FROM things WHERE id = 1");
        let node = &self.database.nodes()[0];
        integer(&self.read_at(node, &statement).await.unwrap())
    }

    /// What a node has when everything that was committed before has come to it.
    pub(in crate::backend_contract) async fn read_at(
        &self,
        node: &str,
        statement: &Statement,
    ) -> Result<Vec<Row>, Fault> {
        let read = self.database.read(node, Freshness::Causal, statement, &[]);
        read.await
    }

    pub(in crate::backend_contract) async fn close(&self) {
        self.database.close().await;
    }
}

pub(in crate::backend_contract) async fn sqlite_file() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let location = SqliteLocation::File(folder.path().join("contract.db"));
    let database = Arc::new(Sqlite::open(location).await.unwrap());
    Fixture::of(database, Some(folder)).await
}

pub(in crate::backend_contract) async fn sqlite_memory() -> Fixture {
    let database = Arc::new(Sqlite::open(SqliteLocation::Memory).await.unwrap());
    Fixture::of(database, None).await
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
}
