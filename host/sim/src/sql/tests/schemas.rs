//! CREATE and DROP.

use super::*;

const VOLUMES: &str = "CREATE TABLE volumes (
    id varchar(36) NOT NULL PRIMARY KEY CHECK (length(id) <= 36),
    status varchar(255) CHECK (length(status) <= 255),
    attach_status varchar(255)) \
    ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT='made by us'";

#[test]
fn a_table_has_columns_and_keys() {
    let mut tables = Tables::default();
    tables.rows(VOLUMES);
    tables.rows("CREATE TABLE ips (ip INT, pool VARCHAR(9), owner VARCHAR(9) UNIQUE, UNIQUE KEY (pool, ip), PRIMARY KEY (ip))");
    let table = |name: &str| {
        let id = tables.schema.id(name).expect(name);
        tables.schema.table(id).expect(name).clone()
    };
    let volumes = table("VOLUMES");
    assert_eq!(
        (volumes.primary.as_slice(), volumes.columns.len()),
        (&[0][..], 3)
    );
    assert_eq!(volumes.column("STATUS"), Some(1));
    assert!(volumes.columns[0].not_null && !volumes.columns[1].not_null);
    assert_eq!(volumes.columns[0].checked_length, Some(36));
    let ips = table("ips");
    assert_eq!(ips.unique, [vec![2], vec![1, 0]]);
    let row = [Value::Integer(3), Value::from("p"), Value::Null];
    assert_eq!(ips.key_of(&row), Key::from(3));
    assert_eq!(ips.unique_key_of(1, &row).unwrap().to_string(), "p, 3");
    assert_eq!(
        ips.unique_key_of(0, &row),
        None,
        "NULL is never a duplicate"
    );
}

#[test]
fn names_are_taken_or_missing() {
    let mut tables = Tables::new();
    let before = tables.schema.version();
    for (text, code) in [
        ("CREATE TABLE T (a INT PRIMARY KEY)", "1050"),
        ("DROP TABLE t, nothing", "1051"),
        ("SELECT 1 FROM nothing", "1146"),
        ("INSERT INTO nothing VALUES (1)", "1146"),
        ("SELECT nothing FROM t", "1054"),
        ("SELECT u.id FROM t", "1054"),
        ("UPDATE t SET nothing = 1", "1054"),
        ("SELECT id FROM t ORDER BY 2", "1054"),
        ("CREATE TABLE v (a INT, A INT, PRIMARY KEY (a))", "1060"),
        (
            "CREATE TABLE v (a INT PRIMARY KEY, b INT PRIMARY KEY)",
            "1068",
        ),
        ("CREATE TABLE v (a TEXT PRIMARY KEY)", "1170"),
    ] {
        let error = tables.error(text);
        assert_eq!(error.code, code, "{text}: {error}");
    }
    assert_eq!(tables.schema.version(), before);
}

#[test]
fn tables_come_and_go_with_their_rows() {
    let mut tables = Tables::new();
    let first = tables.schema.id("t");
    tables.rows("CREATE TABLE IF NOT EXISTS t (a INT PRIMARY KEY)");
    assert_eq!(tables.schema.id("t"), first);
    tables.rows("CREATE OR REPLACE TABLE t (a INT PRIMARY KEY)");
    assert_ne!(tables.schema.id("t"), first);
    assert!(tables.rows("SELECT a FROM t").is_empty());
    let version = tables.schema.version();
    tables.rows("DROP TABLE IF EXISTS t, u, nothing");
    assert_eq!((tables.schema.id("t"), tables.rows.len()), (None, 0));
    assert_ne!(tables.schema.version(), version);
}
