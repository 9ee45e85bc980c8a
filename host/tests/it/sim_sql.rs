//! The simulator's SQL held against SQLite's answers: random tables, rows and statements.

mod generator;
mod postgres;
mod tables;

use contend::backend::sqlite::{Sqlite, SqliteLocation};
use contend::capability::database::{Database, Session, Target};
use contend::capability::statement::{Action, Statement};
use contend::model::error::CallError;
use contend::model::value::{Row, Value};
use generator::{Generated, Generator};
use tables::{Done, Tables};

const SEEDS: u64 = 60;
const STATEMENTS: usize = 60;

/// Statements that MariaDB refuses and SQLite runs in a way of its own: numbers that become too large (1690,
/// 1264), a remainder of a division by zero where something is written (1365), and texts that are too
/// long (1406).
const OURS_ALONE: &[&str] = &["1690", "1264", "1365", "1406"];

/// The same in SQLite and here.
struct Both {
    sqlite: Box<dyn Session>,
    ours: Tables,
    seed: u64,
}

#[tokio::test]
async fn random_statements_answer_as_in_sqlite() {
    let (mut compared, mut skipped, mut rows, mut changed) = (0, 0, 0, 0);
    for seed in 0..SEEDS {
        let database = Sqlite::open(SqliteLocation::Memory).await.unwrap();
        let mut generator = Generator::new(seed);
        let mut both = Both {
            sqlite: database.connect(&Target::Endpoint).await.unwrap(),
            ours: Tables::default(),
            seed,
        };
        for statement in generator.set_up() {
            both.compare(&statement).await;
        }
        for _ in 0..STATEMENTS {
            match both.compare(&generator.statement()).await {
                Some(Done::Read(answer)) => rows += answer.len(),
                Some(Done::Wrote { changed: count, .. }) => changed += count,
                Some(Done::Refused(_)) => {}
                None => skipped += 1,
            }
            compared += 1;
        }
        both.sqlite.close().await;
        database.close().await;
    }
    compared -= skipped;
    assert!(compared >= 2_000, "{compared} compared, {skipped} skipped");
    // Statements that find nothing and change nothing would show nothing.
    assert!(rows > 2_000, "only {rows} rows were read");
    assert!(changed > 500, "only {changed} rows were changed");
}

impl Both {
    /// Does it in both, and compares the answers and the tables after it. Nothing if it was left out
    /// because SQLite would do it in a way of its own.
    async fn compare(&mut self, statement: &Generated) -> Option<Done> {
        let done = self.ours.run(&statement.text, &statement.parameters);
        match &done {
            Done::Refused(error) if OURS_ALONE.contains(&error.code.as_str()) => return None,
            Done::Refused(error) => {
                let allowed = ["1048", "1062"].contains(&error.code.as_str());
                assert!(allowed, "{}: {error}", self.told(statement));
                let theirs = self.write(statement).await;
                assert!(
                    theirs.is_err(),
                    "{}: {error}, and SQLite did it",
                    self.told(statement)
                );
            }
            Done::Read(ours) => {
                let theirs = self.read(statement).await.unwrap();
                let (ours, theirs) = match statement.is_ordered {
                    true => (ours.clone(), theirs),
                    false => (sorted(ours.clone()), sorted(theirs)),
                };
                assert_eq!(ours, theirs, "{}", self.told(statement));
            }
            Done::Wrote { matched, .. } => {
                let theirs = self.write(statement).await;
                let theirs =
                    theirs.unwrap_or_else(|error| panic!("{}: {error}", self.told(statement)));
                if statement.counts {
                    assert_eq!(*matched, theirs, "{}", self.told(statement));
                }
            }
        }
        self.compare_tables(statement).await;
        Some(done)
    }

    async fn compare_tables(&mut self, statement: &Generated) {
        for (name, ours) in self.ours.contents() {
            let text = format!("SELECT * FROM {name}");
            let all = Statement::of_host(text, Action::Read);
            let theirs = self.sqlite.query(&all, &[]).await.unwrap();
            assert_eq!(
                sorted(ours),
                sorted(theirs),
                "{name} after {}",
                self.told(statement)
            );
        }
    }

    fn told(&self, statement: &Generated) -> String {
        format!("seed {}: {statement:?}", self.seed)
    }

    async fn read(&mut self, statement: &Generated) -> Result<Vec<Row>, CallError> {
        let text = Statement::of_host(statement.for_sqlite(), Action::Read);
        self.sqlite.query(&text, &statement.parameters).await
    }

    async fn write(&mut self, statement: &Generated) -> Result<u64, CallError> {
        let text = Statement::of_host(statement.for_sqlite(), Action::Write);
        self.sqlite.execute(&text, &statement.parameters).await
    }
}

/// Some order that does not depend on the rows' order.
fn sorted(mut rows: Vec<Row>) -> Vec<Row> {
    let text = |value: &Value| match value {
        // There is a negative zero.
        Value::Real(real) => format!("{:?};", real + 0.0),
        other => format!("{other:?};"),
    };
    rows.sort_by_cached_key(|row| row.iter().map(text).collect::<String>());
    rows
}
