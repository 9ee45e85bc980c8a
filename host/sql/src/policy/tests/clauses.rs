//! Clauses that the parser knows and one of the servers does not, or that reach beyond the tables.

use super::policy::{admitted, refused};

#[test]
fn clause_of_a_select_that_no_server_of_ours_has_is_refused() {
    for dialect in ["sqlite", "mysql"] {
        refused(
            dialect,
            &[
                ("SELECT ALL id FROM volumes", "SELECT ALL"),
                ("SELECT DISTINCT ON (id) id FROM volumes", "DISTINCT ON"),
                ("SELECT count(*) FROM volumes GROUP BY ALL", "GROUP BY ALL"),
                (
                    "SELECT id FROM volumes FETCH FIRST 1 ROWS ONLY",
                    "FETCH FIRST",
                ),
                (
                    "SELECT id FROM volumes EXCEPT ALL SELECT id FROM networks",
                    "EXCEPT ALL",
                ),
                (
                    "SELECT id FROM volumes LEFT SEMI JOIN networks ON volumes.id = networks.id",
                    "a join of this kind",
                ),
                ("SELECT id FROM volumes TABLESAMPLE (10)", "as a table"),
            ],
        );
        admitted(
            dialect,
            &[(
                "SELECT DISTINCT id FROM volumes EXCEPT SELECT id FROM networks",
                "SELECT DISTINCT id FROM volumes EXCEPT SELECT id FROM networks",
            )],
        );
    }
    refused(
        "mysql",
        &[
            ("VALUES ROW (1)", "VALUES ROW"),
            (
                "SELECT 1 FROM volumes FULL OUTER JOIN networks ON volumes.id = networks.id",
                "a join of this kind, which MariaDB does not have",
            ),
        ],
    );
    refused(
        "sqlite",
        &[(
            "INSERT INTO volumes (id) VALUE (1)",
            "VALUE for VALUES, which SQLite does not have",
        )],
    );
}

#[test]
fn call_with_more_than_plain_arguments_is_refused() {
    for dialect in ["sqlite", "mysql"] {
        refused(
            dialect,
            &[
                (
                    "SELECT sum(id) OVER (ORDER BY id ROWS 1 PRECEDING) FROM volumes",
                    "a window with a name or a frame",
                ),
                (
                    "SELECT sum(id) WITHIN GROUP (ORDER BY id) FROM volumes",
                    "WITHIN GROUP",
                ),
                (
                    "SELECT max(id) IGNORE NULLS OVER (ORDER BY id) FROM volumes",
                    "treatment of NULLs",
                ),
                ("SELECT {fn abs(1)}", "in braces"),
                (
                    "SELECT count(id ORDER BY id) FROM volumes",
                    "a clause among the arguments",
                ),
                ("SELECT abs(x => 1)", "a named argument"),
            ],
        );
    }
    admitted(
        "sqlite",
        &[(
            "SELECT count(*) FILTER (WHERE id > 1) FROM volumes",
            "SELECT count(*) FILTER (WHERE id > 1) FROM volumes",
        )],
    );
    refused(
        "mysql",
        &[("SELECT count(*) FILTER (WHERE id > 1) FROM volumes", "")],
    );
}

#[test]
fn clause_of_a_write_that_the_server_does_not_have_is_refused() {
    for dialect in ["sqlite", "mysql"] {
        refused(
            dialect,
            &[
                (
                    "INSERT INTO TABLE volumes (id) VALUES (1)",
                    "INSERT INTO TABLE",
                ),
                ("DELETE FROM volumes OUTPUT deleted.id", "OUTPUT deleted.id"),
                ("SELECT id FROM volumes QUALIFY 1", "QUALIFY 1"),
            ],
        );
    }
    refused(
        "mysql",
        &[
            (
                "REPLACE IGNORE INTO volumes (id) VALUES (1)",
                "REPLACE IGNORE",
            ),
            (
                "REPLACE INTO volumes (id) VALUES (1) ON DUPLICATE KEY UPDATE id = 2",
                "REPLACE with a clause for duplicates",
            ),
            ("INSERT INTO volumes DEFAULT VALUES", "without rows"),
            (
                "UPDATE volumes AS v JOIN networks AS n ON v.id = n.id SET v.status = 1 LIMIT 1",
                "in an UPDATE of a join",
            ),
            (
                "UPDATE volumes SET volumes.status.x = 1",
                "an assignment to volumes.status.x",
            ),
        ],
    );
    refused(
        "sqlite",
        &[
            (
                "UPDATE volumes FROM networks SET status = 1",
                "UPDATE FROM … SET",
            ),
            (
                "UPDATE volumes JOIN networks ON 1 SET status = 1",
                "SQLite has UPDATE … FROM",
            ),
            (
                "INSERT INTO volumes (id) VALUES (1) ON CONFLICT ON CONSTRAINT x DO NOTHING",
                "ON CONFLICT ON CONSTRAINT x",
            ),
        ],
    );
}

#[test]
fn expression_that_one_server_reads_otherwise_is_refused() {
    for dialect in ["sqlite", "mysql"] {
        refused(
            dialect,
            &[
                ("SELECT `a@b` FROM volumes", "the variable"),
                ("SELECT '/*' FROM volumes", "a comment"),
                ("SAVEPOINT ``", "letters, digits"),
            ],
        );
    }
    refused(
        "mysql",
        &[
            ("SELECT NOW() + INTERVAL 1 YEAR", "in one unit"),
            ("UPDATE /*+ x */ volumes SET status = 1", "a hint"),
            ("DELETE /*+ x */ FROM volumes", "a hint"),
        ],
    );
    refused(
        "sqlite",
        &[(
            "SELECT SUBSTRING(id FROM 1 FOR 2) FROM volumes",
            "the expression",
        )],
    );
}
