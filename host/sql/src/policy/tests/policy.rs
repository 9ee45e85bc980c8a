//! Forms that each dialect admits, and the reasons with which it refuses the rest.

use super::*;
use crate::model::error::ErrorKind;

/// Refused by this dialect, with this in the message.
pub(super) fn refused(dialect: &'static str, table: &[(&str, &str)]) {
    let sql_policy = SqlPolicy::new(&["volumes", "networks"], dialect);
    let mut wrong = Vec::new();
    for (sql, reason) in table {
        match sql_policy.admit(sql) {
            Err(error) if error.kind == ErrorKind::Rejected && error.message.contains(reason) => {}
            other => wrong.push(format!("{sql}: {other:?}")),
        }
    }
    assert!(wrong.is_empty(), "{dialect}:\n{}", wrong.join("\n"));
}

/// Admitted by this dialect, and written out so.
pub(super) fn admitted(dialect: &'static str, table: &[(&str, &str)]) {
    let sql_policy = SqlPolicy::new(&["volumes", "networks"], dialect);
    let mut wrong = Vec::new();
    for (sql, text) in table {
        match sql_policy.admit(sql) {
            Ok(statement) if statement.text() == *text => {}
            other => wrong.push(format!("{sql}: {other:?}")),
        }
    }
    assert!(wrong.is_empty(), "{dialect}:\n{}", wrong.join("\n"));
}

#[test]
fn functions_without_brackets_are_judged_as_functions_and_other_names_are_quoted() {
    admitted(
        "mysql",
        &[
            ("SELECT UTC_TIMESTAMP", "SELECT UTC_TIMESTAMP"),
            ("SELECT utc_date, UTC_TIME", "SELECT utc_date, UTC_TIME"),
            ("SELECT CURRENT_TIMESTAMP", "SELECT CURRENT_TIMESTAMP"),
            (
                "SELECT LOCALTIME, LOCALTIMESTAMP",
                "SELECT LOCALTIME, LOCALTIMESTAMP",
            ),
            (
                "SELECT CURRENT_DATE, CURRENT_TIME",
                "SELECT CURRENT_DATE, CURRENT_TIME",
            ),
            // In quotes it is a column, and after a point.
            ("SELECT `UTC_TIMESTAMP`", "SELECT `UTC_TIMESTAMP`"),
            (
                "SELECT volumes.CURRENT_ROLE FROM volumes",
                "SELECT volumes.`CURRENT_ROLE` FROM volumes",
            ),
            // Whatever a server may take for more than a name.
            ("SELECT ROW_COUNT -1", "SELECT `ROW_COUNT` - 1"),
            (
                "SELECT v.total AS t FROM volumes AS v",
                "SELECT v.`total` AS t FROM volumes AS v",
            ),
            (
                "SELECT count(*) AS total FROM volumes",
                "SELECT count(*) AS `total` FROM volumes",
            ),
        ],
    );
    for name in [
        "CURRENT_ROLE",
        "CURRENT_USER",
        "SESSION_USER",
        "SYSTEM_USER",
    ] {
        refused("mysql", &[(&format!("SELECT {name}"), "its connections")]);
        refused("mysql", &[(&format!("SELECT {name}()"), "its connections")]);
        let text = format!("SELECT `{name}`");
        admitted("sqlite", &[(&format!("SELECT {name}"), &text)]);
    }
    refused(
        "mysql",
        &[
            ("SELECT SYSDATE", "for each row"),
            ("SELECT ROWNUM", "rownum"),
        ],
    );
    admitted(
        "sqlite",
        &[
            ("SELECT CURRENT_TIMESTAMP", "SELECT CURRENT_TIMESTAMP"),
            ("SELECT utc_timestamp", "SELECT `utc_timestamp`"),
            ("SELECT rowid FROM volumes", "SELECT rowid FROM volumes"),
        ],
    );
    refused(
        "sqlite",
        &[
            ("SELECT CURRENT_TIMESTAMP()", "brackets"),
            ("SELECT LOCALTIME", "localtime"),
            ("SELECT NOW()", "now"),
        ],
    );
}

#[test]
fn locking_clauses_are_written_as_the_server_has_them() {
    admitted(
        "mysql",
        &[
            (
                "select status from volumes where id = ? lock in share mode;",
                "SELECT status FROM volumes WHERE id = ? LOCK IN SHARE MODE",
            ),
            (
                "SELECT id FROM volumes FOR UPDATE /* x */ WAIT 3 -- y",
                "SELECT id FROM volumes FOR UPDATE WAIT 3",
            ),
            (
                "SELECT id FROM volumes LIMIT 1 LOCK IN SHARE MODE SKIP LOCKED",
                "SELECT id FROM volumes LIMIT 1 LOCK IN SHARE MODE SKIP LOCKED",
            ),
            (
                "SELECT id FROM volumes FOR UPDATE NOWAIT",
                "SELECT id FROM volumes FOR UPDATE NOWAIT",
            ),
        ],
    );
    refused(
        "mysql",
        &[
            (
                "SELECT id FROM volumes FOR SHARE",
                "write LOCK IN SHARE MODE",
            ),
            (
                "SELECT id FROM volumes FOR UPDATE OF volumes",
                "another form",
            ),
            (
                "SELECT id FROM volumes FOR UPDATE FOR UPDATE",
                "another form",
            ),
            ("SELECT id FROM volumes FOR UPDATE WAIT ?", "WAIT"),
            ("SELECT 1 FOR UPDATE", "without a table"),
            (
                "SELECT id FROM volumes UNION SELECT 1 FOR UPDATE",
                "but one SELECT",
            ),
            ("UPDATE volumes SET status = 1 FOR UPDATE", "but one SELECT"),
            (
                "SELECT 1 FROM (SELECT id FROM volumes FOR UPDATE) AS t",
                "in a sub-query",
            ),
            (
                "INSERT INTO volumes (id) (SELECT volume FROM networks FOR UPDATE)",
                "in a sub-query",
            ),
        ],
    );
    admitted(
        "sqlite",
        &[(
            "SELECT id FROM volumes FOR SHARE",
            "SELECT id FROM volumes FOR SHARE",
        )],
    );
}

#[test]
fn savepoints_are_named_and_transactions_are_calls() {
    for dialect in ["sqlite", "mysql"] {
        admitted(
            dialect,
            &[
                ("savepoint a", "SAVEPOINT `a`"),
                ("ROLLBACK TO a", "ROLLBACK TO SAVEPOINT `a`"),
                ("ROLLBACK TO SAVEPOINT `a`;", "ROLLBACK TO SAVEPOINT `a`"),
                ("RELEASE SAVEPOINT A_1", "RELEASE SAVEPOINT `A_1`"),
            ],
        );
        refused(
            dialect,
            &[
                ("ROLLBACK", "ROLLBACK"),
                ("ROLLBACK AND CHAIN", "ROLLBACK"),
                ("COMMIT", "COMMIT"),
                ("SAVEPOINT `a b`", "letters, digits"),
                ("SAVEPOINT a; COMMIT", "2 statements"),
                ("START TRANSACTION", "START"),
            ],
        );
        let statement = SqlPolicy::new(&[], dialect).admit("SAVEPOINT a").unwrap();
        assert_eq!(statement.action(), Action::Savepoint);
    }
}

#[test]
fn each_danger_is_refused_with_its_reason() {
    refused(
        "mysql",
        &[
            ("SELECT SLEEP(9)", "timing.sleep"),
            ("SELECT BENCHMARK(1, 1)", "timing.sleep"),
            ("SELECT GET_LOCK('a', 1)", "lock capability"),
            ("SELECT RAND()", "timing.random"),
            ("SELECT UUID()", "timing.random"),
            ("SELECT LOAD_FILE('/etc/passwd')", "files"),
            ("SELECT CONNECTION_ID()", "its connections"),
            ("SELECT VERSION()", "reveals the server"),
            ("SELECT LAST_INSERT_ID()", "earlier statements"),
            ("SELECT REPEAT('a', 9)", "long texts"),
            (
                "SELECT 1 FROM volumes WHERE id LIKE '%a'",
                "nothing can interrupt it",
            ),
            (
                "SELECT 1 FROM volumes WHERE id REGEXP 'a'",
                "nothing can interrupt it",
            ),
            ("SELECT id || status FROM volumes", "reads || as OR"),
            ("SELECT id IS DISTINCT FROM 1 FROM volumes", "<=>"),
            ("SELECT INTERVAL 1 DAY", "added to a time"),
            ("SELECT INTERVAL 1 DAY + NOW()", "added to a time"),
            ("SELECT @@version", "@@version"),
            ("SELECT @x := 1", "@x"),
            ("SELECT * FROM mysql.user", "mysql.user"),
            ("SELECT id FROM volumes USE INDEX (x)", "USE INDEX"),
            (
                "SELECT SQL_CALC_FOUND_ROWS id FROM volumes",
                "SQL_CALC_FOUND_ROWS",
            ),
            ("SELECT HIGH_PRIORITY id FROM volumes", "HIGH_PRIORITY"),
            ("SELECT 1 INTO x", "SELECT … INTO"),
            (
                "SELECT id FROM volumes ORDER BY id NULLS LAST",
                "NULLS LAST",
            ),
            ("SELECT id FROM volumes LIMIT 1 + 1", "a number or a ?"),
            ("SELECT 1 FROM (SELECT 1 FROM volumes)", "without a name"),
            ("DELETE FROM volumes AS v", "an alias in a DELETE"),
            ("DELETE volumes FROM volumes", "of a join"),
            (
                "UPDATE volumes SET status = 1 FROM networks",
                "UPDATE … FROM",
            ),
            ("HANDLER volumes OPEN", "HANDLER"),
            ("CALL p()", "CALL"),
            ("DO SLEEP(9)", "DO"),
            ("KILL 5", "KILL"),
            ("LOAD DATA INFILE 'x' INTO TABLE volumes", "LOAD"),
        ],
    );
    refused(
        "sqlite",
        &[
            ("SELECT randomblob(9)", "timing.random"),
            ("SELECT last_insert_rowid()", "earlier statements"),
            ("SELECT changes()", "earlier statements"),
            ("SELECT zeroblob(1000000000)", "long texts"),
            ("SELECT id <=> 1 FROM volumes", "IS NOT DISTINCT FROM"),
            (
                "UPDATE volumes SET status = 1 LIMIT 1",
                "SQLite does not have",
            ),
            (
                "DELETE FROM volumes ORDER BY id LIMIT 1",
                "SQLite does not have",
            ),
            ("(SELECT 1 FROM volumes)", "in brackets"),
            (
                "UPDATE volumes SET volumes.status = 1",
                "assignment to volumes.status",
            ),
            ("REPLACE volumes (id) VALUES (1)", "without INTO"),
        ],
    );
}

#[test]
fn server_time_and_its_arithmetic_pass() {
    for sql in [
        "UPDATE volumes SET status = NOW() WHERE attach_status < NOW() - INTERVAL 30 SECOND",
        "SELECT NOW(6), UNIX_TIMESTAMP(), UNIX_TIMESTAMP(NOW()), CURDATE()",
        "SELECT DATE_ADD(NOW(), INTERVAL ? MINUTE), DATE_SUB(UTC_TIMESTAMP(), INTERVAL 1 DAY)",
        "SELECT IF(status IS NULL, 1, 2), GREATEST(1, 2), LEAST(1, 2) FROM volumes",
    ] {
        admitted("mysql", &[(sql, sql)]);
    }
    for sql in [
        "UPDATE volumes SET status = CURRENT_TIMESTAMP WHERE attach_status < datetime('now', '-30 seconds')",
        "SELECT unixepoch(), CURRENT_DATE, iif(status IS NULL, 1, 2) FROM volumes",
    ] {
        admitted("sqlite", &[(sql, sql)]);
    }
}
