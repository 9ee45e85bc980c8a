//! INSERT, UPDATE and DELETE.

use super::*;

fn changes(tables: &Tables, text: &str) -> Result<Vec<RowChange>, CallError> {
    match tables.plan(text) {
        Plan::Insert(insert) => insert.changes(&[], tables, tables).map(|it| it.changes),
        Plan::Update(update) => update.changes(&[], tables).map(|it| it.changes),
        Plan::Delete(delete) => delete.changes(&[], tables).map(|it| it.changes),
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_rows_that_come_out_different_are_changed() {
    let tables = Tables::new();
    for (text, count) in [
        ("UPDATE t SET n = 10", 2),
        ("UPDATE t SET n = n", 0),
        ("UPDATE t SET n = 10 WHERE n = 10", 0),
        ("UPDATE t SET n = 5 WHERE id IN (1, 2, 9)", 2),
        ("UPDATE t SET id = id, s = 'a'", 3),
    ] {
        assert_eq!(changes(&tables, text).unwrap().len(), count, "{text}");
    }
}

#[test]
fn a_change_has_the_row_before_and_after() {
    let tables = Tables::new();
    let update = changes(
        &tables,
        "UPDATE t SET s = CONCAT(s, 'b'), n = n + 1 WHERE id = 1",
    );
    let row = |n, s: &str| -> StoredRow {
        let (n, s) = (Value::Integer(n), Value::from(s));
        [Value::Integer(1), n, s, Value::Real(0.5)].into()
    };
    let change = |before, after| RowChange {
        table: tables.schema.id("t").unwrap(),
        key: Key::from(1),
        before,
        after,
    };
    let (old, new) = (Some(row(10, "a")), Some(row(11, "ab")));
    assert_eq!(update.unwrap(), [change(old.clone(), new)]);
    let delete = changes(&tables, "DELETE FROM t WHERE id = 1").unwrap();
    assert_eq!(delete, [change(old, None)]);
    let insert = changes(&tables, "INSERT INTO t (r, id) VALUES (1, 1)").unwrap();
    let new = [
        Value::Integer(1),
        Value::Null,
        Value::Null,
        Value::Real(1.0),
    ];
    assert_eq!(insert, [change(None, Some(new.into()))]);
}

#[test]
fn assignments_see_what_those_before_them_made() {
    let mut tables = Tables::new();
    tables.rows("UPDATE t SET n = n + 1, r = n WHERE id = 1");
    let seen = tables.rows("SELECT n, r FROM t WHERE id = 1");
    assert_eq!(seen, [[Value::Integer(11), Value::Real(11.0)]]);
}

#[test]
fn value_that_a_column_can_not_hold_is_refused_with_mariadbs_code() {
    let mut tables = Tables::new();
    tables.rows("CREATE TABLE v (id TINYINT PRIMARY KEY, b VARBINARY(2), c CHAR(9) NOT NULL)");
    tables.rows("CREATE TABLE w (id INT PRIMARY KEY, s VARCHAR(9), CHECK (LENGTH(s) <= 3))");
    for (text, code) in [
        ("UPDATE t SET s = 'abcdef'", "1406"),
        ("UPDATE t SET n = 'many'", "1366"),
        ("UPDATE t SET n = '12'", "unsupported"),
        ("UPDATE t SET n = 1.5", "unsupported"),
        ("UPDATE t SET n = 1 % 0", "1365"),
        ("UPDATE t SET id = NULL", "1048"),
        ("UPDATE t SET id = 77 WHERE id = 1", "unsupported"),
        ("INSERT INTO t (n) VALUES (1)", "1364"),
        ("INSERT INTO t (id) VALUES (NULL)", "1048"),
        ("INSERT INTO t VALUES (1)", "1136"),
        ("INSERT INTO t (id, id) VALUES (1, 1)", "1110"),
        ("INSERT INTO t (id) VALUES (2147483648)", "1264"),
        ("INSERT INTO v (id, c) VALUES (-129, '')", "1264"),
        ("INSERT INTO v VALUES (1, x'010203', '')", "1406"),
        ("INSERT INTO v (id) VALUES (1)", "1364"),
        ("INSERT INTO w VALUES (1, 'üü')", "4025"),
    ] {
        let error = tables.error(text);
        assert_eq!(error.code, code, "{text}: {error}");
    }
    for text in [
        "UPDATE t SET s = 'üüüüü'",
        "UPDATE t SET s = 12345, r = 3",
        "INSERT INTO v VALUES (-128, 'ab', '')",
        "INSERT INTO w VALUES (1, 'üa')",
    ] {
        tables.rows(text);
    }
    let seen = tables.rows("SELECT s, r FROM t WHERE id = 2");
    assert_eq!(seen, [[Value::from("12345"), Value::Real(3.0)]]);
    let seen = tables.rows("SELECT b FROM v");
    assert_eq!(seen, [[Value::Bytes(b"ab".to_vec())]]);
}

#[test]
fn booleans_are_stored_as_numbers() {
    let mut tables = Tables::new();
    let parameters = [Value::Boolean(true), Value::Boolean(false)];
    let insert = "INSERT INTO t (id, n) VALUES (9, ?), (10, ?)";
    tables.run(insert, &parameters).unwrap();
    assert_eq!(tables.integers("SELECT n FROM t WHERE id > 8"), [1, 0]);
}

#[test]
fn defaults_stand_in_for_what_is_not_given() {
    let mut tables = Tables::new();
    tables.rows(
        "CREATE TABLE d (id INT PRIMARY KEY, n INT NOT NULL DEFAULT 7, s VARCHAR(9) DEFAULT 'x')",
    );
    tables.rows("INSERT INTO d (id) VALUES (1)");
    let seen = tables.rows("SELECT * FROM d");
    let row = [Value::Integer(1), Value::Integer(7), Value::from("x")];
    assert_eq!(seen, [row]);
}
