//! Refusals of SQL outside of the subset, each by its name.

use super::*;

#[test]
fn each_construct_outside_of_the_subset_is_named() {
    let mut tables = Tables::new();
    let mut wrong = Vec::new();
    for (text, named) in [
        ("SELECT t.id FROM t JOIN u ON u.t_id = t.id", "a join"),
        ("SELECT 1 FROM t, u", "a join"),
        ("UPDATE t JOIN u ON a = id SET n = 1", "a join"),
        ("SELECT 1 FROM (SELECT 1 FROM t) AS x", "(SELECT 1 FROM t)"),
        ("SELECT n FROM t GROUP BY n", "GROUP BY"),
        ("SELECT COUNT(*) FROM t HAVING COUNT(*) > 1", "HAVING"),
        ("SELECT DISTINCT n FROM t", "DISTINCT"),
        ("SELECT 1 UNION SELECT 2", "UNION"),
        ("SELECT n FROM t EXCEPT SELECT 1", "EXCEPT"),
        ("WITH x AS (SELECT 1) SELECT 1 FROM x", "WITH"),
        ("(SELECT 1)", "(SELECT 1)"),
        ("VALUES ROW(1)", "VALUES"),
        ("SELECT COUNT(*) OVER () FROM t", "a window function"),
        ("SELECT n FROM t WINDOW w AS (ORDER BY n)", "WINDOW"),
        ("SELECT SUM(n) FROM t", "sum"),
        ("SELECT AVG(n) FROM t", "avg"),
        ("SELECT COUNT(DISTINCT n) FROM t", "DISTINCT"),
        ("SELECT n, COUNT(*) FROM t", "a column beside COUNT"),
        ("SELECT COUNT(*) FROM t ORDER BY 1", "ORDER BY beside COUNT"),
        ("SELECT id FROM t WHERE COUNT(*) > 1", "count outside"),
        ("SELECT MAX(MAX(n)) FROM t", "max outside"),
        ("SELECT t.* FROM t", "t.*"),
        ("SELECT 7 / 2", "/"),
        ("SELECT 'a' || 'b'", "||"),
        ("SELECT 1 XOR 1", "XOR"),
        ("SELECT 1 & 1", "&"),
        ("SELECT s LIKE 'a%' FROM t", "LIKE"),
        ("SELECT CAST(n AS CHAR) FROM t", "CAST"),
        ("SELECT SUBSTR(s, 1) FROM t", "SUBSTR"),
        ("SELECT TRIM(s) FROM t", "TRIM"),
        ("SELECT SYSDATE()", "sysdate"),
        ("SELECT NOW() + 1", "arithmetic with a text"),
        ("SELECT NOW() + INTERVAL 1 MONTH", "MONTH"),
        ("SELECT s + INTERVAL 1 DAY FROM t", "which is no time"),
        ("SELECT VALUES(n) FROM t", "VALUES()"),
        ("SELECT SLEEP(1)", "sleep"),
        ("SELECT CONNECTION_ID()", "connection_id"),
        ("SELECT @@version", "@@version"),
        ("SELECT (id, n) = (1, 10) FROM t", "(id, n)"),
        ("SELECT 18446744073709551615", "18446744073709551615"),
        ("SELECT s + 1 FROM t", "arithmetic with a text"),
        (
            "SELECT 1 FROM t WHERE s = 1",
            "a comparison of a text with an integer",
        ),
        (
            "SELECT 1 FROM t WHERE id = '1'",
            "a comparison of an integer with a text",
        ),
        ("SELECT 1 FROM t WHERE s", "a text as a condition"),
        (
            "SELECT 1 FROM t WHERE x'00' = 'a'",
            "a comparison of bytes with a text",
        ),
        ("SELECT LENGTH(n) FROM t", "LENGTH of an integer"),
        ("SELECT CONCAT(r) FROM t", "CONCAT of a real number"),
        ("SELECT 0.5 % 1", "remainder"),
        ("SELECT 1 WHERE 1", "WHERE without a table"),
        (
            "SELECT 1 FROM information_schema.tables FOR UPDATE",
            "a locking clause without a table",
        ),
        ("SELECT 1 FROM t FOR UPDATE OF t", "OF t"),
        (
            "SELECT 1 FROM t WHERE EXISTS (SELECT 1 FROM u FOR UPDATE)",
            "a locking clause in a sub-query",
        ),
        ("SELECT 1 FROM t FETCH FIRST 1 ROWS ONLY", "FETCH FIRST"),
        ("SELECT id FROM t ORDER BY n NULLS LAST", "NULLS LAST"),
        ("SELECT id FROM t LIMIT 1 + 1", "1 + 1"),
        ("SELECT HIGH_PRIORITY id FROM t", "HIGH_PRIORITY"),
        ("SELECT id FROM t USE INDEX (x)", "USE INDEX"),
        ("SELECT id FROM d.t", "d.t"),
        (
            "INSERT INTO t SELECT 1, 2, 'a', 1 FROM u",
            "INSERT … SELECT",
        ),
        ("INSERT INTO t SET id = 1", "INSERT … SET"),
        (
            "INSERT IGNORE INTO t (id, s) VALUES (1, 'too long')",
            "INSERT IGNORE of a value",
        ),
        ("UPDATE t SET n = 1 ORDER BY 1", "ORDER BY the constant 1"),
        ("UPDATE t SET n = 1 RETURNING id", "RETURNING"),
        ("UPDATE t SET n = 1 FOR UPDATE", "a locking clause"),
        ("DELETE t FROM t", "DELETE t FROM t"),
        ("CREATE TABLE v (a INT)", "a table without a primary key"),
        (
            "CREATE TABLE v (a INT PRIMARY KEY AUTO_INCREMENT)",
            "AUTO_INCREMENT",
        ),
        ("CREATE TABLE v (a DATETIME PRIMARY KEY)", "DATETIME"),
        (
            "CREATE TABLE v (a INT PRIMARY KEY, b DECIMAL(5,2))",
            "DECIMAL",
        ),
        (
            "CREATE TABLE v (a DOUBLE PRIMARY KEY)",
            "a real number in a key",
        ),
        (
            "CREATE TABLE v (a INT PRIMARY KEY CHECK (a > 0))",
            "CHECK (a > 0)",
        ),
        (
            "CREATE TABLE v (a INT PRIMARY KEY, FOREIGN KEY (a) REFERENCES t (id))",
            "FOREIGN KEY",
        ),
        ("CREATE TABLE v (a INT PRIMARY KEY) ENGINE=MyISAM", "MyISAM"),
        (
            "CREATE TABLE v (a INT PRIMARY KEY) COLLATE utf8mb4_general_ci",
            "utf8mb4_general_ci",
        ),
        (
            "CREATE TABLE v (a INT PRIMARY KEY DEFAULT (1 + 1))",
            "DEFAULT",
        ),
        ("CREATE TEMPORARY TABLE v (a INT PRIMARY KEY)", "TEMPORARY"),
        ("CREATE VIEW v AS SELECT 1", "CREATE VIEW"),
        ("ALTER TABLE t ADD COLUMN a INT", "ALTER TABLE"),
        ("TRUNCATE TABLE t", "TRUNCATE TABLE"),
        ("BEGIN", "BEGIN"),
        ("SELECT 1; SELECT 2", "several statements"),
        ("SET GLOBAL wsrep_sync_wait = 1", "SET"),
    ] {
        match tables.run(text, &[]) {
            Err(error) if error.code == "unsupported" && error.message.contains(named) => {}
            other => wrong.push(format!("{text}: {other:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn text_that_is_no_sql_is_a_syntax_error() {
    let mut tables = Tables::new();
    for text in [
        "",
        "SELEC 1",
        "SELECT FROM",
        "UPDATE t SET",
        "SELECT 'open",
        "SELECT ABS(1, 2)",
        "SELECT NOW(7)",
        "SELECT id FROM t FOR SHARE",
    ] {
        assert_eq!(tables.error(text).code, "syntax", "{text}");
    }
    let deep = format!("SELECT {}1{}", "(".repeat(500), ")".repeat(500));
    assert_eq!(tables.error(&deep).code, "syntax");
}

#[test]
fn sub_queries_have_a_depth() {
    let mut tables = Tables::new();
    let mut text = "SELECT 1 FROM t".to_owned();
    for _ in 0..2 {
        text = format!("SELECT 1 FROM t WHERE EXISTS ({text})");
    }
    assert_eq!(tables.rows(&text).len(), 4);
    text = format!("SELECT 1 FROM t WHERE EXISTS ({text})");
    assert!(tables.error(&text).message.contains("sub-queries within"));
}
