//! Properties of MariaDB alone: one server and a cluster.

mod cluster;
mod connections;
mod faults;
mod limits;
mod lost;
mod stored;
mod triggers;

use super::databases::fixture::Fixture;
use super::databases::mariadb::{
    addresses, galera, galera_as_text, galera_of, mariadb_node, node_with,
};
use super::databases::{spawn_execute, spawn_query};
use super::{assert_error, assert_rejected, must_wait};
use contend::capability::database::Session;
use contend::capability::statement::{Action, Statement};
use contend::model::error::{CallError, ErrorKind};
use contend::model::value::{Row, Value};

const SET_ONE: &str = "UPDATE things SET n = 1 WHERE id = 1";
const ADD_ONE: &str = "UPDATE things SET n = n + 1 WHERE id = 1";
const READ: &str = "SELECT n FROM things WHERE id = 1";
const READ_LOCKED: &str = "SELECT n FROM things WHERE id = 1 FOR UPDATE";

/// Runs a statement of the host's own.
async fn host(
    session: &mut Box<dyn Session>,
    text: &str,
    action: Action,
) -> Result<u64, CallError> {
    session
        .execute(&Statement::of_host(text, action), &[])
        .await
}

async fn rows(session: &mut Box<dyn Session>, text: &str) -> Vec<Row> {
    let statement = Statement::of_host(text, Action::Read);
    session.query(&statement, &[]).await.unwrap()
}

/// The number of the session's connection on its server.
async fn thread(session: &mut Box<dyn Session>) -> i64 {
    match rows(session, "SELECT CONNECTION_ID()").await[0][0] {
        Value::Integer(id) => id,
        ref other => panic!("not a number: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_changes_nothing_affects_nothing() {
    let fixture = mariadb_node().await;
    let mut session = fixture.session().await;
    assert_eq!(fixture.execute(&mut session, SET_ONE).await.unwrap(), 1);
    assert_eq!(fixture.execute(&mut session, SET_ONE).await.unwrap(), 0);
    session.begin().await.unwrap();
    assert_eq!(fixture.execute(&mut session, SET_ONE).await.unwrap(), 0);
    session.commit().await.unwrap();
    fixture.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_parent_row_names_table_and_constraint() {
    let fixture = mariadb_node().await;
    let mut session = fixture.session().await;
    let tables = "CREATE TABLE children (id INT PRIMARY KEY, parent INT, \
                  CONSTRAINT of_thing FOREIGN KEY (parent) REFERENCES things (id))";
    host(&mut session, tables, Action::Define).await.unwrap();
    let orphan = "INSERT INTO children VALUES (1, 99)";
    let refused = host(&mut session, orphan, Action::Write).await;
    let row = refused.as_ref().unwrap_err().row.clone().expect("a row");
    let named = (row.table.as_deref(), row.key.as_deref(), row.value);
    assert_eq!(named, (Some("children"), Some("of_thing"), None));
    assert_error(refused, ErrorKind::Rejected, "1452");
    host(&mut session, "DROP TABLE children", Action::Define)
        .await
        .unwrap();
    fixture.close().await;
}

/// At the isolation level that MariaDB has by default.
#[tokio::test(flavor = "multi_thread")]
async fn an_update_lost_between_read_and_write_is_silent() {
    let fixture = mariadb_node().await;
    let (mut one, mut other) = (fixture.near().await, fixture.near().await);
    for session in [&mut one, &mut other] {
        session.begin().await.unwrap();
        fixture.query(session, READ).await.unwrap();
    }
    fixture.execute(&mut one, SET_ONE).await.unwrap();
    let twice = "UPDATE things SET n = 2 WHERE id = 1";
    let mut writing = spawn_execute(&fixture, other, twice);
    must_wait(&mut writing, "a write passed a row lock").await;
    one.commit().await.unwrap();
    let (mut other, written) = writing.await.unwrap();
    assert_eq!(written.unwrap(), 1);
    other.commit().await.unwrap();
    assert_eq!(fixture.n().await, 2);
    fixture.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_snapshot_isolation_the_stale_write_is_a_conflict() {
    let fixture = mariadb_node().await;
    let (mut stale, mut other) = (fixture.near().await, fixture.near().await);
    let on = "SET SESSION innodb_snapshot_isolation = ON";
    host(&mut stale, on, Action::Set).await.unwrap();
    stale.begin().await.unwrap();
    fixture.query(&mut stale, READ).await.unwrap();
    fixture.execute(&mut other, ADD_ONE).await.unwrap();
    let written = fixture.execute(&mut stale, SET_ONE).await;
    assert_error(written, ErrorKind::Conflict, "1020");
    assert_rejected(stale.commit().await, "no-transaction");
    assert_eq!(fixture.n().await, 1);
    fixture.close().await;
}

/// MariaDB undoes no more than the statement that waited too long.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_stays_away_undoes_the_transaction() {
    let fixture = mariadb_node().await;
    let (mut holder, mut other) = (fixture.near().await, fixture.impatient().await);
    holder.begin().await.unwrap();
    fixture.query(&mut holder, READ_LOCKED).await.unwrap();
    other.begin().await.unwrap();
    let second = "UPDATE things SET n = 7 WHERE id = 2";
    fixture.execute(&mut other, second).await.unwrap();
    let written = fixture.execute(&mut other, ADD_ONE).await;
    assert_error(written, ErrorKind::Conflict, "1205");
    assert_rejected(other.commit().await, "no-transaction");
    let label = "UPDATE things SET label = 'x' WHERE id = 2";
    fixture.execute(&mut other, label).await.unwrap();
    let seen = rows(&mut other, "SELECT n, label FROM things WHERE id = 2").await;
    assert_eq!(seen, [[Value::Integer(0), Value::from("x")]]);
    fixture.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadlock_of_two_sessions_is_reported() {
    let fixture = mariadb_node().await;
    let (mut one, mut other) = (fixture.near().await, fixture.near().await);
    let second = "UPDATE things SET n = n + 1 WHERE id = 2";
    one.begin().await.unwrap();
    other.begin().await.unwrap();
    fixture.execute(&mut one, ADD_ONE).await.unwrap();
    fixture.execute(&mut other, second).await.unwrap();
    let mut waiting = spawn_execute(&fixture, one, second);
    must_wait(&mut waiting, "a write passed a row lock").await;
    let result = fixture.execute(&mut other, ADD_ONE).await;
    let (mut one, waited) = waiting.await.unwrap();
    // Either may be the one.
    let (loser, error) = match (result, waited) {
        (Err(error), Ok(_)) => (&mut other, error),
        (Ok(_), Err(error)) => (&mut one, error),
        both => panic!("{both:?}"),
    };
    assert_error(Err::<(), _>(error), ErrorKind::Conflict, "1213");
    assert_rejected(loser.commit().await, "no-transaction");
    fixture.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duplicate_key_is_rejected() {
    let fixture = mariadb_node().await;
    let mut session = fixture.session().await;
    let twice = "INSERT INTO things (id, n) VALUES (1, 0)";
    assert_rejected(fixture.execute(&mut session, twice).await, "1062");
    fixture.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_what_the_server_makes_of_it() {
    let fixture = mariadb_node().await;
    let mut session = fixture.session().await;
    let differing = "SELECT VARIABLE_NAME FROM information_schema.SYSTEM_VARIABLES \
                     WHERE VARIABLE_SCOPE = 'SESSION' AND SESSION_VALUE <> GLOBAL_VALUE \
                     AND VARIABLE_NAME NOT LIKE 'CHARACTER_SET%' \
                     AND VARIABLE_NAME NOT LIKE 'COLLATION%'";
    let seen = rows(&mut session, differing).await;
    assert_eq!(seen, Vec::<Row>::new());
    fixture.close().await;
}

/// A statement of the host's own stands in for a server that ends a transaction without a word.
#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_ran_outside_its_transaction_is_reported() {
    let fixture = mariadb_node().await;
    let mut session = fixture.session().await;
    session.begin().await.unwrap();
    let ended = host(&mut session, "ROLLBACK", Action::Write).await;
    assert_error(ended, ErrorKind::Indefinite, "transaction-lost");
    assert_rejected(session.commit().await, "no-transaction");
    fixture.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_larger_than_the_bound_is_refused_and_the_session_lives() {
    let fixture = mariadb_node().await;
    let mut session = fixture.session().await;
    let large = "SELECT REPEAT('x', 10000000) FROM seq_1_to_10";
    let statement = Statement::of_host(large, Action::Read);
    let answer = session.query(&statement, &[]).await;
    assert_rejected(answer, "answer-too-large");
    assert_eq!(rows(&mut session, "SELECT 1").await, [[Value::Integer(1)]]);
    fixture.close().await;
}
