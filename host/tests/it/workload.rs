//! The tables of volume-state.

use contend::backend::clock::RealClock;
use contend::backend::sqlite::{Sqlite, SqliteLocation};
use contend::capability::database::{Database, Target};
use contend::capability::statement::{Action, Statement};
use contend::model::error::ErrorKind;
use contend::model::value::Value;
use contend::workload::Workload;
use contend::workload::final_state::FinalState;

#[tokio::test]
async fn no_text_is_longer_than_the_schema_says() {
    let database = Sqlite::open(SqliteLocation::Memory).await.unwrap();
    let tables = Workload {
        rows: 1,
        ..Workload::default()
    };
    tables.prepare(&database).await.unwrap();
    let mut session = database.connect(&Target::Endpoint).await.unwrap();
    for (column, length) in [
        ("id", 36),
        ("status", 255),
        ("attach_status", 255),
        ("migration_status", 255),
    ] {
        let set = Statement::of_host(format!("UPDATE volumes SET {column} = ?"), Action::Write);
        let fits = [Value::from("x".repeat(length))];
        assert_eq!(session.execute(&set, &fits).await, Ok(1), "{column}");
        let long = [Value::from("x".repeat(length + 1))];
        let error = session.execute(&set, &long).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Rejected, "{error}");
    }
    session.close().await;
}

#[tokio::test]
async fn an_update_that_leaves_the_state_as_it_was_is_no_effect() {
    let database = Sqlite::open(SqliteLocation::Memory).await.unwrap();
    let tables = Workload {
        rows: 1,
        ..Workload::default()
    };
    tables.prepare(&database).await.unwrap();
    let mut session = database.connect(&Target::Endpoint).await.unwrap();
    for set in [
        "migration_status = '1'",
        "status = 'deleting', attach_status = 'm'",
        "migration_status = '2'",
        "status = 'deleting'",
        "status = 'available'",
        "attach_status = NULL",
    ] {
        let update = Statement::of_host(format!("UPDATE volumes SET {set}"), Action::Write);
        assert_eq!(session.execute(&update, &[]).await, Ok(1), "{set}");
    }
    session.close().await;
    let clock = RealClock::new();
    let found = tables.kind.read_final(&database, &clock, &tables);
    let FinalState::Rows(data) = found.await.unwrap() else {
        panic!("another kind");
    };
    let effects = data.effects.unwrap();
    let told: Vec<_> = effects
        .iter()
        .map(|effect| format!("{:?} → {:?}", effect.from, effect.to))
        .collect();
    // The fence that was raised and the status that was written again are not among them.
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(effects.iter().all(|effect| effect.from != effect.to));
}
