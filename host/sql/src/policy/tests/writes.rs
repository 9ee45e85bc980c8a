//! Clauses of writes: duplicates and RETURNING.

use super::policy::{admitted, refused};
use super::{Action, SqlPolicy};

#[test]
fn duplicates_are_met_as_each_server_can() {
    admitted(
        "mysql",
        &[
            (
                "INSERT INTO volumes (id) VALUES (?) ON DUPLICATE KEY UPDATE status = VALUES(status)",
                "INSERT INTO volumes (id) VALUES (?) ON DUPLICATE KEY UPDATE status = VALUES(status)",
            ),
            (
                "INSERT IGNORE INTO volumes (id) VALUES (?)",
                "INSERT IGNORE INTO volumes (id) VALUES (?)",
            ),
            (
                "REPLACE INTO volumes (id) VALUES (?)",
                "REPLACE INTO volumes (id) VALUES (?)",
            ),
        ],
    );
    admitted(
        "sqlite",
        &[
            (
                "INSERT INTO volumes (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET status = \
                 excluded.status",
                "INSERT INTO volumes (id) VALUES (1) ON CONFLICT(id) DO UPDATE SET status = \
                 excluded.status",
            ),
            (
                "INSERT OR IGNORE INTO volumes (id) VALUES (1)",
                "INSERT OR IGNORE INTO volumes (id) VALUES (1)",
            ),
            (
                "INSERT OR ABORT INTO volumes (id) VALUES (1)",
                "INSERT OR ABORT INTO volumes (id) VALUES (1)",
            ),
            (
                "INSERT OR REPLACE INTO volumes (id) VALUES (1)",
                "INSERT OR REPLACE INTO volumes (id) VALUES (1)",
            ),
        ],
    );
    refused(
        "sqlite",
        &[
            (
                "INSERT OR ROLLBACK INTO volumes (id) VALUES (1)",
                "ends the transaction",
            ),
            (
                "UPDATE OR ROLLBACK volumes SET id = 1",
                "ends the transaction",
            ),
            (
                "INSERT OR FAIL INTO volumes (id) VALUES (1)",
                "keeps what the statement wrote",
            ),
            (
                "UPDATE OR FAIL volumes SET id = 1",
                "keeps what the statement wrote",
            ),
            (
                "INSERT INTO volumes (id) VALUES (1) ON DUPLICATE KEY UPDATE status = 1",
                "ON CONFLICT (column)",
            ),
        ],
    );
    refused(
        "mysql",
        &[
            (
                "INSERT OR IGNORE INTO volumes (id) VALUES (1)",
                "INSERT IGNORE",
            ),
            (
                "INSERT INTO volumes (id) VALUES (1) ON CONFLICT (id) DO NOTHING",
                "ON DUPLICATE KEY UPDATE",
            ),
            (
                "INSERT INTO volumes (id) VALUES (1) AS n ON DUPLICATE KEY UPDATE status = n.id",
                "AS n",
            ),
            (
                "SELECT VALUES(status) FROM volumes",
                "ON DUPLICATE KEY UPDATE",
            ),
            (
                "INSERT INTO volumes (id) VALUES (1) ON DUPLICATE KEY UPDATE status = VALUES(1 + 1)",
                "anything but a column",
            ),
            (
                "INSERT LOW_PRIORITY INTO volumes (id) VALUES (1)",
                "LOW_PRIORITY",
            ),
        ],
    );
}

#[test]
fn returning_makes_rows_of_a_write_where_the_server_has_it() {
    for (dialect, sql, text) in [
        (
            "mysql",
            "DELETE FROM volumes WHERE status = ? ORDER BY id LIMIT 1 RETURNING id, status AS s",
            "DELETE FROM volumes WHERE status = ? ORDER BY id LIMIT 1 RETURNING id, status AS s",
        ),
        (
            "mysql",
            "INSERT INTO volumes (id) VALUES (?) RETURNING *;",
            "INSERT INTO volumes (id) VALUES (?) RETURNING *",
        ),
        (
            "sqlite",
            "UPDATE volumes SET status = ? RETURNING id",
            "UPDATE volumes SET status = ? RETURNING id",
        ),
    ] {
        let statement = SqlPolicy::new(&["volumes"], dialect).admit(sql).expect(sql);
        assert_eq!(statement.text(), text);
        assert_eq!(
            (
                statement.action(),
                statement.returns_rows(),
                statement.parameters()
            ),
            (Action::Write, true, 1),
            "{sql}"
        );
    }
    refused(
        "mysql",
        &[
            (
                "UPDATE volumes SET status = 1 RETURNING id",
                "MariaDB does not have",
            ),
            ("DELETE FROM volumes RETURNING id LIMIT 1", "has it last"),
            ("DELETE FROM volumes RETURNING sleep(9)", "sleep"),
            (
                "INSERT INTO volumes (id) VALUES (1) RETURNING (SELECT 1 FROM mysql.user)",
                "mysql.user",
            ),
        ],
    );
    let plain = SqlPolicy::new(&["volumes"], "mysql").admit("DELETE FROM volumes LIMIT 1");
    assert!(!plain.unwrap().returns_rows());
}
