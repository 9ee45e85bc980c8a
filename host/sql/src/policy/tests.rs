use super::*;

mod clauses;
mod policy;
mod postgres;
mod writes;

fn admit(sql: &str) -> Result<Statement, CallError> {
    SqlPolicy::new(&["volumes"], "sqlite").admit(sql)
}

#[test]
fn the_statements_of_a_strategy_pass() {
    for (sql, action, parameters) in [
        ("SELECT status FROM volumes WHERE id = ?", Action::Read, 1),
        ("select count(*) from VOLUMES", Action::Read, 0),
        (
            "UPDATE volumes SET status = ?, attach_status = ? WHERE id = ? AND status = ?",
            Action::Write,
            4,
        ),
        (
            "UPDATE volumes SET status = 'a?' WHERE NOT EXISTS \
             (SELECT 1 FROM volumes AS v WHERE v.id = ?)",
            Action::Write,
            1,
        ),
        (
            "INSERT INTO volumes (id, status) VALUES (?, ?)",
            Action::Write,
            2,
        ),
        ("DELETE FROM volumes WHERE id IN (?, ?)", Action::Write, 2),
        (
            "SELECT CASE WHEN status IS NULL THEN 1 ELSE -1 END, trim(id), substr(id, 1, ?) || 'x' \
             FROM volumes WHERE (id, status) = (?, ?) AND NOT (rowid BETWEEN 1 AND 2 OR rowid + 1 > 5)",
            Action::Read,
            3,
        ),
    ] {
        let statement = admit(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        assert_eq!(statement.action(), action, "{sql}");
        assert_eq!(statement.parameters(), parameters, "{sql}");
    }
}

#[test]
fn policy_rejects_other_statements_with_a_reason() {
    for (sql, reason) in [
        ("", "empty"),
        ("SELEC 1", "SELEC"),
        ("DROP TABLE volumes", "DROP"),
        ("CREATE TABLE t (a int)", "CREATE"),
        ("ALTER TABLE volumes ADD COLUMN a int", "ALTER"),
        ("PRAGMA journal_mode = DELETE", "PRAGMA"),
        ("ATTACH DATABASE '/etc/passwd' AS p", "ATTACH"),
        ("SET GLOBAL max_connections = 1", "SET"),
        ("BEGIN", "BEGIN"),
        ("COMMIT", "COMMIT"),
        ("VACUUM INTO '/tmp/x'", "VACUUM"),
        ("SELECT 1; SELECT 2", "2 statements"),
        ("SELECT * FROM sqlite_master", "sqlite_master"),
        ("SELECT * FROM volumes_audit", "volumes_audit"),
        ("SELECT * FROM main.volumes", "main.volumes"),
        (
            "SELECT (SELECT name FROM sqlite_master) FROM volumes",
            "sqlite_master",
        ),
        (
            "UPDATE volumes SET status = (SELECT sql FROM sqlite_master)",
            "sqlite_master",
        ),
        ("DELETE FROM sqlite_master", "sqlite_master"),
        ("INSERT INTO volumes_audit VALUES (1)", "volumes_audit"),
        (
            "SELECT * FROM pragma_table_info('volumes')",
            "pragma_table_info",
        ),
        ("SELECT load_extension('x')", "load_extension"),
        ("SELECT random() FROM volumes", "random"),
        ("SELECT sleep(9)", "sleep"),
        ("SELECT status FROM volumes WHERE id = $1", "$1"),
        (
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n",
            "WITH",
        ),
        (
            "SELECT 1 FROM volumes a, volumes b, volumes c, volumes d",
            "4 tables",
        ),
        ("SELECT 1 FROM volumes WHERE id LIKE ?", "LIKE"),
        ("SELECT 1 FROM volumes WHERE id NOT LIKE '%a'", "LIKE"),
        ("SELECT 1 FROM volumes WHERE id GLOB ?", "GLOB"),
        ("SELECT 1 FROM volumes WHERE id REGEXP ?", "REGEXP"),
        ("SELECT trim(?, ?) FROM volumes", "TRIM"),
        ("SELECT trim(BOTH ? FROM id) FROM volumes", "TRIM"),
        // SQLite reads what stands after this IN as a table.
        (
            "SELECT position('a' IN sqlite_master) FROM volumes",
            "POSITION",
        ),
        ("SELECT id -> '$' FROM volumes", "->"),
        ("SELECT CAST(id AS blob) FROM volumes", "CAST"),
    ] {
        let error = admit(sql).expect_err(sql);
        assert_eq!(
            error.kind,
            crate::model::error::ErrorKind::Rejected,
            "{sql}"
        );
        assert!(error.message.contains(reason), "{sql}: {error}");
    }
}

#[test]
fn policy_refuses_sql_hidden_in_forms_of_mysql() {
    let sql_policy = SqlPolicy::new(&["volumes"], "mysql");
    for sql in [
        "SELECT 1 FROM volumes INTO OUTFILE '/tmp/x'",
        "SELECT /*! 1 FROM mysql.user UNION SELECT */ 2",
        "SELECT /*+ SET_VAR(sort_buffer_size = 1) */ 1 FROM volumes",
        "SET SESSION wsrep_on = OFF",
        "LOCK TABLES volumes WRITE",
        "SELECT GET_LOCK('a', 1)",
        "SELECT @@version",
        "SELECT 1@@version FROM volumes",
        "SELECT 1 FROM volumes WHERE id = volumes.?",
    ] {
        sql_policy.admit(sql).expect_err(sql);
    }
}

#[test]
fn policy_refuses_a_text_that_a_server_would_parse_differently() {
    let [sqlite, mysql] = ["sqlite", "mysql"].map(|dialect| SqlPolicy::new(&["volumes"], dialect));
    for (sql_policy, sql) in [
        // Of a sign before a sign would become a comment.
        (
            &sqlite,
            "UPDATE volumes SET status = 'x' WHERE id = - -1 AND status = ?",
        ),
        (&sqlite, "SELECT - - 1 FROM volumes"),
        // MySQL takes the backslash and the quote after it for a quote, and the next text for SQL.
        (
            &mysql,
            r"SELECT '\\', ' UNION SELECT user FROM mysql.user -- ' FROM volumes",
        ),
        (
            &mysql,
            r#"SELECT "\\", " UNION SELECT user FROM mysql.user -- " FROM volumes"#,
        ),
        // Read again it is another text.
        (&mysql, r"SELECT 'a\\\\b' FROM volumes"),
    ] {
        let error = sql_policy.admit(sql).expect_err(sql);
        assert_eq!(error.code, "not-allowed", "{sql}");
        assert!(error.message.contains("parameter"), "{error}");
    }
    // There a backslash is a character like any other.
    admit(r"SELECT '\', id - 1, 2 - -1 FROM volumes").unwrap();
    let literal = mysql.admit(r"SELECT 'it\'s' FROM volumes").unwrap();
    assert_eq!(literal.text(), "SELECT 'it''s' FROM volumes");
}

#[test]
fn admitted_text_is_printed_from_the_tree() {
    let statement = admit("SELECT /* x */ status -- y\n FROM \"volumes\" ;").unwrap();
    assert_eq!(statement.text(), "SELECT status FROM \"volumes\"");
}

#[test]
fn statement_keeps_its_locking_clause_and_a_text_without_it() {
    let statement = admit("SELECT status FROM volumes WHERE id = ? FOR UPDATE").unwrap();
    let lock = statement.row_lock().expect("a locking clause");
    assert_eq!(
        lock.text_without_clause,
        "SELECT status FROM volumes WHERE id = ?"
    );
    assert_eq!(lock.table, "volumes");
    assert!(!lock.impatient);
    let impatient = admit("SELECT 1 FROM volumes FOR UPDATE NOWAIT").unwrap();
    assert!(impatient.row_lock().unwrap().impatient);
    assert!(
        admit("SELECT status FROM volumes")
            .unwrap()
            .row_lock()
            .is_none()
    );
    admit("SELECT 1 FROM volumes WHERE EXISTS (SELECT 1 FROM volumes FOR UPDATE)")
        .expect_err("an inner locking clause");
}

#[test]
fn size_and_depth_have_bounds() {
    let long = format!("SELECT '{}'", "x".repeat(MAX_STATEMENT_BYTES));
    assert!(admit(&long).unwrap_err().message.contains("bytes"));
    let deep = format!("SELECT {}1{}", "(".repeat(5000), ")".repeat(5000));
    admit(&deep).expect_err("deep nesting");
    // Of each kind of nesting as much as the parser takes, on a stack that has room for it.
    let nested = |before: &str, after: &str, levels: usize| {
        format!("SELECT {}1{}", before.repeat(levels), after.repeat(levels))
    };
    let sql_policy = SqlPolicy::new(&["volumes"], "sqlite");
    for (before, after) in [
        ("(SELECT ", ")"),
        ("1 FROM (SELECT ", ") AS t"),
        ("1 UNION SELECT ", ""),
        ("concat(", ")"),
        ("CASE WHEN ", " THEN 1 END"),
        ("NOT ", ""),
        ("- ", ""),
        ("1 IN (", ")"),
    ] {
        let judged = (1..100).filter(|levels| {
            sql_policy
                .admit_once(&nested(before, after, *levels))
                .is_ok()
        });
        assert!(judged.count() >= 1, "{before}");
    }
    // The parser takes a chain of any length.
    for link in [
        "+1",
        " AND 1",
        " UNION SELECT 1",
        "||1",
        "=1",
        " IS NULL",
        " IN (1)",
    ] {
        let links = (MAX_STATEMENT_BYTES - 100) / link.len();
        let chain = format!("SELECT 1{}", link.repeat(links));
        let error = sql_policy.admit_once(&chain).expect_err(link);
        assert!(error.message.contains("100"), "{link}: {error}");
        let short = format!("SELECT 1{}", link.repeat(90));
        sql_policy.admit_once(&short).expect(link);
    }
}

#[test]
fn policy_caches_statements_up_to_a_bound() {
    let sql_policy = SqlPolicy::new(&["volumes"], "sqlite");
    let first = sql_policy.admit_once("SELECT id FROM volumes").unwrap();
    let again = sql_policy.admit_once("SELECT id FROM volumes").unwrap();
    assert!(Arc::ptr_eq(&first.statement, &again.statement));
    assert_eq!(&*again.text, "SELECT id FROM volumes");
    for number in 0..3 * MAX_STATEMENTS {
        sql_policy.admit_once(&format!("SELECT {number}")).unwrap();
        assert!(sql_policy.admitted.lock().unwrap().by_text.len() <= MAX_STATEMENTS);
    }
    sql_policy.admit_once("DROP TABLE volumes").unwrap_err();
}
