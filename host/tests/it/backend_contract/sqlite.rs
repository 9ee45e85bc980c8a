//! Properties of SQLite alone.

use super::databases::fixture::{Fixture, fill, sqlite_file, sqlite_memory};
use super::databases::{ENDLESS, error_of_a_stale_write};
use super::{assert_error, assert_rejected, must_wait};
use contend::backend::open_database;
use contend::backend::sqlite::{Sqlite, SqliteLocation};
use contend::backend::url::{AutocommitWrites, DatabaseUrl};
use contend::capability::statement::{Action, Statement};
use contend::model::error::ErrorKind;
use contend::model::value::Value;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_snapshot_has_its_own_code_in_a_file() {
    let fixture = sqlite_file().await;
    assert_eq!(error_of_a_stale_write(&fixture).await.code, "517");
    // In memory a reader keeps the writer from committing, so there are no stale snapshots.
    let fixture = sqlite_memory().await;
    assert_eq!(error_of_a_stale_write(&fixture).await.code, "5");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_lets_read_while_a_row_is_locked() {
    let fixture = sqlite_file().await;
    let mut holder = fixture.session().await;
    holder.begin().await.unwrap();
    let locked = "SELECT n FROM things WHERE id = 1 FOR UPDATE";
    fixture.query(&mut holder, locked).await.unwrap();
    let begun = Instant::now();
    assert_eq!(fixture.n().await, 0);
    // With a lock it would wait until the limit, and end in an error.
    assert!(begun.elapsed() < Duration::from_secs(4));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_stays_away_is_a_conflict() {
    let fixture = sqlite_memory().await;
    let (mut holder, mut other) = (fixture.session().await, fixture.session().await);
    holder.begin().await.unwrap();
    let write = "UPDATE things SET n = 1 WHERE id = 1";
    fixture.execute(&mut holder, write).await.unwrap();
    let begun = Instant::now();
    let result = fixture.execute(&mut other, write).await;
    assert_error(result, ErrorKind::Conflict, "5");
    let waited = begun.elapsed();
    assert!(waited >= Duration::from_secs(4), "{waited:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_impatient_row_lock_is_refused() {
    let fixture = sqlite_memory().await;
    let mut session = fixture.session().await;
    for text in [
        "SELECT n FROM things FOR UPDATE NOWAIT",
        "SELECT n FROM things FOR UPDATE SKIP LOCKED",
        "SELECT n FROM things FOR UPDATE WAIT 1",
    ] {
        let message = assert_rejected(fixture.query(&mut session, text).await, "unsupported");
        assert!(message.contains("SQLite has no row locks"), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_sqlite_ends_by_itself_is_over() {
    let fixture = sqlite_memory().await;
    let mut session = fixture.session().await;
    session.begin().await.unwrap();
    let write = "UPDATE things SET n = 1 WHERE id = 1";
    fixture.execute(&mut session, write).await.unwrap();
    // The SQL policy refuses it: this is the host's own. What is rejected leaves the transaction open, so that
    // it is not.
    let twice = "INSERT OR ROLLBACK INTO things (id, n) VALUES (1, 0)";
    let twice = Statement::of_host(twice, Action::Write);
    let written = session.execute(&twice, &[]).await;
    let message = assert_error(written, ErrorKind::Conflict, "1555");
    assert!(message.contains("rolled back"), "{message}");
    assert_rejected(session.commit().await, "no-transaction");
    assert_eq!(fixture.n().await, 0);
    session.begin().await.unwrap();
    session.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_commit_is_undone_or_stays_open_as_its_error_says() {
    let fixture = sqlite_memory().await;
    let mut session = fixture.session().await;
    let child = "CREATE TABLE child (thing REFERENCES things DEFERRABLE INITIALLY DEFERRED)";
    let orphan = "INSERT INTO child VALUES (99)";
    let host = |text| Statement::of_host(text, Action::Write);
    session.execute(&host(child), &[]).await.unwrap();
    session.begin().await.unwrap();
    session.execute(&host(orphan), &[]).await.unwrap();
    assert_rejected(session.commit().await, "787");
    let cure = host("DELETE FROM child");
    session.execute(&cure, &[]).await.unwrap();
    session.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn setting_unknown_to_sqlite_is_refused() {
    let fixture = sqlite_memory().await;
    let mut session = fixture.session().await;
    let setting = "SET SESSION wsrep_sync_wait = 1";
    assert_rejected(fixture.execute(&mut session, setting).await, "unsupported");
}

#[tokio::test(flavor = "multi_thread")]
async fn value_that_sqlite_can_not_store_is_refused() {
    let fixture = sqlite_memory().await;
    let mut session = fixture.session().await;
    let write = fixture.statement("UPDATE things SET label = ? WHERE id = 1");
    let result = session.execute(&write, &[Value::Real(f64::NAN)]).await;
    assert_rejected(result, "not-a-number");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_larger_than_the_bound_is_refused_and_the_session_lives() {
    let fixture = sqlite_memory().await;
    fill(&fixture, 100).await;
    let mut session = fixture.session().await;
    let write = fixture.statement("UPDATE things SET label = ? WHERE id = 1");
    let long = Value::from("x".repeat(1_000_000));
    session.execute(&write, &[long]).await.unwrap();
    let large = "SELECT a.label FROM things a, things b WHERE a.id = 1";
    assert_rejected(fixture.query(&mut session, large).await, "answer-too-large");
    let small = "SELECT n FROM things WHERE id = 1";
    fixture.query(&mut session, small).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abandoned_session_answers_nothing_more_and_stops_without_a_close() {
    let fixture = sqlite_memory().await;
    fill(&fixture, 2_000).await;
    let (mut session, mut other) = (fixture.session().await, fixture.session().await);
    let query = fixture.query(&mut session, ENDLESS);
    must_wait(query, "8 billion rows were counted").await;
    let begun = timeout(Duration::from_secs(20), session.begin()).await;
    assert_rejected(begun.expect("it waits for the query"), "session-abandoned");
    let write = "UPDATE things SET n = 1 WHERE id = 1";
    assert_rejected(
        fixture.execute(&mut session, write).await,
        "session-abandoned",
    );
    drop(session);
    // In memory the query would keep every writer from committing for as long as it runs.
    fixture.execute(&mut other, write).await.unwrap();
}

/// On a runtime of one thread, whatever blocks it blocks the ticks.
#[tokio::test]
async fn a_busy_session_holds_no_other_up() {
    let fixture = sqlite_memory().await;
    fill(&fixture, 2_000).await;
    let mut session = fixture.session().await;
    let endless = fixture.statement(ENDLESS);
    let busy = tokio::spawn(async move { session.query(&endless, &[]).await });
    let mut longest = Duration::ZERO;
    for _ in 0..50 {
        let begun = Instant::now();
        sleep(Duration::from_millis(2)).await;
        longest = longest.max(begun.elapsed());
    }
    busy.abort();
    // Had it the thread, that would be for minutes.
    assert!(longest < Duration::from_secs(5), "{longest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_is_no_database_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text.db");
    std::fs::write(
        &text,
        "this is no database, though it is long enough for a header".repeat(9),
    )
    .unwrap();
    let missing = folder.path().join("missing/x.db");
    for (path, kind, says) in [
        (text, ErrorKind::Rejected, "not a database"),
        (missing, ErrorKind::Unavailable, "its folder doesn't exist"),
        (
            folder.path().to_owned(),
            ErrorKind::Unavailable,
            "it is a folder",
        ),
    ] {
        let opened = Sqlite::open(SqliteLocation::File(path.clone())).await;
        let error = opened.err().expect("an error");
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.message.contains(says), "{error}");
        assert!(error.message.contains(path.to_str().unwrap()), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_database_is_fresh_and_a_named_one_stays() {
    let folder = tempfile::tempdir().unwrap();
    let fresh = folder.path().join("run.db");
    open_database(
        &DatabaseUrl::SqliteFresh,
        &[],
        AutocommitWrites::Prepared,
        &fresh,
    )
    .await
    .unwrap()
    .close()
    .await;
    let again = open_database(
        &DatabaseUrl::SqliteFresh,
        &[],
        AutocommitWrites::Prepared,
        &fresh,
    )
    .await
    .map(|_| ());
    assert_rejected(again, "file-exists");
    // A path that looks like one of SQLite's URLs is a path.
    let named = DatabaseUrl::SqliteFile(folder.path().join("a?mode=ro#b.db"));
    open_database(&named, &[], AutocommitWrites::Prepared, &fresh)
        .await
        .unwrap()
        .close()
        .await;
    assert!(folder.path().join("a?mode=ro#b.db").exists());
}

/// Each database in memory is its own.
#[tokio::test(flavor = "multi_thread")]
async fn two_databases_in_memory_do_not_meet() {
    let (one, other): (Fixture, Fixture) = (sqlite_memory().await, sqlite_memory().await);
    let mut session = one.session().await;
    let write = "UPDATE things SET n = 1 WHERE id = 1";
    one.execute(&mut session, write).await.unwrap();
    assert_eq!((one.n().await, other.n().await), (1, 0));
}
