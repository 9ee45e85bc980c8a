//! Isolation levels and row locks.

use super::{ADD_ONE, LOCK, n};
use crate::backend_contract::databases::fixture::Fixture;
use crate::backend_contract::databases::postgres::{postgres_node, postgres_pooled};
use crate::backend_contract::databases::{spawn_execute, spawn_query};
use crate::backend_contract::{assert_error, assert_rejected, contract};
use contend::model::error::ErrorKind::Conflict;
use contend::model::value::Value;
use std::time::Duration;

macro_rules! every_isolation_script_on {
    ($($backend:ident),*) => {
        $(contract! { $backend:
            a_row_that_changed_while_it_was_waited_for_is_looked_at_again,
            a_second_writer_of_a_snapshot_is_a_conflict,
            write_skew_of_serializable_transactions_is_a_conflict,
            an_isolation_level_for_one_transaction_ends_with_it,
            shared_locks_share_and_two_upgrades_deadlock,
            a_locked_row_is_refused_skipped_or_waited_for_up_to_a_limit,
        })*
    };
}
every_isolation_script_on!(postgres_node, postgres_pooled);

/// At READ COMMITTED, the condition is asked once more of the row as it has become.
async fn a_row_that_changed_while_it_was_waited_for_is_looked_at_again(fixture: &Fixture) {
    let swap = "UPDATE things SET n = 1 WHERE id = 1 AND n = 0";
    let (mut first, second) = (fixture.near().await, fixture.near().await);
    first.begin().await.unwrap();
    assert_eq!(fixture.execute(&mut first, swap).await.unwrap(), 1);
    let mut swapping = spawn_execute(fixture, second, swap);
    fixture
        .must_wait(&mut swapping, "a write passed a lock")
        .await;
    first.commit().await.unwrap();
    assert_eq!(swapping.await.unwrap().1.unwrap(), 0);
    assert_eq!(fixture.n().await, 1);
}

async fn a_second_writer_of_a_snapshot_is_a_conflict(fixture: &Fixture) {
    let (mut stale, mut other) = (fixture.near().await, fixture.near().await);
    let level = "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ";
    fixture.execute(&mut stale, level).await.unwrap();
    for statement in [ADD_ONE, LOCK] {
        stale.begin().await.unwrap();
        n(fixture, &mut stale).await;
        fixture.execute(&mut other, ADD_ONE).await.unwrap();
        let failed = match fixture.statement(statement).returns_rows() {
            true => fixture.query(&mut stale, statement).await.map(drop),
            false => fixture.execute(&mut stale, statement).await.map(drop),
        };
        assert_error(failed, Conflict, "40001");
        assert_rejected(stale.commit().await, "no-transaction");
    }
    assert_eq!(fixture.n().await, 2);
}

async fn write_skew_of_serializable_transactions_is_a_conflict(fixture: &Fixture) {
    let (mut one, mut other) = (fixture.near().await, fixture.near().await);
    let all = "SELECT n FROM things WHERE id IN (1, 2)";
    for session in [&mut one, &mut other] {
        let level = "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE";
        fixture.execute(session, level).await.unwrap();
        session.begin().await.unwrap();
        fixture.query(session, all).await.unwrap();
    }
    fixture.execute(&mut one, ADD_ONE).await.unwrap();
    let second = "UPDATE things SET n = n + 1 WHERE id = 2";
    fixture.execute(&mut other, second).await.unwrap();
    one.commit().await.unwrap();
    assert_error(other.commit().await, Conflict, "40001");
}

async fn an_isolation_level_for_one_transaction_ends_with_it(fixture: &Fixture) {
    let (mut session, mut writer) = (fixture.near().await, fixture.near().await);
    let level = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ";
    fixture.execute(&mut session, level).await.unwrap();
    for sees_the_write in [false, true] {
        session.begin().await.unwrap();
        assert_rejected(fixture.execute(&mut session, level).await, "25001");
        let before = n(fixture, &mut session).await;
        fixture.execute(&mut writer, ADD_ONE).await.unwrap();
        let after = n(fixture, &mut session).await;
        assert_eq!(after > before, sees_the_write);
        session.commit().await.unwrap();
    }
}

async fn shared_locks_share_and_two_upgrades_deadlock(fixture: &Fixture) {
    let shared = "SELECT n FROM things WHERE id = 1 FOR SHARE";
    let (mut one, mut other) = (fixture.near().await, fixture.near().await);
    for session in [&mut one, &mut other] {
        session.begin().await.unwrap();
        fixture.query(session, shared).await.unwrap();
    }
    let mut writing = spawn_execute(fixture, one, ADD_ONE);
    fixture
        .must_wait(&mut writing, "a write passed a shared lock")
        .await;
    let second = fixture.execute(&mut other, ADD_ONE).await;
    if second.is_ok() {
        other.commit().await.unwrap();
    }
    let (mut one, first) = writing.await.unwrap();
    if first.is_ok() {
        one.commit().await.unwrap();
    }
    let errors: Vec<_> = [first, second]
        .into_iter()
        .filter_map(Result::err)
        .collect();
    let [error] = errors.as_slice() else {
        panic!("{errors:?}");
    };
    assert_eq!((error.kind, &*error.code), (Conflict, "40P01"));
    assert_eq!(fixture.n().await, 1);
}

async fn a_locked_row_is_refused_skipped_or_waited_for_up_to_a_limit(fixture: &Fixture) {
    let (mut holder, mut other) = (fixture.near().await, fixture.near().await);
    holder.begin().await.unwrap();
    fixture.query(&mut holder, LOCK).await.unwrap();
    let nowait = format!("{LOCK} NOWAIT");
    assert_error(fixture.query(&mut other, &nowait).await, Conflict, "55P03");
    let skip = "SELECT id FROM things WHERE id IN (1, 2) FOR UPDATE SKIP LOCKED";
    let rows = fixture.query(&mut other, skip).await.unwrap();
    assert_eq!(rows, [[Value::Integer(2)]]);
    let limit = "SET lock_timeout = 100";
    fixture.execute(&mut other, limit).await.unwrap();
    let waiting = spawn_query(fixture, other, LOCK);
    let told = fixture.time.timeout(Duration::from_secs(10), waiting).await;
    let (_, told) = told.expect("the wait ends").unwrap();
    assert_error(told, Conflict, "55P03");
    holder.rollback().await.unwrap();
}
