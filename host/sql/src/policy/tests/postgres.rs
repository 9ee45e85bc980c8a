//! Differences of PostgreSQL.

use super::super::*;
use super::policy::{admitted, refused};

#[test]
fn names_are_quoted_as_the_server_folds_them() {
    admitted(
        "postgres",
        &[
            (
                "select Status, total as Key from Volumes where id = ?",
                "SELECT Status, \"total\" AS \"key\" FROM Volumes WHERE id = ?",
            ),
            ("SAVEPOINT First", "SAVEPOINT \"first\""),
            (
                "SELECT id FROM volumes FOR UPDATE SKIP LOCKED",
                "SELECT id FROM volumes FOR UPDATE SKIP LOCKED",
            ),
            (
                "SELECT id FROM volumes FOR SHARE NOWAIT",
                "SELECT id FROM volumes FOR SHARE NOWAIT",
            ),
            (
                "INSERT INTO volumes (id) VALUES (?) ON CONFLICT (id) DO UPDATE SET status = excluded.status RETURNING id",
                "INSERT INTO volumes (id) VALUES (?) ON CONFLICT(id) DO UPDATE SET status = excluded.status RETURNING id",
            ),
            (
                "UPDATE volumes SET status = now() WHERE id IS DISTINCT FROM ? RETURNING status || 'x'",
                "UPDATE volumes SET status = now() WHERE id IS DISTINCT FROM ? RETURNING status || 'x'",
            ),
        ],
    );
}

#[test]
fn what_the_server_lacks_is_refused_with_its_own_form() {
    refused(
        "postgres",
        &[
            (
                "SELECT id FROM volumes LOCK IN SHARE MODE",
                "write FOR SHARE",
            ),
            ("SELECT id FROM volumes FOR UPDATE WAIT 3", "lock_timeout"),
            (
                "INSERT OR IGNORE INTO volumes (id) VALUES (1)",
                "ON CONFLICT",
            ),
            (
                "INSERT INTO volumes (id) VALUES (1) ON DUPLICATE KEY UPDATE id = 2",
                "ON CONFLICT",
            ),
            (
                "UPDATE volumes SET id = 1 LIMIT 1",
                "PostgreSQL does not have",
            ),
            (
                "DELETE FROM volumes ORDER BY id LIMIT 1",
                "PostgreSQL does not have",
            ),
            ("SELECT ifnull(id, 1) FROM volumes", "ifnull"),
            ("SELECT 1 <=> id FROM volumes", "IS NOT DISTINCT FROM"),
        ],
    );
}

#[test]
fn what_reaches_beyond_the_tables_is_refused() {
    refused(
        "postgres",
        &[
            ("SELECT pg_sleep(1)", "sleeps"),
            ("SELECT pg_advisory_lock(1)", "lock capability"),
            ("SELECT pg_terminate_backend(1)", "pg_terminate_backend"),
            ("SELECT current_setting('port')", "current_setting"),
            ("SELECT 1 FROM pg_authid", "the table pg_authid"),
            ("SELECT current_user", "current_user"),
            ("SELECT clock_timestamp()", "anew"),
            ("SELECT id FROM volumes WHERE id = $1", "write ?"),
            ("SELECT $$?$$ FROM volumes", "the literal"),
            ("SELECT id::text FROM volumes", "converts"),
            ("COPY volumes TO '/tmp/x'", "COPY"),
            ("LISTEN x", "LISTEN"),
        ],
    );
    for text in ["SELECT E'\\'' FROM volumes", "SELECT id ? 'a' FROM volumes"] {
        let refusal = SqlPolicy::new(&["volumes"], "postgres").admit(text);
        refusal.expect_err(text);
    }
}
