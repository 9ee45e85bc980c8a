//! Properties of PostgreSQL alone.

mod isolation;
mod pooled;
mod standbys;

use super::databases::fixture::Fixture;
use super::databases::postgres::{addresses, node_with, postgres_node};
use super::databases::spawn_execute;
use super::{A_WHILE, assert_error, assert_rejected, contract};
use contend::backend::postgres::Postgres;
use contend::backend::session_options::SessionOptions;
use contend::capability::database::{Database, Freshness, Session, Target};
use contend::capability::statement::{Action, Statement};
use contend::model::error::ErrorKind::{Conflict, Indefinite, Rejected};
use contend::model::value::Value;
use std::time::Duration;

const ADD_ONE: &str = "UPDATE things SET n = n + 1 WHERE id = 1";
const READ: &str = "SELECT n FROM things WHERE id = 1";
const LOCK: &str = "SELECT n FROM things WHERE id = 1 FOR UPDATE";
const TWICE: &str = "INSERT INTO things (id, n) VALUES (2, 0)";

contract! { postgres_node:
    a_transaction_with_a_rejection_can_only_be_rolled_back,
    a_write_whose_connection_is_ended_is_indefinite,
    a_session_that_was_ended_is_opened_again_with_its_settings,
    one_text_takes_parameters_of_different_types,
    a_text_is_taken_for_what_the_column_is,
    numbers_and_times_without_a_type_of_the_contract_are_texts,
    a_row_that_refers_to_nothing_is_named,
    matched_rows_are_counted,
}

async fn n(fixture: &Fixture, session: &mut Box<dyn Session>) -> i64 {
    match fixture.query(session, READ).await.unwrap().as_slice() {
        [row] => match row.as_slice() {
            [Value::Integer(n)] => *n,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

async fn a_transaction_with_a_rejection_can_only_be_rolled_back(fixture: &Fixture) {
    let mut session = fixture.near().await;
    session.begin().await.unwrap();
    fixture.execute(&mut session, ADD_ONE).await.unwrap();
    assert_rejected(fixture.execute(&mut session, TWICE).await, "23505");
    assert_rejected(fixture.execute(&mut session, ADD_ONE).await, "25P02");
    assert_rejected(fixture.query(&mut session, READ).await, "25P02");
    assert_rejected(session.begin().await, "transaction-open");
    assert_error(session.commit().await, Conflict, "25P02");
    assert_rejected(session.commit().await, "no-transaction");
    assert_eq!(fixture.n().await, 0);
    session.begin().await.unwrap();
    assert_rejected(fixture.execute(&mut session, TWICE).await, "23505");
    session.rollback().await.unwrap();
    fixture.execute(&mut session, ADD_ONE).await.unwrap();
    assert_eq!(fixture.n().await, 1);
}

/// Ends the connection that waits for a lock.
async fn end_the_one_that_waits(fixture: &Fixture) {
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE things%' \
               AND pid IN (SELECT pid FROM pg_locks WHERE relation = 'things'::regclass)";
    let end = Statement::of_host(end, Action::Read);
    let node = &fixture.database.nodes()[0];
    loop {
        let ended = fixture
            .database
            .read(node, Freshness::AsItIs, &end, &[])
            .await;
        if !ended.unwrap().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn a_write_whose_connection_is_ended_is_indefinite(fixture: &Fixture) {
    let (mut holder, writer) = (fixture.near().await, fixture.near().await);
    holder.begin().await.unwrap();
    fixture.query(&mut holder, LOCK).await.unwrap();
    let writing = spawn_execute(fixture, writer, ADD_ONE);
    end_the_one_that_waits(fixture).await;
    let (mut writer, written) = writing.await.unwrap();
    assert_error(written, Indefinite, "57P01");
    holder.rollback().await.unwrap();
    fixture.execute(&mut writer, ADD_ONE).await.unwrap();
    writer.close().await;
    assert_eq!(fixture.n().await, 1);
}

async fn a_session_that_was_ended_is_opened_again_with_its_settings(fixture: &Fixture) {
    let mut session = fixture.near().await;
    let limit = "SET lock_timeout = 100";
    fixture.execute(&mut session, limit).await.unwrap();
    let mut holder = fixture.near().await;
    holder.begin().await.unwrap();
    let free = "SELECT n FROM things WHERE id = 2 FOR UPDATE";
    fixture.query(&mut holder, free).await.unwrap();
    session.begin().await.unwrap();
    fixture.query(&mut session, LOCK).await.unwrap();
    // All but the one that ends them.
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE state = 'idle in transaction' AND pid IN \
               (SELECT pid FROM pg_locks WHERE relation = 'things'::regclass)";
    let end = Statement::of_host(end, Action::Read);
    let node = &fixture.database.nodes()[0];
    let ended = fixture
        .database
        .read(node, Freshness::AsItIs, &end, &[])
        .await;
    assert_eq!(ended.unwrap().len(), 2);
    let lost = fixture.execute(&mut session, ADD_ONE).await.unwrap_err();
    assert_eq!(lost.kind, Indefinite, "{lost}");
    assert_rejected(session.commit().await, "no-transaction");
    let mut holder = fixture.near().await;
    holder.begin().await.unwrap();
    fixture.query(&mut holder, LOCK).await.unwrap();
    assert_error(
        fixture.execute(&mut session, ADD_ONE).await,
        Conflict,
        "55P03",
    );
    holder.rollback().await.unwrap();
    session.close().await;
}

/// The server knows a prepared statement with the types of its parameters.
async fn one_text_takes_parameters_of_different_types(fixture: &Fixture) {
    let mut session = fixture.near().await;
    let write = fixture.statement("UPDATE things SET whole = ?, label = ? WHERE id = 1");
    let read = fixture.statement("SELECT whole, label FROM things WHERE id = 1");
    let values = [
        [Value::Null, Value::Null],
        [Value::Integer(7), Value::from("seven")],
        [Value::Null, Value::from("none")],
        [Value::Integer(-1), Value::Null],
        [Value::Integer(8), Value::from("eight")],
    ];
    for parameters in values.iter().chain(&values) {
        assert_eq!(session.execute(&write, parameters).await.unwrap(), 1);
        assert_eq!(
            session.query(&read, &[]).await.unwrap(),
            [parameters.as_slice()]
        );
    }
    let text = |text: &str| [Value::from(text), Value::Null];
    assert_eq!(session.execute(&write, &text("9")).await.unwrap(), 1);
    assert_eq!(
        session.query(&read, &[]).await.unwrap(),
        [[Value::Integer(9), Value::Null]]
    );
    assert_rejected(session.execute(&write, &text("nine")).await, "22P02");
    // The session forgets its texts before the driver forgets its statements: this one would be that
    // of a NULL, which the server takes for an integer of four bytes.
    let count = fixture.statement("SELECT count(*) FROM things WHERE n = ?");
    for (parameter, found) in [(Value::Null, 0), (Value::Integer(0), 2)] {
        for number in 0..40 {
            let other = format!("SELECT {number}, {found} FROM things WHERE id = ?");
            let other = fixture.statement(&other);
            session.query(&other, &[Value::Integer(1)]).await.unwrap();
            let counted = session
                .query(&count, std::slice::from_ref(&parameter))
                .await;
            assert_eq!(counted.unwrap(), [[Value::Integer(found)]]);
        }
    }
}

/// As a literal is read: whatever the column is.
async fn a_text_is_taken_for_what_the_column_is(fixture: &Fixture) {
    let mut session = fixture.near().await;
    let define = "CREATE TABLE kinds (id uuid PRIMARY KEY, at timestamptz, day date, \
                  much numeric(20, 2), label varchar(19))";
    let define = Statement::of_host(define, Action::Define);
    session.execute(&define, &[]).await.unwrap();
    let insert = "INSERT INTO kinds (id, at, day, much, label) VALUES (?, ?, ?, ?, ?)";
    let insert = Statement::of_host(insert, Action::Write);
    let id = "7b3f0a52-94c1-4c0e-8a43-1f9b8f0c2d11";
    let texts = [
        id,
        "2026-01-02 03:04:05+02",
        "2026-01-02",
        "12345678901234567.89",
        "2026-01-02",
    ];
    let values = texts.map(Value::from);
    assert_eq!(session.execute(&insert, &values).await.unwrap(), 1);
    let read = "SELECT id::text, at, day, much, label FROM kinds \
                WHERE id = ? AND at > ? AND day = ? AND much < ? AND label = ?";
    let read = Statement::of_host(read, Action::Read);
    let bounds = [id, "2026-01-01", "20260102", "1e17", "2026-01-02"].map(Value::from);
    let mut expected = values.clone();
    expected[1] = Value::from("2026-01-02 01:04:05+00");
    assert_eq!(session.query(&read, &bounds).await.unwrap(), [expected]);
    session.begin().await.unwrap();
    let mut wrong = bounds;
    wrong[1] = Value::from("soon");
    assert_rejected(session.query(&read, &wrong).await, "22007");
    session.rollback().await.unwrap();
    session.close().await;
}

async fn numbers_and_times_without_a_type_of_the_contract_are_texts(fixture: &Fixture) {
    let read = "SELECT 12345678901234567890.50::numeric, -0.00012::numeric, 1000000::numeric, \
                0.0::numeric, 'NaN'::numeric, '2026-01-02 03:04:05.6'::timestamp, \
                '2026-01-02 03:04:05+02'::timestamptz, '2026-01-02'::date, '03:04:05'::time, \
                'x'::char(3), 1.5::real, 7::smallint, true, NULL";
    let read = Statement::of_host(read, Action::Read);
    let mut session = fixture.near().await;
    let rows = session.query(&read, &[]).await.unwrap();
    let text = Value::from;
    let expected = [
        text("12345678901234567890.50"),
        text("-0.00012"),
        text("1000000"),
        text("0.0"),
        text("NaN"),
        text("2026-01-02 03:04:05.600"),
        text("2026-01-02 01:04:05+00"),
        text("2026-01-02"),
        text("03:04:05"),
        text("x  "),
        Value::Real(1.5),
        Value::Integer(7),
        Value::Boolean(true),
        Value::Null,
    ];
    assert_eq!(rows, [expected]);
    let other = Statement::of_host("SELECT '{1}'::int[]", Action::Read);
    let message = assert_rejected(session.query(&other, &[]).await, "decode");
    assert!(message.contains("INT4[]"), "{message}");
}

async fn a_row_that_refers_to_nothing_is_named(fixture: &Fixture) {
    let mut session = fixture.near().await;
    let define = "CREATE TABLE children (id int PRIMARY KEY, \
                  parent int CONSTRAINT of_parent REFERENCES things (id))";
    let define = Statement::of_host(define, Action::Define);
    session.execute(&define, &[]).await.unwrap();
    let insert = Statement::of_host("INSERT INTO children VALUES (1, 77)", Action::Write);
    let error = session.execute(&insert, &[]).await.unwrap_err();
    assert_eq!((error.kind, &*error.code), (Rejected, "23503"));
    let row = error.row.unwrap();
    assert_eq!(row.table.as_deref(), Some("children"));
    assert_eq!(row.key.as_deref(), Some("of_parent"));
    assert_eq!(row.value.as_deref(), Some("77"));
}

/// A compare-and-swap that writes what is there already counts as one that won.
async fn matched_rows_are_counted(fixture: &Fixture) {
    let mut session = fixture.near().await;
    let same = "UPDATE things SET n = 0 WHERE id = 1";
    assert_eq!(fixture.execute(&mut session, same).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_server_that_is_named_twice_is_refused() {
    let (endpoint, nodes) = addresses();
    let twice = [nodes[0].clone(), nodes[0].clone()];
    let opened = Postgres::open(&endpoint, &twice, SessionOptions::default()).await;
    assert_rejected(opened.map(|_| ()), "same-node");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_takes_too_long_is_ended_by_the_server() {
    let options = SessionOptions {
        statement_limit: Some(A_WHILE),
        ..SessionOptions::default()
    };
    let fixture = node_with(options).await;
    let (mut holder, mut waiter) = (fixture.near().await, fixture.near().await);
    holder.begin().await.unwrap();
    fixture.query(&mut holder, LOCK).await.unwrap();
    assert_error(
        fixture.execute(&mut waiter, ADD_ONE).await,
        Conflict,
        "57014",
    );
    holder.rollback().await.unwrap();
    fixture.close().await;
}

/// The tables of the trial are in its schema, and the schema is gone with it.
#[tokio::test(flavor = "multi_thread")]
async fn schema_of_a_trial_is_removed_when_it_is_closed() {
    let fixture = postgres_node().await;
    let look = Statement::of_host("SELECT current_schema()::text", Action::Read);
    let mut session = fixture.near().await;
    let rows = session.query(&look, &[]).await.unwrap();
    let Value::Text(schema) = &rows[0][0] else {
        panic!("{rows:?}");
    };
    assert!(schema.starts_with("contend_run_"), "{schema}");
    session.close().await;
    fixture.close().await;
    let (_, nodes) = addresses();
    let database = Postgres::open(&nodes[0], &[], SessionOptions::default()).await;
    let database = database.unwrap();
    let look = format!("SELECT 1 FROM pg_namespace WHERE nspname = '{schema}'");
    let look = Statement::of_host(look, Action::Read);
    let mut session = database.connect(&Target::Endpoint).await.unwrap();
    assert!(session.query(&look, &[]).await.unwrap().is_empty());
    session.close().await;
    database.close().await;
}
