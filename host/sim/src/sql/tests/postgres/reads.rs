//! Expressions and orders.

use super::super::*;

#[test]
fn expressions_are_computed_as_the_server_does() {
    let mut tables = Tables::of_postgres();
    let (integer, boolean) = (Value::Integer, Value::Boolean);
    for (expression, value) in [
        ("7 / 2", integer(3)),
        ("-7 / 2", integer(-3)),
        ("-7 % 2", integer(-1)),
        ("1 = 1", boolean(true)),
        ("NOT 1 = 1 OR NULL", Value::Null),
        ("TRUE", boolean(true)),
        ("1 IS DISTINCT FROM NULL", boolean(true)),
        ("NULL IS NOT DISTINCT FROM NULL", boolean(true)),
        ("CASE WHEN 1 < 2 THEN 1 = 2 END", boolean(false)),
        ("(1 = 1) = (2 = 2)", boolean(true)),
        ("'a' || 1 || 'b'", Value::from("a1b")),
        ("'a' || NULL", Value::Null),
        ("concat('a', NULL, 2)", Value::from("a2")),
        ("length('üü')", integer(2)),
        ("greatest(1, NULL, 3)", integer(3)),
        ("least(NULL, 2)", integer(2)),
    ] {
        assert_eq!(tables.value(expression), value, "{expression}");
    }
    for (expression, code) in [
        ("1 / 0", "22012"),
        ("1 % 0", "22012"),
        ("9223372036854775807 + 1", "22003"),
        ("1 <=> 1", "unsupported"),
        ("ifnull(1, 2)", "unsupported"),
        ("unix_timestamp()", "unsupported"),
        ("now()", "unsupported"),
        ("CURRENT_TIMESTAMP", "unsupported"),
    ] {
        let error = tables.error(&format!("SELECT {expression}"));
        assert_eq!(error.code, code, "{expression}: {error}");
    }
}

#[test]
fn booleans_are_stored_and_given_as_booleans() {
    let mut tables = Tables::of_postgres();
    tables.rows("CREATE TABLE t (id INT PRIMARY KEY, b BOOLEAN)");
    let given = [Value::Boolean(true)];
    tables
        .run("INSERT INTO t VALUES (1, ?), (2, FALSE), (3, NULL)", &given)
        .unwrap();
    tables.rows("UPDATE t SET b = id < 9 WHERE b IS NULL");
    assert_eq!(tables.integers("SELECT id FROM t WHERE b"), [1, 3]);
    let all = tables.rows("SELECT b FROM t WHERE id <= 2");
    assert_eq!(all, [[Value::Boolean(true)], [Value::Boolean(false)]]);
    assert_eq!(tables.error("UPDATE t SET b = 1").code, "42804");
    assert_eq!(tables.error("UPDATE t SET id = TRUE").code, "42804");
}

#[test]
fn null_comes_last_unless_it_is_said() {
    let mut tables = Tables::of_postgres();
    tables.rows("CREATE TABLE t (id INT PRIMARY KEY, n INT)");
    tables.rows("INSERT INTO t VALUES (1, NULL), (2, 5), (3, 7)");
    for (order, ids) in [
        ("n", [2, 3, 1]),
        ("n DESC", [1, 3, 2]),
        ("n NULLS FIRST", [1, 2, 3]),
        ("n DESC NULLS LAST", [3, 2, 1]),
    ] {
        let text = format!("SELECT id FROM t ORDER BY {order}");
        assert_eq!(tables.integers(&text), ids, "{order}");
    }
}

#[test]
fn keys_are_found_by_the_where() {
    let mut tables = Tables::of_postgres();
    tables.rows("CREATE TABLE t (id INT PRIMARY KEY, n INT)");
    let Plan::Update(update) = tables.plan("UPDATE t SET n = 1 WHERE id = ? AND n > 3") else {
        panic!("no UPDATE");
    };
    let visits = update.visits(&[Value::Integer(7)], &tables).unwrap();
    assert_eq!(visits, Visits::Keys(vec![Key::from(7)]));
    let Plan::Update(update) = tables.plan("UPDATE t SET n = 1 WHERE id > 3 AND id <= 5") else {
        panic!("no UPDATE");
    };
    let Visits::Part(part) = update.visits(&[], &tables).unwrap() else {
        panic!("no part");
    };
    let ends = (
        Cut::after(KeyPart::Integer(3)),
        Cut::after(KeyPart::Integer(5)),
    );
    assert_eq!((part.from, part.to), (Some(ends.0), Some(ends.1)));
}
