//! Upserts, bounds, RETURNING and the clock.

use super::*;

/// The ids and the n of all rows.
fn all(tables: &mut Tables) -> Vec<(i64, Value)> {
    let rows = tables.rows("SELECT id, n FROM t");
    let pair = |row: Row| match &row[0] {
        Value::Integer(id) => (*id, row[1].clone()),
        other => panic!("{other:?}"),
    };
    rows.into_iter().map(pair).collect()
}

fn inserted(tables: &Tables, text: &str) -> Inserted {
    match tables.plan(text) {
        Plan::Insert(insert) => insert.changes(&[], tables, tables).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn upserts_count_as_mariadb_does() {
    let tables = Tables::new();
    for (text, affected, unchanged) in [
        ("INSERT IGNORE INTO t (id) VALUES (1), (9)", 1, 0),
        ("REPLACE INTO t (id, n) VALUES (1, 5), (9, 5)", 3, 0),
        (
            "INSERT INTO t (id, n) VALUES (1, 5) ON DUPLICATE KEY UPDATE n = VALUES(n)",
            2,
            0,
        ),
        (
            "INSERT INTO t (id, n) VALUES (1, 5) ON DUPLICATE KEY UPDATE n = n",
            0,
            1,
        ),
        (
            "INSERT INTO t (id, n) VALUES (9, 5) ON DUPLICATE KEY UPDATE n = 1",
            1,
            0,
        ),
        (
            "INSERT INTO t (id, n) VALUES (9, 5), (9, 6) ON DUPLICATE KEY UPDATE n = VALUES(n)",
            3,
            0,
        ),
    ] {
        let seen = inserted(&tables, text);
        assert_eq!(
            (seen.affected, seen.unchanged),
            (affected, unchanged),
            "{text}"
        );
    }
}

#[test]
fn upserts_change_what_is_there() {
    let mut tables = Tables::new();
    tables.rows(
        "INSERT INTO t (id, n) VALUES (1, 5), (9, 7) ON DUPLICATE KEY UPDATE n = t.n + VALUES(n)",
    );
    tables.rows("INSERT IGNORE INTO t (id, n) VALUES (2, 99), (8, 8)");
    tables.rows("REPLACE INTO t (id, s) VALUES (3, 'x')");
    let integer = Value::Integer;
    assert_eq!(
        all(&mut tables),
        [
            (1, integer(15)),
            (2, Value::Null),
            (3, Value::Null),
            (4, integer(10)),
            (8, integer(8)),
            (9, integer(7)),
        ]
    );
    tables.rows("CREATE TABLE v (a INT PRIMARY KEY, b INT UNIQUE)");
    for text in [
        "INSERT IGNORE INTO v VALUES (1, 1)",
        "REPLACE INTO v VALUES (1, 1)",
        "INSERT INTO v VALUES (1, 1) ON DUPLICATE KEY UPDATE b = 2",
    ] {
        let error = tables.error(text);
        assert!(
            error.message.contains("with a UNIQUE key"),
            "{text}: {error}"
        );
    }
}

#[test]
fn writes_have_an_order_and_a_bound() {
    let mut tables = Tables::new();
    tables.rows("UPDATE t SET n = 99 ORDER BY id DESC LIMIT 2");
    tables.rows("DELETE FROM t WHERE n = 99 ORDER BY s LIMIT 1");
    let integer = Value::Integer;
    assert_eq!(
        all(&mut tables),
        [(1, integer(10)), (2, Value::Null), (4, integer(99))]
    );
    tables
        .run("DELETE FROM t LIMIT ?", &[Value::Integer(2)])
        .unwrap();
    assert_eq!(all(&mut tables), [(4, integer(99))]);
}

#[test]
fn write_with_a_bound_visits_no_more_rows_than_it_needs() {
    let tables = Tables::new();
    let visits = |text: &str| match tables.plan(text) {
        Plan::Update(update) => update.visits(&[], &tables).unwrap(),
        other => panic!("{other:?}"),
    };
    for (text, enough) in [
        ("UPDATE t SET n = 1 LIMIT 2", Some(2)),
        ("UPDATE t SET n = 1 ORDER BY id LIMIT 2", Some(2)),
        ("UPDATE t SET n = 1 ORDER BY n LIMIT 2", None),
        ("UPDATE t SET n = 1", None),
    ] {
        assert_eq!(visits(text), Visits::Part(Part::whole(enough)), "{text}");
    }
}

#[test]
fn returning_gives_rows_as_they_became_or_were() {
    let tables = Tables::new();
    let insert = "INSERT INTO t (id, n) VALUES (1, 5), (9, 7) ON DUPLICATE KEY UPDATE n = 6 \
                  RETURNING id, n + 1 AS more";
    let Plan::Insert(plan) = tables.plan(insert) else {
        panic!("no INSERT");
    };
    let rows = plan.changes(&[], &tables, &tables).unwrap().rows;
    let returned = plan.returning().unwrap().rows(&[], &tables, &rows).unwrap();
    let integers = |pair: [i64; 2]| pair.map(Value::Integer).to_vec();
    assert_eq!(returned, [integers([1, 7]), integers([9, 8])]);
    let delete = "DELETE FROM t WHERE n = 10 ORDER BY id DESC LIMIT 1 RETURNING id";
    let Plan::Delete(plan) = tables.plan(delete) else {
        panic!("no DELETE");
    };
    let changes = plan.changes(&[], &tables).unwrap().changes;
    let gone = changes.iter().filter_map(|change| change.before.as_ref());
    let returned = plan.returning().unwrap().rows(&[], &tables, gone).unwrap();
    assert_eq!(returned, [[Value::Integer(4)]]);
}

#[test]
fn clock_is_that_of_the_view() {
    let mut tables = Tables::new();
    let text = |text: &str| Value::from(text);
    for (expression, value) in [
        ("NOW()", text("2000-01-01 00:00:00")),
        ("UTC_TIMESTAMP", text("2000-01-01 00:00:00")),
        ("CURRENT_TIMESTAMP", text("2000-01-01 00:00:00")),
        ("NOW(3)", text("2000-01-01 00:00:00.000")),
        ("CURDATE()", text("2000-01-01")),
        ("CURRENT_TIME", text("00:00:00")),
        ("UNIX_TIMESTAMP()", Value::Integer(946_684_800)),
        (
            "UNIX_TIMESTAMP(NOW() + INTERVAL 2 MINUTE)",
            Value::Integer(946_684_920),
        ),
        (
            "DATE_SUB(NOW(), INTERVAL 1 SECOND)",
            text("1999-12-31 23:59:59"),
        ),
        ("NOW() - INTERVAL 1 SECOND < NOW()", Value::Integer(1)),
        ("IF(1 = 2, 'a', 'b')", text("b")),
        ("GREATEST(1, 3, 2)", Value::Integer(3)),
        ("LEAST(1, NULL)", Value::Null),
    ] {
        assert_eq!(tables.value(expression), value, "{expression}");
    }
}
