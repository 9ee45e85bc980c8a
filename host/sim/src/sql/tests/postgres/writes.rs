//! UPDATE, ON CONFLICT and RETURNING.

use super::super::*;

/// `t` has a primary key and a unique one, and two rows.
fn tables() -> Tables {
    let mut tables = Tables::of_postgres();
    tables.rows("CREATE TABLE t (id INT PRIMARY KEY, n BIGINT, m INT, UNIQUE (m))");
    tables.rows("INSERT INTO t VALUES (1, 10, 100), (2, 20, NULL)");
    tables
}

fn numbers(tables: &mut Tables) -> Vec<Vec<Value>> {
    tables.rows("SELECT id, n, m FROM t")
}

fn row(id: i64, n: i64, m: Option<i64>) -> Vec<Value> {
    let m = m.map_or(Value::Null, Value::Integer);
    vec![Value::Integer(id), Value::Integer(n), m]
}

#[test]
fn assignments_see_the_row_as_it_was() {
    let mut tables = tables();
    tables.rows("UPDATE t SET n = m, m = n WHERE id = 1");
    assert_eq!(numbers(&mut tables)[0], row(1, 100, Some(10)));
}

#[test]
fn row_that_comes_out_the_same_is_written() {
    let tables = tables();
    let Plan::Update(update) = tables.plan("UPDATE t SET n = n WHERE id < 9 RETURNING id, n")
    else {
        panic!("no UPDATE");
    };
    let Changes { changes, found } = update.changes(&[], &tables).unwrap();
    assert_eq!((changes.len(), found), (2, 2));
    let written = changes.iter().filter_map(RowChange::returned);
    let returned = update.returning().unwrap();
    let returned = returned.rows(&[], &tables, written).unwrap();
    assert_eq!(returned[1], row(2, 20, None)[..2]);
}

#[test]
fn conflicts_do_nothing_or_update() {
    for (text, affected, after) in [
        (
            "INSERT INTO t VALUES (1, 5, 5), (3, 5, 5) ON CONFLICT (id) DO NOTHING",
            1,
            vec![row(1, 10, Some(100)), row(2, 20, None), row(3, 5, Some(5))],
        ),
        (
            "INSERT INTO t VALUES (3, 5, 100), (4, 5, 7), (5, 5, 7) ON CONFLICT DO NOTHING",
            1,
            vec![row(1, 10, Some(100)), row(2, 20, None), row(4, 5, Some(7))],
        ),
        (
            "INSERT INTO t VALUES (3, 5, 100) ON CONFLICT (m) DO NOTHING",
            0,
            vec![row(1, 10, Some(100)), row(2, 20, None)],
        ),
        (
            "INSERT INTO t VALUES (1, 5, 1), (2, 6, 2), (3, 7, NULL) ON CONFLICT (id) DO UPDATE \
             SET n = t.n + excluded.n WHERE t.n < 20",
            2,
            vec![row(1, 15, Some(100)), row(2, 20, None), row(3, 7, None)],
        ),
    ] {
        let mut tables = tables();
        let Plan::Insert(insert) = tables.plan(text) else {
            panic!("{text}: no INSERT");
        };
        let inserted = insert.changes(&[], &tables, &tables).unwrap();
        assert_eq!(
            (inserted.affected, inserted.unchanged),
            (affected, 0),
            "{text}"
        );
        assert_eq!(inserted.rows.len() as u64, affected, "{text}");
        assert_eq!(insert.writes_taken(), text.contains("UPDATE"), "{text}");
        tables.rows(text);
        assert_eq!(numbers(&mut tables), after, "{text}");
    }
}

#[test]
fn wrong_conflict_clauses_have_the_servers_codes() {
    let mut tables = tables();
    for (text, code) in [
        (
            "INSERT INTO t VALUES (9, 1, 1), (9, 2, 2) ON CONFLICT (id) DO UPDATE SET n = 0",
            "21000",
        ),
        (
            "INSERT INTO t VALUES (1, 1, 1) ON CONFLICT DO UPDATE SET n = 0",
            "42601",
        ),
        (
            "INSERT INTO t VALUES (1, 1, 1) ON CONFLICT (n) DO NOTHING",
            "42P10",
        ),
        (
            "INSERT INTO t VALUES (1, 1, 1) ON CONFLICT (x) DO NOTHING",
            "42703",
        ),
        (
            "INSERT INTO t VALUES (1, 1, 1) ON CONFLICT (id) DO UPDATE SET n = n + 1",
            "42702",
        ),
        (
            "INSERT INTO t VALUES (1, 1, 1) ON CONFLICT (m) DO UPDATE SET n = 1",
            "unsupported",
        ),
        (
            "INSERT INTO t VALUES (1, 1, 1) ON DUPLICATE KEY UPDATE n = 1",
            "42601",
        ),
        ("UPDATE t SET n = 1, n = 2", "42601"),
        ("UPDATE t SET t.n = 1", "42703"),
        ("UPDATE t SET n = 1 LIMIT 1", "42601"),
        ("DELETE FROM t ORDER BY id LIMIT 1", "42601"),
        ("UPDATE t SET (n, m) = (1, 2)", "unsupported"),
        ("UPDATE t SET n = 1 FROM t AS u", "unsupported"),
        ("DELETE FROM t USING t AS u", "unsupported"),
        ("REPLACE INTO t VALUES (1, 1, 1)", "42601"),
    ] {
        assert_eq!(tables.error(text).code, code, "{text}");
    }
}

#[test]
fn default_stands_for_the_value_that_is_not_given() {
    let mut tables = tables();
    tables.rows("INSERT INTO t VALUES (3, 4, DEFAULT)");
    assert_eq!(numbers(&mut tables)[2], row(3, 4, None));
}
