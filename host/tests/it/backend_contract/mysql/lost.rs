//! Connections that are lost, and calls that are abandoned.

use super::*;
use crate::backend_contract::databases::ENDLESS;
use crate::backend_contract::databases::fixture::fill;
use std::time::Duration;
use tokio::time::{sleep, timeout};

async fn kill(fixture: &Fixture, what: &str, thread: i64) {
    let mut killer = fixture.near().await;
    let text = format!("KILL {what} {thread}");
    host(&mut killer, &text, Action::Define).await.unwrap();
    killer.close().await;
}

/// A session that holds the lock of a row.
async fn holder(fixture: &Fixture) -> Box<dyn Session> {
    let mut holder = fixture.near().await;
    holder.begin().await.unwrap();
    fixture.query(&mut holder, READ_LOCKED).await.unwrap();
    holder
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_lost_during_a_write_leaves_it_open_and_is_opened_again() {
    let fixture = mariadb_node().await;
    for in_transaction in [false, true] {
        let _holder = holder(&fixture).await;
        let mut session = fixture.near().await;
        let setting = "SET SESSION innodb_lock_wait_timeout = 33";
        fixture.execute(&mut session, setting).await.unwrap();
        let id = thread(&mut session).await;
        if in_transaction {
            session.begin().await.unwrap();
        }
        let mut writing = spawn_execute(&fixture, session, ADD_ONE);
        must_wait(&mut writing, "a write passed a row lock").await;
        kill(&fixture, "CONNECTION", id).await;
        let (mut session, written) = writing.await.unwrap();
        let error = written.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Indefinite, "{error}");
        assert!(["2013", "1927"].contains(&error.code.as_str()), "{error}");
        assert_rejected(session.commit().await, "no-transaction");
        let seen = rows(&mut session, "SELECT @@innodb_lock_wait_timeout").await;
        assert_eq!(seen, [[Value::Integer(33)]]);
        assert_ne!(thread(&mut session).await, id);
        session.close().await;
    }
    assert_eq!(fixture.n().await, 0);
    fixture.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_lost_during_a_reading_did_nothing() {
    let fixture = mariadb_node().await;
    let _holder = holder(&fixture).await;
    let mut session = fixture.near().await;
    let id = thread(&mut session).await;
    let mut reading = spawn_query(&fixture, session, READ_LOCKED);
    must_wait(&mut reading, "a lock passed a lock").await;
    kill(&fixture, "CONNECTION", id).await;
    let (mut session, read) = reading.await.unwrap();
    let error = read.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
    fixture.query(&mut session, READ).await.unwrap();
    fixture.close().await;
}

/// It was idle when it was lost, and the next statement is not prepared yet.
#[tokio::test(flavor = "multi_thread")]
async fn unsent_call_did_nothing() {
    let fixture = mariadb_node().await;
    let mut session = fixture.near().await;
    let id = thread(&mut session).await;
    kill(&fixture, "CONNECTION", id).await;
    sleep(Duration::from_millis(50)).await;
    let written = fixture.execute(&mut session, ADD_ONE).await;
    let error = written.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
    assert_eq!(fixture.execute(&mut session, ADD_ONE).await.unwrap(), 1);
    assert_eq!(fixture.n().await, 1);
    fixture.close().await;
}

/// A cluster's node says 1213 of a transaction that is killed while it waits for a lock.
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_write_is_undone_with_its_transaction() {
    let fixture = mariadb_node().await;
    let _holder = holder(&fixture).await;
    for in_transaction in [true, false] {
        let mut session = fixture.near().await;
        let id = thread(&mut session).await;
        if in_transaction {
            session.begin().await.unwrap();
        }
        let mut writing = spawn_execute(&fixture, session, ADD_ONE);
        must_wait(&mut writing, "a write passed a row lock").await;
        kill(&fixture, "QUERY", id).await;
        let (mut session, written) = writing.await.unwrap();
        let error = written.unwrap_err();
        let told = (error.kind, error.code.as_str());
        let possible = [
            (ErrorKind::Conflict, "1213"),
            (
                if in_transaction {
                    ErrorKind::Conflict
                } else {
                    ErrorKind::Indefinite
                },
                "1317",
            ),
        ];
        assert!(possible.contains(&told), "{error}");
        assert_rejected(session.commit().await, "no-transaction");
        assert_eq!(thread(&mut session).await, id);
    }
    fixture.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_reading_ends_its_transaction() {
    let fixture = mariadb_node().await;
    fill(&fixture, 2_000).await;
    let mut session = fixture.near().await;
    let id = thread(&mut session).await;
    session.begin().await.unwrap();
    fixture.execute(&mut session, ADD_ONE).await.unwrap();
    let mut reading = spawn_query(&fixture, session, ENDLESS);
    must_wait(&mut reading, "8 billion rows were counted").await;
    kill(&fixture, "QUERY", id).await;
    let (mut session, read) = reading.await.unwrap();
    assert_error(read, ErrorKind::Conflict, "1317");
    assert_rejected(session.commit().await, "no-transaction");
    assert_eq!(fixture.n().await, 0);
    fixture.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abandoned_session_answers_nothing_more() {
    let fixture = mariadb_node().await;
    let _holder = holder(&fixture).await;
    let mut session = fixture.near().await;
    let write = fixture.execute(&mut session, ADD_ONE);
    must_wait(write, "a write passed a row lock").await;
    let begun = timeout(Duration::from_secs(20), session.begin()).await;
    assert_rejected(begun.expect("it waits for the write"), "session-abandoned");
    let written = fixture.execute(&mut session, ADD_ONE).await;
    assert_rejected(written, "session-abandoned");
    session.close().await;
    fixture.close().await;
}

/// The write waits behind a proxy, on a server that the close has to find.
#[tokio::test(flavor = "multi_thread")]
async fn closing_ends_an_abandoned_write_on_whichever_node_it_is() {
    let fixture = galera().await;
    for _ in fixture.database.nodes() {
        let mut session = fixture.session().await;
        let name = rows(&mut session, "SELECT @@wsrep_node_name").await;
        let node = name[0][0].clone().into_text().unwrap();
        let id = thread(&mut session).await;
        let mut holder = fixture.on(&node).await;
        holder.begin().await.unwrap();
        fixture.query(&mut holder, READ_LOCKED).await.unwrap();
        let write = fixture.execute(&mut session, ADD_ONE);
        must_wait(write, "a write passed a row lock").await;
        session.close().await;
        let left = format!("SELECT ID FROM information_schema.PROCESSLIST WHERE ID = {id}");
        assert_eq!(rows(&mut holder, &left).await, Vec::<Row>::new());
        holder.commit().await.unwrap();
        holder.close().await;
    }
    assert_eq!(fixture.n().await, 0);
    fixture.close().await;
}
