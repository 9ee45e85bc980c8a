//! Settings that pass, and those that are refused, for each dialect.

use super::*;

#[test]
fn setting_admits_the_variables_of_the_experiment() {
    for (sql, runs) in [
        (
            "set session transaction isolation level read committed;",
            "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
        ),
        (
            "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE",
            "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        ),
        (
            "SET @@session.wsrep_sync_wait=1",
            "SET SESSION wsrep_sync_wait = 1",
        ),
        (
            "SET SESSION /* x */ wsrep_retry_autocommit = 0 -- y",
            "SET SESSION wsrep_retry_autocommit = 0",
        ),
        (
            "SET SESSION innodb_lock_wait_timeout = 5",
            "SET SESSION innodb_lock_wait_timeout = 5",
        ),
        (
            "SET SESSION tx_isolation = 'read-committed'",
            "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
        ),
        (
            "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
            "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        ),
        (
            "SET LOCAL transaction_isolation = 'REPEATABLE-READ'",
            "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        ),
        ("SET wsrep_sync_wait = 7", "SET SESSION wsrep_sync_wait = 7"),
        (
            "SET @@wsrep_sync_wait = 7",
            "SET SESSION wsrep_sync_wait = 7",
        ),
        (
            "SET @@local.innodb_snapshot_isolation = 1",
            "SET SESSION innodb_snapshot_isolation = ON",
        ),
        (
            "SET SESSION innodb_snapshot_isolation = off",
            "SET SESSION innodb_snapshot_isolation = OFF",
        ),
    ] {
        let statement = setting(sql, Dialect::Mysql).expect(sql).expect(sql);
        assert_eq!(statement.text(), runs);
        assert_eq!(
            (statement.action(), statement.parameters()),
            (Action::Set, 0)
        );
    }
}

#[test]
fn setting_refuses_other_variables_and_lists_the_allowed_ones() {
    for sql in [
        "SET",
        "SET GLOBAL wsrep_sync_wait = 1",
        "SET PERSIST wsrep_sync_wait = 1",
        "SET @@global.wsrep_sync_wait = 1",
        "SET @wsrep_sync_wait = 1",
        "SET SESSION wsrep_on = 0",
        "SET SESSION autocommit = 0",
        "SET autocommit = 0",
        "SET SESSION sql_mode = ''",
        "SET SESSION sql_log_bin = 0",
        "SET NAMES utf8mb4",
        "SET SESSION wsrep_sync_wait = 1, wsrep_on = 0",
        "SET SESSION wsrep_sync_wait = 1, GLOBAL wsrep_sync_wait = 1",
        "SET SESSION wsrep_sync_wait = 1 + 1",
        "SET SESSION wsrep_sync_wait = -1",
        "SET SESSION wsrep_sync_wait = ?",
        "SET SESSION wsrep_sync_wait = 1.5",
        "SET SESSION wsrep_sync_wait = 123456",
        "SET SESSION wsrep_sync_wait = '1'",
        "SET SESSION wsrep_sync_wait = (SELECT 1)",
        "SET SESSION wsrep_sync_wait = 1; DROP TABLE volumes",
        "SET SESSION `wsrep_sync_wait` = 1",
        "SET SESSION tx_isolation = 'NONE'",
        "SET SESSION tx_isolation = READ",
        "SET tx_isolation = 'SERIALIZABLE'",
        "SET @@transaction_isolation = 'SERIALIZABLE'",
        "SET TRANSACTION READ ONLY",
        "SET TRANSACTION ISOLATION LEVEL READ",
        "SET SESSION innodb_snapshot_isolation = 2",
        "SET SESSION innodb_snapshot_isolation = 'ON'",
        "SET SESSION innodb_lock_wait_timeout = DEFAULT",
        "SET SESSION max_statement_time = 0",
        "SET GLOBAL TRANSACTION ISOLATION LEVEL READ COMMITTED",
        "SET SESSION TRANSACTION ISOLATION LEVEL READ",
        "SET SESSION TRANSACTION READ ONLY",
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY",
        "SET PASSWORD = 'x'",
        "SET STATEMENT wsrep_sync_wait = 1 FOR SELECT 1",
        "SET /*! GLOBAL */ wsrep_sync_wait = 1",
        "SET SESSION wsrep_sync_wait = 1 /*! , GLOBAL wsrep_on = 0 */",
    ] {
        let error = setting(sql, Dialect::Mysql).expect(sql).expect_err(sql);
        assert_eq!(error.code, "not-allowed", "{sql}");
        for name in OF_MYSQL.numbers {
            assert!(error.message.contains(name), "{error}");
        }
    }
    for (sql, reason) in [
        ("SET GLOBAL wsrep_sync_wait = 1", "all sessions"),
        ("SET autocommit = 0", "calls of the session"),
        ("SET SESSION wsrep_on = 0", "would not see"),
        ("SET SESSION sql_mode = ''", "differently from the policy"),
        ("SET max_statement_time = 9", "the run sets it"),
    ] {
        let error = setting(sql, Dialect::Mysql).expect(sql).expect_err(sql);
        assert!(error.message.contains(reason), "{sql}: {error}");
    }
    for sql in ["", "SELECT 1", "SETTLE", "UPDATE volumes SET a = 1"] {
        assert!(setting(sql, Dialect::Mysql).is_none(), "{sql}");
    }
}

#[test]
fn setting_of_postgres_has_the_variables_and_the_words_of_its_server() {
    for (sql, runs) in [
        ("SET lock_timeout = 500", "SET SESSION lock_timeout = 500"),
        (
            "set local synchronous_commit = REMOTE_APPLY;",
            "SET SESSION synchronous_commit = remote_apply",
        ),
        (
            "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE",
            "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        ),
        (
            "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED",
            "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED",
        ),
        (
            "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
            "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        ),
    ] {
        let statement = setting(sql, Dialect::Postgres).expect(sql).expect(sql);
        assert_eq!(statement.text(), runs);
    }
    for sql in [
        "SET wsrep_sync_wait = 1",
        "SET search_path = public",
        "SET statement_timeout = 0",
        "SET standard_conforming_strings = off",
        "SET synchronous_commit = 'off'",
        "SET synchronous_commit = never",
        "SET synchronous_commit = 1",
        "SET ROLE postgres",
        "SET SESSION AUTHORIZATION postgres",
    ] {
        let error = setting(sql, Dialect::Postgres).expect(sql).expect_err(sql);
        assert!(
            error.message.contains("lock_timeout, synchronous_commit"),
            "{error}"
        );
    }
}
