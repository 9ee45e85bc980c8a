//! The forms of SQL that the SQL policy lets through, each run on what it is let through to.

use super::*;

/// Written the same for all.
const FORMS: &[&str] = &[
    "SELECT DISTINCT n AS total FROM things AS t WHERE t.id IN (1, 2) ORDER BY total DESC LIMIT 5",
    "SELECT count(*) AS rows_of_it FROM things WHERE label IS NOT NULL",
    "SELECT CASE WHEN n = 0 THEN 'none' ELSE 'some' END AS number FROM things ORDER BY 1",
    "SELECT coalesce(label, 'x'), lower(label), length(label), abs(n) FROM things",
    "SELECT n FROM things WHERE id = 1 FOR UPDATE",
    "SELECT id FROM things WHERE EXISTS (SELECT 1 FROM things AS t WHERE t.n = things.n)",
    "SELECT CURRENT_TIMESTAMP, CURRENT_DATE",
    "UPDATE things SET n = n + 1, label = CURRENT_TIMESTAMP WHERE id = 2 AND n < 5",
    "INSERT INTO things (id, n) VALUES (10, 1), (11, 1)",
    "DELETE FROM things WHERE id BETWEEN 10 AND 11 AND NOT n IN (7, 8)",
    "INSERT INTO things (id, n) VALUES (12, 1) RETURNING id, n AS many",
    "DELETE FROM things WHERE id = 12 RETURNING *",
];

const OF_SQLITE_AND_MYSQL: &[&str] = &[
    "SELECT n AS `key`, CURRENT_TIME FROM things",
    "SELECT n FROM things WHERE id = 1 LOCK IN SHARE MODE",
    "REPLACE INTO things (id, n) VALUES (13, 2)",
];

const OF_POSTGRES: &[&str] = &[
    "SELECT n AS Key, LOCALTIME FROM things",
    "SELECT n FROM things WHERE id = 1 FOR SHARE",
    "SELECT n FROM things WHERE id = 1 FOR UPDATE NOWAIT",
    "SELECT n FROM things FOR SHARE SKIP LOCKED",
    "SELECT now(), statement_timestamp(), LOCALTIMESTAMP, greatest(n, 1), mod(n, 3) FROM things",
    "SELECT sum(whole), avg(n), sum(fraction) FROM things",
    "SELECT truth IS TRUE, id IS DISTINCT FROM 2, label || 'x' FROM things ORDER BY id NULLS LAST",
    "UPDATE things SET n = 3 WHERE id = 2 RETURNING id",
    "UPDATE things SET (n, label) = (4, 'four') WHERE id = 2",
    "UPDATE things SET n = other.n FROM things AS other WHERE other.id = 1 AND things.id = 2",
    "INSERT INTO things (id, n) VALUES (1, 9) ON CONFLICT (id) DO NOTHING",
    "INSERT INTO things (id, n) VALUES (1, 9) ON CONFLICT (id) DO UPDATE SET n = excluded.n + 1",
    "DELETE FROM things WHERE id IN (SELECT id FROM things WHERE id > 15 ORDER BY id LIMIT 1)",
    "SELECT id FROM things UNION DISTINCT SELECT n FROM things",
    "SET lock_timeout = 4000",
    "SET SESSION synchronous_commit = local",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
];

const OF_SQLITE: &[&str] = &[
    "SELECT n FROM things WHERE id = 1 FOR SHARE",
    "SELECT unixepoch(), datetime('now', '-30 seconds'), iif(n = 0, 1, 2) FROM things",
    "UPDATE things SET n = 3 WHERE id = 2 RETURNING id",
    "UPDATE OR IGNORE things SET id = 1 WHERE id = 2",
    "INSERT OR IGNORE INTO things (id, n) VALUES (1, 9)",
    "INSERT OR REPLACE INTO things (id, n) VALUES (20, 9)",
    "INSERT OR ABORT INTO things (id, n) VALUES (21, 9)",
    "INSERT INTO things (id, n) VALUES (1, 9) ON CONFLICT (id) DO NOTHING",
    "INSERT INTO things (id, n) VALUES (1, 9) ON CONFLICT (id) DO UPDATE SET n = excluded.n + 1",
    "UPDATE things SET n = other.n FROM things AS other WHERE other.id = 1 AND things.id = 2",
    "SELECT id IS DISTINCT FROM 2, label || 'x' FROM things ORDER BY id NULLS LAST",
    "DELETE FROM things WHERE id IN (SELECT id FROM things WHERE id > 15 ORDER BY id LIMIT 1)",
];

const OF_MYSQL: &[&str] = &[
    "SELECT n FROM things WHERE id = 1 FOR UPDATE NOWAIT",
    "SELECT n FROM things FOR UPDATE SKIP LOCKED",
    "SELECT n FROM things WHERE id = 1 FOR UPDATE WAIT 2",
    "SELECT n FROM things WHERE id = 1 LOCK IN SHARE MODE WAIT 2",
    "SELECT n FROM things WHERE id = 1 LOCK IN SHARE MODE NOWAIT",
    "SELECT UTC_TIMESTAMP, UTC_DATE, UTC_TIME, LOCALTIME, LOCALTIMESTAMP",
    "SELECT NOW(), NOW(6), CURDATE(), CURTIME(), CURRENT_TIMESTAMP(3), UTC_TIMESTAMP()",
    "SELECT UNIX_TIMESTAMP(), UNIX_TIMESTAMP(NOW())",
    "SELECT NOW() - INTERVAL 30 SECOND, DATE_ADD(NOW(), INTERVAL 1 DAY)",
    "SELECT id FROM things WHERE label < NOW() - INTERVAL 1 MICROSECOND",
    "SELECT IF(n = 0, 'a', 'b'), GREATEST(n, 1), LEAST(n, 1), id <=> NULL FROM things",
    "UPDATE things SET n = 4 ORDER BY id DESC LIMIT 1",
    "INSERT INTO things (id, n) VALUES (30, 1), (31, 1), (32, 1)",
    "INSERT IGNORE INTO things (id, n) VALUES (30, 2)",
    "INSERT INTO things (id, n) VALUES (30, 3) ON DUPLICATE KEY UPDATE n = VALUES(n) + 1",
    "INSERT INTO things (id, n) VALUES (30, 3) ON DUPLICATE KEY UPDATE n = 9 RETURNING id, n",
    "REPLACE INTO things (id, n) VALUES (30, 5) RETURNING id",
    "DELETE FROM things WHERE id > 29 ORDER BY id DESC LIMIT 1",
    "DELETE FROM things WHERE id > 29 ORDER BY id LIMIT 1 RETURNING id, n",
    "SET SESSION wsrep_sync_wait = 1",
    "SET wsrep_sync_wait = 0",
    "SET @@session.innodb_lock_wait_timeout = 40",
    "SET SESSION wsrep_retry_autocommit = 2",
    "SET SESSION innodb_snapshot_isolation = OFF",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET LOCAL tx_isolation = 'REPEATABLE-READ'",
    "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
];

/// Features that the simulator lacks, as it says itself.
const NOT_SIMULATED: &[&str] = &["DISTINCT"];

/// The same of the simulated PostgreSQL.
const NOT_SIMULATED_OF_POSTGRES: &[&str] = &[
    "DISTINCT",
    "the name current_timestamp",
    "the name localtime",
    "the function now",
    "the function sum",
    "an assignment to (n, label)",
    "this clause: FROM",
    "UNION",
];

/// Every form runs by itself and in a transaction.
pub(super) async fn every_form_that_passes_runs(fixture: &Fixture) {
    let is_simulated = matches!(
        fixture.time,
        crate::support::simulated::Time::Virtual { .. }
    );
    let (own, not_simulated) = match fixture.database.dialect() {
        "sqlite" => ([OF_SQLITE_AND_MYSQL, OF_SQLITE], NOT_SIMULATED),
        "postgres" => ([OF_POSTGRES, &[]], NOT_SIMULATED_OF_POSTGRES),
        _ => ([OF_SQLITE_AND_MYSQL, OF_MYSQL], NOT_SIMULATED),
    };
    let mut wrong = Vec::new();
    for in_transaction in [true, false] {
        let mut session = fixture.near().await;
        for text in FORMS.iter().chain(own.into_iter().flatten()) {
            if in_transaction && text.starts_with("SET TRANSACTION") {
                continue;
            }
            if in_transaction {
                session.begin().await.unwrap();
            }
            let statement = fixture.statement(text);
            let answer = match statement.returns_rows() {
                true => session.query(&statement, &[]).await.map(|_| ()),
                false => session.execute(&statement, &[]).await.map(|_| ()),
            };
            match answer {
                Ok(()) => {}
                Err(error)
                    if is_simulated
                        && error.code == "unsupported"
                        && not_simulated
                            .iter()
                            .any(|name| error.message.contains(name)) => {}
                Err(error) => wrong.push(format!("{text}: {error}")),
            }
            session.rollback().await.unwrap();
        }
        session.close().await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

pub(super) async fn a_write_that_returns_rows_is_a_write(fixture: &Fixture) {
    let mut session = fixture.near().await;
    let insert = "INSERT INTO things (id, n) VALUES (7, 70) RETURNING id, n";
    let message = assert_rejected(fixture.execute(&mut session, insert).await, "returns-rows");
    assert!(message.contains("query"), "{message}");
    let row = vec![Value::Integer(7), Value::Integer(70)];
    assert_eq!(
        fixture.query(&mut session, insert).await.unwrap(),
        std::slice::from_ref(&row)
    );
    let again = fixture.query(&mut session, insert).await.unwrap_err();
    assert_eq!(again.kind, ErrorKind::Rejected, "{again}");
    // By itself it is committed, in a transaction it is not.
    let seven = fixture.statement("SELECT id, n FROM things WHERE id = 7");
    let node = fixture.database.nodes()[0].clone();
    assert_eq!(
        fixture.read_at(&node, &seven).await.unwrap(),
        std::slice::from_ref(&row)
    );
    let delete = "DELETE FROM things WHERE id = 7 RETURNING id, n";
    session.begin().await.unwrap();
    assert_eq!(
        fixture.query(&mut session, delete).await.unwrap(),
        std::slice::from_ref(&row)
    );
    session.rollback().await.unwrap();
    assert_eq!(
        fixture.read_at(&node, &seven).await.unwrap(),
        std::slice::from_ref(&row)
    );
    session.begin().await.unwrap();
    assert_eq!(fixture.query(&mut session, delete).await.unwrap(), [row]);
    session.commit().await.unwrap();
    assert_eq!(
        fixture.read_at(&node, &seven).await.unwrap(),
        Vec::<Row>::new()
    );
    session.close().await;
}

pub(super) async fn a_savepoint_undoes_what_came_after_it(fixture: &Fixture) {
    let mut session = fixture.near().await;
    session.begin().await.unwrap();
    for text in [
        ADD_ONE,
        "SAVEPOINT first",
        ADD_ONE,
        "SAVEPOINT second",
        "INSERT INTO things (id, n) VALUES (8, 8)",
        "ROLLBACK TO first",
        ADD_ONE,
        "ROLLBACK TO SAVEPOINT first",
    ] {
        fixture.execute(&mut session, text).await.expect(text);
    }
    assert_eq!(
        integer(&fixture.query(&mut session, READ).await.unwrap()),
        1
    );
    let gone = fixture.execute(&mut session, "ROLLBACK TO second").await;
    assert_eq!(gone.unwrap_err().kind, ErrorKind::Rejected);
    if fixture.database.dialect() == "postgres" {
        // An error ends the transaction there, up to a savepoint before it.
        let back = "ROLLBACK TO first";
        fixture.execute(&mut session, back).await.unwrap();
    }
    fixture.execute(&mut session, ADD_ONE).await.unwrap();
    let release = "RELEASE SAVEPOINT first";
    fixture.execute(&mut session, release).await.unwrap();
    session.commit().await.unwrap();
    assert_eq!(fixture.n().await, 2);
    let eight = fixture.statement("SELECT id FROM things WHERE id = 8");
    let node = &fixture.database.nodes()[0];
    assert_eq!(
        fixture.read_at(node, &eight).await.unwrap(),
        Vec::<Row>::new()
    );
    session.close().await;
}

pub(super) async fn a_savepoint_needs_a_transaction(fixture: &Fixture) {
    let mut session = fixture.near().await;
    for text in ["SAVEPOINT a", "ROLLBACK TO a", "RELEASE SAVEPOINT a"] {
        assert_rejected(fixture.execute(&mut session, text).await, "no-transaction");
    }
    // On SQLite it would have begun one.
    assert_eq!(fixture.execute(&mut session, ADD_ONE).await.unwrap(), 1);
    assert_eq!(fixture.n().await, 1);
    session.close().await;
}

pub(super) async fn upserts_meet_what_is_there(fixture: &Fixture) {
    let mut session = fixture.near().await;
    let (ignore, update, two) = match fixture.database.dialect() {
        "sqlite" => (
            "INSERT OR IGNORE INTO things (id, n) VALUES (1, 50)",
            "INSERT INTO things (id, n) VALUES (1, 50) ON CONFLICT (id) DO UPDATE SET n = \
             things.n + excluded.n",
            1,
        ),
        "postgres" => (
            "INSERT INTO things (id, n) VALUES (1, 50) ON CONFLICT (id) DO NOTHING",
            "INSERT INTO things (id, n) VALUES (1, 50) ON CONFLICT (id) DO UPDATE SET n = \
             things.n + excluded.n",
            1,
        ),
        _ => (
            "INSERT IGNORE INTO things (id, n) VALUES (1, 50)",
            "INSERT INTO things (id, n) VALUES (1, 50) ON DUPLICATE KEY UPDATE n = n + VALUES(n)",
            2,
        ),
    };
    assert_eq!(fixture.execute(&mut session, ignore).await.unwrap(), 0);
    assert_eq!(fixture.n().await, 0);
    assert_eq!(fixture.execute(&mut session, update).await.unwrap(), two);
    assert_eq!(fixture.n().await, 50);
    if fixture.database.dialect() != "postgres" {
        let replace = "REPLACE INTO things (id, n) VALUES (1, 3)";
        assert_eq!(fixture.execute(&mut session, replace).await.unwrap(), two);
        assert_eq!(fixture.n().await, 3);
    }
    session.close().await;
}

/// The read for a later write of many applications.
pub(super) async fn shared_locks_share_and_two_upgrades_deadlock(fixture: &Fixture) {
    let shared = "SELECT n FROM things WHERE id = 1 LOCK IN SHARE MODE";
    let (mut one, mut other) = (fixture.near().await, fixture.near().await);
    for session in [&mut one, &mut other] {
        session.begin().await.unwrap();
        fixture.query(session, shared).await.unwrap();
    }
    let mut writing = spawn_execute(fixture, one, ADD_ONE);
    let otherwise = "a write passed a shared lock";
    fixture.must_wait(&mut writing, otherwise).await;
    // One of the two is the victim; which, is the server's affair.
    let second = fixture.execute(&mut other, ADD_ONE).await;
    if second.is_ok() {
        other.commit().await.unwrap();
    }
    let (mut one, first) = writing.await.unwrap();
    if first.is_ok() {
        one.commit().await.unwrap();
    }
    let errors: Vec<CallError> = [first, second]
        .into_iter()
        .filter_map(Result::err)
        .collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    let [error] = errors.as_slice() else {
        unreachable!("there is one");
    };
    assert_eq!(
        (error.kind, error.code.as_str()),
        (ErrorKind::Conflict, "1213")
    );
    assert_eq!(fixture.n().await, 1);
}

pub(super) async fn a_wait_for_a_lock_has_a_length_of_its_own(fixture: &Fixture) {
    let (mut holder, waiter) = (fixture.near().await, fixture.near().await);
    holder.begin().await.unwrap();
    fixture.query(&mut holder, READ_LOCKED).await.unwrap();
    // A session waits 50 s without it.
    let waiting = spawn_query(
        fixture,
        waiter,
        "SELECT n FROM things WHERE id = 1 FOR UPDATE WAIT 1",
    );
    let told = fixture.time.timeout(Duration::from_secs(10), waiting).await;
    let (_, told) = told.expect("WAIT 1 ends").unwrap();
    let error = assert_conflict(told);
    assert_eq!(error.code, "1205");
    holder.rollback().await.unwrap();
}

pub(super) async fn a_locked_row_is_refused_or_skipped(fixture: &Fixture) {
    let (mut holder, mut other) = (fixture.near().await, fixture.near().await);
    holder.begin().await.unwrap();
    fixture.query(&mut holder, READ_LOCKED).await.unwrap();
    let nowait = "SELECT n FROM things WHERE id = 1 FOR UPDATE NOWAIT";
    let error = assert_conflict(fixture.query(&mut other, nowait).await);
    assert_eq!(error.code, "1205");
    let skip = "SELECT id FROM things WHERE id IN (1, 2) FOR UPDATE SKIP LOCKED";
    let rows = fixture.query(&mut other, skip).await.unwrap();
    assert_eq!(rows, [[Value::Integer(2)]]);
    holder.rollback().await.unwrap();
}

pub(super) async fn an_isolation_level_for_one_transaction_ends_with_it(fixture: &Fixture) {
    let (mut session, mut writer) = (fixture.near().await, fixture.near().await);
    let level = "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE";
    fixture.execute(&mut session, level).await.unwrap();
    // In the first one a plain read locks; in the second it does not.
    session.begin().await.unwrap();
    let set = fixture.execute(&mut session, level).await;
    assert_rejected(set, "1568");
    fixture.query(&mut session, READ).await.unwrap();
    let mut writing = spawn_execute(fixture, writer, ADD_ONE);
    let otherwise = "a write passed a serializable read";
    fixture.must_wait(&mut writing, otherwise).await;
    session.commit().await.unwrap();
    let told;
    (writer, told) = writing.await.unwrap();
    assert_eq!(told.unwrap(), 1);
    session.begin().await.unwrap();
    fixture.query(&mut session, READ).await.unwrap();
    assert_eq!(fixture.execute(&mut writer, ADD_ONE).await.unwrap(), 1);
    session.commit().await.unwrap();
}

pub(super) async fn a_session_chooses_snapshot_isolation(fixture: &Fixture) {
    let (mut stale, mut other) = (fixture.near().await, fixture.near().await);
    let on = "SET SESSION innodb_snapshot_isolation = ON";
    fixture.execute(&mut stale, on).await.unwrap();
    for is_on in [true, false] {
        stale.begin().await.unwrap();
        fixture.query(&mut stale, READ).await.unwrap();
        fixture.execute(&mut other, ADD_ONE).await.unwrap();
        fixture.time.sleep(A_WHILE).await;
        let written = fixture.execute(&mut stale, ADD_ONE).await;
        if is_on {
            assert_eq!(assert_conflict(written).code, "1020");
            let off = "SET SESSION innodb_snapshot_isolation = OFF";
            fixture.execute(&mut stale, off).await.unwrap();
        } else {
            assert_eq!(written.unwrap(), 1);
            stale.commit().await.unwrap();
        }
    }
}
