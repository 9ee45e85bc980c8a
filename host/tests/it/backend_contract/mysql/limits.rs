//! Options of a run's sessions: the time limit of a statement, and the rows that are counted.

use super::*;
use crate::backend_contract::databases::ENDLESS;
use crate::backend_contract::databases::fixture::fill;
use contend::backend::session_options::{AffectedRows, SessionOptions};
use contend::backend::url::AutocommitWrites;
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};

fn limited() -> SessionOptions {
    SessionOptions {
        statement_limit: Some(Duration::from_secs(1)),
        ..SessionOptions::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_takes_too_long_is_ended_by_its_server() {
    let fixture = node_with(limited()).await;
    fill(&fixture, 2_000).await;
    let mut session = fixture.session().await;
    let began = Instant::now();
    let counted = fixture.query(&mut session, ENDLESS).await;
    assert_error(counted, ErrorKind::Conflict, "1969");
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
    // In a transaction, which is gone then.
    session.begin().await.unwrap();
    fixture.execute(&mut session, ADD_ONE).await.unwrap();
    let endless = "UPDATE things AS a JOIN things AS b JOIN things AS c SET a.n = b.id + c.id";
    let written = fixture.execute(&mut session, endless).await;
    assert_error(written, ErrorKind::Conflict, "1969");
    assert_rejected(session.commit().await, "no-transaction");
    // By itself: whether it was ended before it committed or just after, the code does not say.
    let written = fixture.execute(&mut session, endless).await;
    assert_error(written, ErrorKind::Indefinite, "1969");
    assert_eq!(fixture.n().await, 0);
    fixture.close().await;
}

/// As when the runner is killed: nobody is left to end it.
#[tokio::test(flavor = "multi_thread")]
async fn an_abandoned_query_is_ended_by_its_server() {
    let fixture = node_with(limited()).await;
    fill(&fixture, 2_000).await;
    let mut session = fixture.session().await;
    let id = thread(&mut session).await;
    let counting = async { fixture.query(&mut session, ENDLESS).await };
    let counted = timeout(Duration::from_millis(100), counting).await;
    assert!(counted.is_err(), "8 billion rows were counted");
    std::mem::forget(session);
    sleep(Duration::from_secs(3)).await;
    let mut other = fixture.session().await;
    let look = format!(
        "SELECT ID FROM information_schema.PROCESSLIST WHERE ID = {id} AND COMMAND <> 'Sleep'"
    );
    assert_eq!(rows(&mut other, &look).await, Vec::<Row>::new());
    fixture.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_chooses_which_rows_are_counted() {
    let found = SessionOptions {
        affected_rows: AffectedRows::Found,
        ..SessionOptions::default()
    };
    let upsert = "INSERT INTO things (id, n) VALUES (1, 1) ON DUPLICATE KEY UPDATE n = n";
    for (options, update, unchanged) in [(SessionOptions::default(), 0, 0), (found, 1, 1)] {
        let fixture = node_with(options).await;
        let mut session = fixture.session().await;
        assert_eq!(fixture.execute(&mut session, SET_ONE).await.unwrap(), 1);
        assert_eq!(
            fixture.execute(&mut session, SET_ONE).await.unwrap(),
            update
        );
        assert_eq!(
            fixture.execute(&mut session, upsert).await.unwrap(),
            unchanged
        );
        fixture.close().await;
    }
}

/// In both ways of sending it, the rows are of their columns' types.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_returns_rows_gives_them_in_their_types() {
    for writes in [AutocommitWrites::Prepared, AutocommitWrites::Text] {
        let fixture = node_with(writes).await;
        let mut session = fixture.session().await;
        let insert = "INSERT INTO things (id, n, label, truth, fraction, bytes) VALUES (5, -1, '7', \
                      TRUE, 0.5, X'00FF') RETURNING id, n, label, truth, fraction, bytes, whole";
        let seen = fixture.query(&mut session, insert).await.unwrap();
        let row = [
            Value::Integer(5),
            Value::Integer(-1),
            Value::from("7"),
            Value::Integer(1),
            Value::Real(0.5),
            Value::Bytes(vec![0, 255]),
            Value::Null,
        ];
        assert_eq!(seen, [row], "{writes:?}");
        fixture.close().await;
    }
}

/// A write is open when its answer is lost, whichever call it was given to.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_lost_during_a_write_that_returns_rows_leaves_it_open() {
    let fixture = mariadb_node().await;
    let mut holder = fixture.near().await;
    holder.begin().await.unwrap();
    fixture.query(&mut holder, READ_LOCKED).await.unwrap();
    let mut session = fixture.near().await;
    let id = thread(&mut session).await;
    let delete = "DELETE FROM things WHERE id = 1 RETURNING n";
    let mut deleting = spawn_query(&fixture, session, delete);
    must_wait(&mut deleting, "a write passed a row lock").await;
    let mut killer = fixture.near().await;
    let kill = format!("KILL CONNECTION {id}");
    host(&mut killer, &kill, Action::Define).await.unwrap();
    let error = deleting.await.unwrap().1.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Indefinite, "{error}");
    fixture.close().await;
}
