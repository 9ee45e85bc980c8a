//! PostgreSQL's dialect.

mod definitions;
mod reads;
mod writes;

use super::*;

#[test]
fn errors_have_the_codes_of_the_dialect() {
    let mut tables = Tables::of_postgres();
    tables.rows("CREATE TABLE t (id INT PRIMARY KEY)");
    for (text, code) in [
        ("SELEKT", "42601"),
        ("SELECT 1 FROM v", "42P01"),
        ("SELECT n FROM t", "42703"),
        ("CREATE TABLE t (id INT PRIMARY KEY)", "42P07"),
        ("DROP TABLE v", "42P01"),
        ("INSERT INTO t VALUES (1, 2)", "42601"),
        ("INSERT INTO t (id, id) VALUES (1, 2)", "42701"),
        ("SELECT id FROM t LOCK IN SHARE MODE", "42601"),
    ] {
        assert_eq!(tables.error(text).code, code, "{text}");
    }
    tables.rows("SELECT id FROM t FOR SHARE SKIP LOCKED");
}
