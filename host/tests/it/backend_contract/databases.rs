//! The contract of a database and its sessions.

pub(super) mod fixture;
mod forms;
mod isolation;
pub(super) mod mariadb;
pub(super) mod postgres;
mod readings;
mod shares;
pub(super) mod simulated;

use super::{A_WHILE, assert_rejected, contract};
use contend::capability::database::{Session, Target};
use contend::capability::statement::{Action, Statement};
use contend::model::error::{CallError, ErrorKind};
use contend::model::value::{Row, Value};
use fixture::{Fixture, fill, sqlite_file, sqlite_memory};
use forms::*;
use isolation::*;
use mariadb::{galera, galera_as_text, mariadb_node, mariadb_node_as_text};
use postgres::{postgres_cluster, postgres_node, postgres_pooled};
use readings::shared_reads_are_bounded_but_none_is_lost;
use shares::{
    a_statement_that_is_not_kept_does_the_same,
    an_answer_over_its_share_is_refused_and_the_transaction_goes_on,
};
use simulated::{
    in_simulation, simulated_alone, simulated_alone_without_snapshots, simulated_cluster,
    simulated_postgres, simulated_postgres_server,
};
use std::time::Duration;
use tokio::sync::oneshot::Receiver;

/// Makes one test of each script for one simulated cluster.
macro_rules! simulated {
    ($name:ident: $($script:ident),* $(,)?) => {
        mod $name {
            $(
                #[test]
                fn $script() {
                    let topology = super::$name();
                    let script = async |fixture| super::$script(&fixture).await;
                    super::in_simulation(&topology, script);
                }
            )*
        }
    };
}

mod audit;

macro_rules! every_script_on {
    ($on:ident! $($backend:ident),*) => {
        $($on! { $backend:
            a_committed_write_is_seen_by_every_session,
            values_come_back_as_they_were_stored,
            anomaly_dirty_read,
            for_update_excludes_for_update,
            for_update_excludes_a_write,
            for_update_outside_a_transaction_keeps_nothing,
            contended_increments_all_count,
            a_transaction_has_one_beginning_and_one_end,
            after_a_conflict_no_transaction_is_open,
            a_duplicate_key_is_rejected_with_its_row,
            after_a_rejection_the_transaction_goes_on,
            a_rolled_back_write_never_was,
            closing_rolls_back,
            dropping_rolls_back,
            a_wrong_call_is_rejected_with_its_reason,
            an_unknown_node_is_rejected,
            an_abandoned_write_takes_no_effect_after_the_close,
            every_form_that_passes_runs,
            a_write_that_returns_rows_is_a_write,
            a_savepoint_undoes_what_came_after_it,
            a_savepoint_needs_a_transaction,
            upserts_meet_what_is_there,
            shared_reads_are_bounded_but_none_is_lost,
            an_answer_over_its_share_is_refused_and_the_transaction_goes_on,
            a_statement_that_is_not_kept_does_the_same,
        })*
    };
}

every_script_on!(
    contract! sqlite_file,
    sqlite_memory,
    galera,
    mariadb_node,
    mariadb_node_as_text,
    postgres_cluster,
    postgres_node,
    postgres_pooled
);
every_script_on!(
    simulated! simulated_cluster,
    simulated_alone,
    simulated_postgres,
    simulated_postgres_server
);

/// Databases on which a statement can take for ever: the simulator has no joins.
mod joins {
    use super::*;
    macro_rules! every_join_script_on {
        ($($backend:ident),*) => {
            $(contract! { $backend: an_abandoned_query_is_stopped })*
        };
    }
    every_join_script_on!(
        sqlite_file,
        sqlite_memory,
        galera,
        mariadb_node,
        mariadb_node_as_text,
        postgres_cluster,
        postgres_pooled
    );
}

/// Databases on which a transaction that has read a row may not write it after another one did. MariaDB lets it,
/// unless it is told not to: see `mysql`.
macro_rules! every_snapshot_script_on {
    ($on:ident! $($backend:ident),*) => {
        $($on! { $backend:
            anomaly_lost_update,
            anomaly_lost_update_through_a_stale_snapshot,
            anomaly_lost_update_through_a_late_lock,
        })*
    };
}

/// Features that MariaDB has and SQLite lacks: row locks, and settings of a session.
macro_rules! every_row_lock_script_on {
    ($on:ident! $($backend:ident),*) => {
        $($on! { $backend:
            shared_locks_share_and_two_upgrades_deadlock,
            a_wait_for_a_lock_has_a_length_of_its_own,
            a_locked_row_is_refused_or_skipped,
            an_isolation_level_for_one_transaction_ends_with_it,
            a_session_chooses_snapshot_isolation,
        })*
    };
}

mod row_locks {
    use super::*;
    every_row_lock_script_on!(contract! mariadb_node);
    every_row_lock_script_on!(simulated! simulated_alone_without_snapshots);
}

mod snapshots {
    use super::*;
    every_snapshot_script_on!(contract! sqlite_file, sqlite_memory);
    every_snapshot_script_on!(simulated! simulated_alone);
}

const ADD_ONE: &str = "UPDATE things SET n = n + 1 WHERE id = 1";
const READ: &str = "SELECT n FROM things WHERE id = 1";
const READ_LOCKED: &str = "SELECT n FROM things WHERE id = 1 FOR UPDATE";

fn integer(rows: &[Row]) -> i64 {
    match rows {
        [row] => match row.as_slice() {
            [Value::Integer(integer)] => *integer,
            other => panic!("not one integer: {other:?}"),
        },
        other => panic!("not one row: {other:?}"),
    }
}

#[track_caller]
fn assert_conflict<T: std::fmt::Debug>(result: Result<T, CallError>) -> CallError {
    let error = result.expect_err("a conflict");
    assert_eq!(error.kind, ErrorKind::Conflict, "{error}");
    error
}

/// The result of a session's own task: the session, and its answer.
type Told<T> = Receiver<(Box<dyn Session>, Result<T, CallError>)>;

/// Runs a statement on a session of its own task, since it may have to wait for us.
pub(super) fn spawn_execute(
    fixture: &Fixture,
    mut session: Box<dyn Session>,
    text: &str,
) -> Told<u64> {
    let statement = fixture.statement(text);
    fixture.time.spawn(async move {
        let result = session.execute(&statement, &[]).await;
        (session, result)
    })
}

pub(super) fn spawn_query(
    fixture: &Fixture,
    mut session: Box<dyn Session>,
    text: &str,
) -> Told<Vec<Row>> {
    let statement = fixture.statement(text);
    fixture.time.spawn(async move {
        let result = session.query(&statement, &[]).await;
        (session, result)
    })
}

async fn a_committed_write_is_seen_by_every_session(fixture: &Fixture) {
    let (mut one, mut other) = (fixture.session().await, fixture.session().await);
    assert_eq!(fixture.execute(&mut one, ADD_ONE).await.unwrap(), 1);
    other.sync().await.unwrap();
    assert_eq!(integer(&fixture.query(&mut other, READ).await.unwrap()), 1);
    let nobody = "UPDATE things SET n = 5 WHERE id = 77";
    assert_eq!(fixture.execute(&mut one, nobody).await.unwrap(), 0);
    assert_eq!(fixture.n().await, 1);
}

async fn values_come_back_as_they_were_stored(fixture: &Fixture) {
    let mut session = fixture.session().await;
    let truth = match fixture.database.dialect() {
        "postgres" => Value::Boolean(true),
        _ => Value::Integer(1),
    };
    for (stored, comes_back) in [
        (Value::Null, Value::Null),
        (Value::Boolean(true), truth),
        (Value::Integer(i64::MIN), Value::Integer(i64::MIN)),
        (Value::Real(0.1), Value::Real(0.1)),
        (Value::from("ü'?"), Value::from("ü'?")),
        (Value::from(""), Value::from("")),
        (Value::Bytes(vec![0, 255]), Value::Bytes(vec![0, 255])),
        (Value::Bytes(vec![]), Value::Bytes(vec![])),
    ] {
        let column = fixture.column_of(&stored);
        let write = fixture.statement(&format!("UPDATE things SET {column} = ? WHERE id = ?"));
        let read = fixture.statement(&format!("SELECT {column}, id FROM things WHERE id = ?"));
        let key = Value::Integer(2);
        let parameters = [stored, key.clone()];
        assert_eq!(session.execute(&write, &parameters).await.unwrap(), 1);
        let rows = session.query(&read, std::slice::from_ref(&key)).await;
        assert_eq!(rows.unwrap(), [[comes_back, key]]);
    }
}

async fn a_transaction_has_one_beginning_and_one_end(fixture: &Fixture) {
    let mut session = fixture.session().await;
    assert_rejected(session.commit().await, "no-transaction");
    session.rollback().await.unwrap();
    session.begin().await.unwrap();
    assert_rejected(session.begin().await, "transaction-open");
    session.commit().await.unwrap();
    assert_rejected(session.commit().await, "no-transaction");
    session.begin().await.unwrap();
    session.rollback().await.unwrap();
    session.rollback().await.unwrap();
}

async fn after_a_conflict_no_transaction_is_open(fixture: &Fixture) {
    let (mut one, mut other) = (fixture.impatient().await, fixture.near().await);
    one.begin().await.unwrap();
    fixture.query(&mut one, READ).await.unwrap();
    other.begin().await.unwrap();
    fixture.query(&mut other, READ_LOCKED).await.unwrap();
    assert_conflict(fixture.execute(&mut one, ADD_ONE).await);
    other.commit().await.unwrap();
    assert_rejected(one.commit().await, "no-transaction");
    // What comes now commits by itself …
    fixture.execute(&mut one, ADD_ONE).await.unwrap();
    assert_eq!(fixture.n().await, 1);
    // … and the next transaction begins from nothing.
    one.begin().await.unwrap();
    fixture.execute(&mut one, ADD_ONE).await.unwrap();
    one.commit().await.unwrap();
    assert_eq!(fixture.n().await, 2);
}

const TWICE: &str = "INSERT INTO things (id, n, label) VALUES (2, 0, 'again')";

async fn a_duplicate_key_is_rejected_with_its_row(fixture: &Fixture) {
    let mut session = fixture.session().await;
    let error = fixture.execute(&mut session, TWICE).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Rejected, "{error}");
    let named = error.row.map(|row| (row.table, row.key, row.value));
    let words = |named: [Option<&str>; 3]| named.map(|word| word.map(str::to_owned));
    let [table, key, value] = match fixture.database.dialect() {
        "sqlite" => words([Some("things"), Some("id"), None]),
        "postgres" => words([Some("things"), Some("things_pkey"), Some("2")]),
        _ => words([None, Some("PRIMARY"), Some("2")]),
    };
    assert_eq!(named, Some((table, key, value)));
}

async fn after_a_rejection_the_transaction_goes_on(fixture: &Fixture) {
    let mut session = fixture.session().await;
    session.begin().await.unwrap();
    fixture.execute(&mut session, ADD_ONE).await.unwrap();
    if fixture.database.dialect() == "postgres" {
        // Only up to a savepoint: `postgres` has what comes without one.
        let here = "SAVEPOINT here";
        fixture.execute(&mut session, here).await.unwrap();
    }
    let error = fixture.execute(&mut session, TWICE).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Rejected, "{error}");
    if fixture.database.dialect() == "postgres" {
        let back = "ROLLBACK TO here";
        fixture.execute(&mut session, back).await.unwrap();
    }
    fixture.execute(&mut session, ADD_ONE).await.unwrap();
    session.commit().await.unwrap();
    assert_eq!(fixture.n().await, 2);
}

async fn a_rolled_back_write_never_was(fixture: &Fixture) {
    let mut session = fixture.session().await;
    session.begin().await.unwrap();
    fixture.execute(&mut session, ADD_ONE).await.unwrap();
    let seen = fixture.query(&mut session, READ).await.unwrap();
    assert_eq!(integer(&seen), 1, "a transaction sees its own writes");
    session.rollback().await.unwrap();
    assert_eq!(fixture.n().await, 0);
}

async fn closing_rolls_back(fixture: &Fixture) {
    let (mut session, mut next) = (fixture.session().await, fixture.session().await);
    session.begin().await.unwrap();
    fixture.execute(&mut session, ADD_ONE).await.unwrap();
    session.close().await;
    assert_eq!(fixture.n().await, 0);
    // Its locks are gone too.
    fixture.execute(&mut next, ADD_ONE).await.unwrap();
}

async fn dropping_rolls_back(fixture: &Fixture) {
    let (mut session, mut next) = (fixture.session().await, fixture.session().await);
    session.begin().await.unwrap();
    fixture.execute(&mut session, ADD_ONE).await.unwrap();
    drop(session);
    fixture.execute(&mut next, ADD_ONE).await.unwrap();
    assert_eq!(fixture.n().await, 1);
}

async fn a_wrong_call_is_rejected_with_its_reason(fixture: &Fixture) {
    let mut session = fixture.session().await;
    session.begin().await.unwrap();
    fixture.execute(&mut session, ADD_ONE).await.unwrap();
    let (read, write) = (fixture.statement(READ), fixture.statement(ADD_ONE));
    let message = assert_rejected(session.execute(&read, &[]).await, "not-an-update");
    assert!(message.contains("query"), "{message}");
    let message = assert_rejected(session.query(&write, &[]).await, "not-a-query");
    assert!(message.contains("execute"), "{message}");
    let one = [Value::Null];
    assert_rejected(session.query(&read, &one).await, "parameter-count");
    assert_rejected(session.execute(&write, &one).await, "parameter-count");
    // None of that had an effect on the transaction.
    session.commit().await.unwrap();
    assert_eq!(fixture.n().await, 1);
    let missing = Statement::of_host("SELECT 1 FROM nothing", Action::Read);
    let error = session.query(&missing, &[]).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Rejected, "{error}");
}

async fn an_unknown_node_is_rejected(fixture: &Fixture) {
    let nowhere = Target::Node("nowhere".to_owned());
    let connected = fixture.database.connect(&nowhere).await.map(|_| ());
    assert_rejected(connected, "no-such-node");
    let read = fixture.statement(READ);
    let answer = fixture.read_at("nowhere", &read).await;
    assert_rejected(answer, "no-such-node");
    for node in fixture.database.nodes() {
        let node = Target::Node(node.clone());
        let session = fixture.database.connect(&node).await.unwrap();
        session.close().await;
    }
}

pub(super) const ENDLESS: &str = "SELECT count(*) FROM things a, things b, things c";

async fn an_abandoned_query_is_stopped(fixture: &Fixture) {
    fill(fixture, 2_000).await;
    let mut session = fixture.session().await;
    let endless = fixture.statement(ENDLESS);
    let time = &fixture.time;
    let counting = session.query(&endless, &[]);
    let counted = time.timeout(Duration::from_millis(50), counting).await;
    assert!(counted.is_none(), "8 billion rows were counted");
    let closed = time.timeout(Duration::from_secs(20), session.close()).await;
    closed.expect("the abandoned query goes on");
}

async fn an_abandoned_write_takes_no_effect_after_the_close(fixture: &Fixture) {
    let (mut holder, mut session) = (fixture.near().await, fixture.near().await);
    holder.begin().await.unwrap();
    fixture.query(&mut holder, READ_LOCKED).await.unwrap();
    let write = fixture.statement(ADD_ONE);
    fixture
        .must_wait(session.execute(&write, &[]), "a write passed a row lock")
        .await;
    // The write waits still, and may or may not get the lock now.
    let closing = fixture.time.spawn(session.close());
    holder.rollback().await.unwrap();
    closing.await.unwrap();
    let at_close = fixture.n().await;
    fixture.time.sleep(A_WHILE).await;
    assert_eq!(
        fixture.n().await,
        at_close,
        "it took effect after the close"
    );
}

/// SQLite's error for a stale snapshot: `sqlite` looks at the code.
pub(super) async fn error_of_a_stale_write(fixture: &Fixture) -> CallError {
    error_after_a_write(fixture, ADD_ONE).await
}
