//! Isolation: anomalies that must not be seen, and locks that exclude.

use super::fixture::Fixture;
use super::{ADD_ONE, READ, READ_LOCKED, assert_conflict, integer, spawn_execute, spawn_query};
use crate::backend_contract::{A_WHILE, assert_rejected};
use contend::capability::statement::Action;
use contend::model::error::{CallError, ErrorKind};

pub(super) async fn anomaly_dirty_read(fixture: &Fixture) {
    let (mut writer, reader) = (fixture.session().await, fixture.session().await);
    writer.begin().await.unwrap();
    fixture.execute(&mut writer, ADD_ONE).await.unwrap();
    let reading = spawn_query(fixture, reader, READ);
    fixture.time.sleep(A_WHILE).await;
    writer.rollback().await.unwrap();
    assert_eq!(integer(&reading.await.unwrap().1.unwrap()), 0);
}

pub(super) async fn anomaly_lost_update(fixture: &Fixture) {
    let (mut one, mut other) = (fixture.session().await, fixture.session().await);
    for session in [&mut one, &mut other] {
        session.begin().await.unwrap();
        assert_eq!(integer(&fixture.query(session, READ).await.unwrap()), 0);
    }
    let write = "UPDATE things SET n = 1 WHERE id = 1";
    fixture.execute(&mut one, write).await.unwrap();
    assert_conflict(fixture.execute(&mut other, write).await);
    one.commit().await.unwrap();
    assert_rejected(other.commit().await, "no-transaction");
}

/// Reads in a transaction, lets another session write, and gives the error of `then`.
pub(super) async fn error_after_a_write(fixture: &Fixture, then: &str) -> CallError {
    let (mut stale, other) = (fixture.session().await, fixture.session().await);
    stale.begin().await.unwrap();
    assert_eq!(integer(&fixture.query(&mut stale, READ).await.unwrap()), 0);
    let writing = spawn_execute(fixture, other, "UPDATE things SET n = 7 WHERE id = 1");
    fixture.time.sleep(A_WHILE).await;
    let error = match fixture.statement(then).action() {
        Action::Read => assert_conflict(fixture.query(&mut stale, then).await),
        _ => assert_conflict(fixture.execute(&mut stale, then).await),
    };
    writing.await.unwrap().1.unwrap();
    assert_rejected(stale.commit().await, "no-transaction");
    assert_eq!(fixture.n().await, 7, "the other's write was lost");
    error
}

pub(super) async fn anomaly_lost_update_through_a_stale_snapshot(fixture: &Fixture) {
    error_after_a_write(fixture, "UPDATE things SET n = 1 WHERE id = 1").await;
}

pub(super) async fn anomaly_lost_update_through_a_late_lock(fixture: &Fixture) {
    error_after_a_write(fixture, READ_LOCKED).await;
}

pub(super) async fn for_update_excludes_for_update(fixture: &Fixture) {
    let (mut first, mut second) = (fixture.near().await, fixture.near().await);
    first.begin().await.unwrap();
    second.begin().await.unwrap();
    let seen = fixture.query(&mut first, READ_LOCKED).await.unwrap();
    assert_eq!(integer(&seen), 0);
    let mut waiting = spawn_query(fixture, second, READ_LOCKED);
    fixture
        .must_wait(&mut waiting, "two sessions hold the same row")
        .await;
    fixture.execute(&mut first, ADD_ONE).await.unwrap();
    first.commit().await.unwrap();
    let (mut second, seen) = waiting.await.unwrap();
    assert_eq!(
        integer(&seen.unwrap()),
        1,
        "the lock came without the write"
    );
    fixture.execute(&mut second, ADD_ONE).await.unwrap();
    second.commit().await.unwrap();
    assert_eq!(fixture.n().await, 2);
}

pub(super) async fn for_update_excludes_a_write(fixture: &Fixture) {
    let (mut holder, writer) = (fixture.near().await, fixture.near().await);
    holder.begin().await.unwrap();
    fixture.query(&mut holder, READ_LOCKED).await.unwrap();
    let mut writing = spawn_execute(fixture, writer, ADD_ONE);
    fixture
        .must_wait(&mut writing, "a write passed a row lock")
        .await;
    holder.rollback().await.unwrap();
    assert_eq!(writing.await.unwrap().1.unwrap(), 1);
}

pub(super) async fn for_update_outside_a_transaction_keeps_nothing(fixture: &Fixture) {
    let (mut one, mut other) = (fixture.session().await, fixture.session().await);
    fixture.query(&mut one, READ_LOCKED).await.unwrap();
    assert_eq!(fixture.execute(&mut other, ADD_ONE).await.unwrap(), 1);
}

pub(super) async fn contended_increments_all_count(fixture: &Fixture) {
    let mut workers = Vec::new();
    for _ in 0..6 {
        let mut session = fixture.session().await;
        let (read, write) = (fixture.statement(READ_LOCKED), fixture.statement(ADD_ONE));
        workers.push(fixture.time.spawn(async move {
            let mut counted = 0;
            for _ in 0..20 {
                session.begin().await.unwrap();
                let changed = match session.query(&read, &[]).await {
                    Ok(_) => session.execute(&write, &[]).await,
                    Err(error) => Err(error),
                };
                let ended = match changed {
                    Ok(_) => session.commit().await,
                    Err(error) => Err(error),
                };
                match ended {
                    Ok(()) => counted += 1,
                    Err(error) => assert_eq!(error.kind, ErrorKind::Conflict, "{error}"),
                }
            }
            session.close().await;
            counted
        }));
    }
    let mut counted = 0;
    for worker in workers {
        counted += worker.await.unwrap();
    }
    assert_eq!(fixture.n().await, counted);
    assert!(counted > 0);
}
