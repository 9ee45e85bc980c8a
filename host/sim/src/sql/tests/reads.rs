//! SELECT, and what expressions come to.

use super::*;

fn values(list: &[(&str, Value)]) {
    let mut tables = Tables::new();
    for (expression, value) in list {
        assert_eq!(tables.value(expression), *value, "{expression}");
    }
}

const TRUE: Value = Value::Integer(1);
const FALSE: Value = Value::Integer(0);
const NULL: Value = Value::Null;

#[test]
fn logic_has_three_values() {
    values(&[
        ("NULL = NULL", NULL),
        ("NULL <=> NULL", TRUE),
        ("1 <=> NULL", FALSE),
        ("1 = 1 AND NULL", NULL),
        ("1 = 2 AND NULL", FALSE),
        ("NULL AND 0", FALSE),
        ("1 OR NULL", TRUE),
        ("NULL OR 1", TRUE),
        ("NULL OR 0", NULL),
        ("NOT NULL", NULL),
        ("NOT 0", TRUE),
        ("NULL IS NULL", TRUE),
        ("1 IS NOT NULL", TRUE),
        ("NULL IS TRUE", FALSE),
        ("NULL IS NOT TRUE", TRUE),
        ("0 IS FALSE", TRUE),
        ("1 IN (2, NULL)", NULL),
        ("1 IN (2, NULL, 1)", TRUE),
        ("1 NOT IN (2, NULL)", NULL),
        ("1 NOT IN (2, 3)", TRUE),
        ("2 BETWEEN 1 AND 3", TRUE),
        ("0 NOT BETWEEN 1 AND NULL", TRUE),
        ("2 BETWEEN NULL AND 3", NULL),
    ]);
}

#[test]
fn comparisons_are_of_numbers_or_of_bytes() {
    values(&[
        ("1 < 2", TRUE),
        ("2 <= 1", FALSE),
        ("2 > 1", TRUE),
        ("1 >= 2", FALSE),
        ("1 <> 2", TRUE),
        ("1 != 1", FALSE),
        ("1 = 1e0", TRUE),
        ("'a' = 'A'", FALSE),
        ("'Z' < 'a'", TRUE),
        ("'a' = 'a '", FALSE),
        ("x'00ff' > x'00'", TRUE),
    ]);
}

#[test]
fn arithmetic_is_of_whole_and_real_numbers() {
    values(&[
        ("1 + 2 * 3 - 4", Value::Integer(3)),
        ("-7 % 3", Value::Integer(-1)),
        ("1 % 0", NULL),
        ("1 + NULL", NULL),
        ("-9223372036854775808", Value::Integer(i64::MIN)),
        ("1 + 0.5", Value::Real(1.5)),
        ("- (1 + 1)", Value::Integer(-2)),
        ("+ 3", Value::Integer(3)),
        ("TRUE + FALSE", Value::Integer(1)),
    ]);
    let mut tables = Tables::new();
    for too_much in [
        "9223372036854775807 + 1",
        "-9223372036854775808 - 1",
        "9223372036854775807 * 2",
        "ABS(-9223372036854775808)",
        "1e308 * 10",
    ] {
        assert_eq!(tables.error(&format!("SELECT {too_much}")).code, "1690");
    }
}

#[test]
fn case_and_functions() {
    values(&[
        (
            "CASE WHEN NULL THEN 1 WHEN 1 THEN 2 ELSE 3 END",
            Value::Integer(2),
        ),
        (
            "CASE 5 WHEN 4 THEN 'x' WHEN 5 THEN 'y' END",
            Value::from("y"),
        ),
        ("CASE NULL WHEN NULL THEN 1 END", NULL),
        ("COALESCE(NULL, 2, 3)", Value::Integer(2)),
        ("IFNULL(NULL, 'x')", Value::from("x")),
        ("NULLIF(1, 1)", NULL),
        ("NULLIF(1, NULL)", Value::Integer(1)),
        ("LENGTH('ü')", Value::Integer(2)),
        ("LOWER('AbC')", Value::from("abc")),
        ("UPPER(NULL)", NULL),
        ("CONCAT('a', 1, 'b')", Value::from("a1b")),
        ("CONCAT('a', NULL)", NULL),
        ("ABS(-3)", Value::Integer(3)),
    ]);
}

#[test]
fn texts_are_read_as_mysql_writes_them() {
    values(&[
        ("'it''s'", Value::from("it's")),
        ("\"double\"", Value::from("double")),
        (r"'a\'b'", Value::from("a'b")),
        ("'?'", Value::from("?")),
    ]);
}

#[test]
fn rows_come_in_the_order_of_their_keys_or_as_asked() {
    let mut tables = Tables::new();
    for (text, ids) in [
        ("SELECT id FROM t", vec![1, 2, 3, 4]),
        ("SELECT id FROM t ORDER BY id DESC", vec![4, 3, 2, 1]),
        // NULL comes first; equal ones come in the order of their keys.
        ("SELECT id FROM t ORDER BY n", vec![2, 1, 4, 3]),
        (
            "SELECT id FROM t ORDER BY n DESC, id DESC",
            vec![3, 4, 1, 2],
        ),
        (
            "SELECT id, s AS name FROM t ORDER BY name",
            vec![3, 2, 1, 4],
        ),
        ("SELECT id, r FROM t ORDER BY 2 DESC", vec![4, 1, 3, 2]),
        ("SELECT id FROM t ORDER BY n + id", vec![2, 1, 4, 3]),
        ("SELECT id FROM t LIMIT 2", vec![1, 2]),
        ("SELECT id FROM t LIMIT 2 OFFSET 1", vec![2, 3]),
        ("SELECT id FROM t LIMIT 1, 2", vec![2, 3]),
        ("SELECT id FROM t ORDER BY n LIMIT 1 OFFSET 9", vec![]),
        ("SELECT id FROM t ORDER BY n LIMIT 2 OFFSET 1", vec![1, 4]),
        ("SELECT id FROM t LIMIT 0", vec![]),
        ("SELECT T.ID FROM t AS x WHERE x.n > 10", vec![]),
    ] {
        if text.contains("T.ID") {
            // An alias hides the name.
            assert_eq!(tables.error(text).code, "1054", "{text}");
        } else {
            assert_eq!(tables.integers(text), ids, "{text}");
        }
    }
}

#[test]
fn a_where_takes_only_what_is_true() {
    let mut tables = Tables::new();
    for (filter, ids) in [
        ("n = 10", vec![1, 4]),
        ("n <> 10", vec![3]),
        ("NOT n = 10", vec![3]),
        ("n IS NULL", vec![2]),
        ("s IN ('a', 'c')", vec![1, 4]),
        ("id IN (4, 2, 2, 9)", vec![2, 4]),
        ("id = 2e0", vec![2]),
        ("id = 2.5", vec![]),
        ("id = NULL", vec![]),
        ("id = 1 OR id = 3", vec![1, 3]),
        ("id = 1 AND id = 3", vec![]),
        ("3 = id AND n > 0", vec![3]),
        ("id = n", vec![]),
    ] {
        let text = format!("SELECT id FROM t WHERE {filter}");
        assert_eq!(tables.integers(&text), ids, "{filter}");
    }
}

#[test]
fn sub_queries_see_the_row_around_them() {
    let mut tables = Tables::new();
    for (filter, ids) in [
        ("EXISTS (SELECT 1 FROM u WHERE u.t_id = t.id)", vec![1, 3]),
        ("NOT EXISTS (SELECT 1 FROM u WHERE t_id = id)", vec![2, 4]),
        ("EXISTS (SELECT 1 FROM u WHERE a = 1 LIMIT 0)", vec![]),
        (
            "EXISTS (SELECT COUNT(*) FROM u WHERE a = 77)",
            vec![1, 2, 3, 4],
        ),
        (
            "EXISTS (SELECT 1 FROM u WHERE b = 'x' AND a = id)",
            vec![1, 2],
        ),
        ("id IN (SELECT t_id FROM u)", vec![1, 3]),
        // One of them is NULL.
        ("id NOT IN (SELECT t_id FROM u)", vec![]),
        ("n = (SELECT MAX(n) FROM t AS other)", vec![3]),
        ("(SELECT a FROM u WHERE a = 77) IS NULL", vec![1, 2, 3, 4]),
        (
            "EXISTS (SELECT 1 FROM t AS o WHERE o.n = t.n AND o.id <> t.id AND EXISTS \
             (SELECT 1 FROM u WHERE u.t_id = o.id))",
            vec![4],
        ),
    ] {
        let text = format!("SELECT id FROM t WHERE {filter}");
        assert_eq!(tables.integers(&text), ids, "{filter}");
    }
    let several = "SELECT (SELECT a FROM u) FROM t";
    assert_eq!(tables.error(several).code, "1242");
    let wide = "SELECT id FROM t WHERE id IN (SELECT a, b FROM u)";
    assert_eq!(tables.error(wide).code, "1241");
}

#[test]
fn aggregates_leave_nulls_out() {
    let mut tables = Tables::new();
    let rows = tables.rows("SELECT count(*), COUNT(n), MIN(n), MAX(n), MIN(s), MAX(s) FROM t");
    let ten_to_thirty = [4, 3, 10, 30].map(Value::Integer);
    let texts = ["B", "c"].map(Value::from);
    assert_eq!(rows, [[ten_to_thirty.to_vec(), texts.to_vec()].concat()]);
    let rows = tables.rows("SELECT COUNT(*), MAX(n) FROM t WHERE id > 9");
    assert_eq!(rows, [[Value::Integer(0), Value::Null]]);
    let next = "SELECT COALESCE(MAX(n), 0) + 1 FROM t";
    assert_eq!(tables.integers(next), [31]);
    assert!(
        tables
            .rows("SELECT COUNT(*) FROM t LIMIT 1 OFFSET 1")
            .is_empty()
    );
}

#[test]
fn parameters_are_counted_in_the_order_of_the_text() {
    let mut tables = Tables::new();
    let text = "SELECT ? FROM t WHERE id BETWEEN ? AND ? AND CASE ? WHEN 7 THEN 1 END LIMIT ?, ?";
    let parameters: Vec<_> = [5, 1, 4, 7, 1, 2].map(Value::Integer).into();
    let rows = tables.run(text, &parameters).unwrap();
    assert_eq!(rows, [[Value::Integer(5)], [Value::Integer(5)]]);
    let error = tables.run(text, &parameters[..5]).unwrap_err();
    assert_eq!(error.code, "parameter-count");
    let wrong = [5, 1, 4, 7, 1, -2].map(Value::Integer);
    assert_eq!(tables.run(text, &wrong).unwrap_err().code, "1210");
}

#[test]
fn stars_and_constants() {
    let mut tables = Tables::new();
    let rows = tables.rows("SELECT *, 7 FROM u WHERE b = 'y' AND a = 1");
    let row = [
        Value::Integer(1),
        Value::from("y"),
        Value::Null,
        Value::Integer(7),
    ];
    assert_eq!(rows, [row]);
    assert_eq!(tables.rows("SELECT 1"), [[Value::Integer(1)]]);
    let taken = "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() \
                 AND table_name = 't' AND table_comment <> 'ours'";
    assert!(tables.rows(taken).is_empty());
}
