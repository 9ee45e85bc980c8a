//! Which rows a statement comes by.

use super::*;

fn visits(text: &str, parameters: &[Value]) -> Visits {
    let tables = Tables::new();
    let visits = match tables.plan(text) {
        Plan::Select(select) => select.visits(parameters, &tables),
        Plan::Update(update) => update.visits(parameters, &tables),
        Plan::Delete(delete) => delete.visits(parameters, &tables),
        other => panic!("{other:?}"),
    };
    visits.unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn integers(keys: &[i64]) -> Visits {
    Visits::Keys(keys.iter().map(|&key| Key::from(key)).collect())
}

const SCAN: Visits = up_to(None);

const fn up_to(enough: Option<u64>) -> Visits {
    Visits::Part(Part {
        index: 0,
        from: None,
        to: None,
        shape: PartShape::Range,
        enough,
    })
}

/// From one cut to the other.
fn part(index: u32, shape: PartShape, from: Option<Cut>, to: Option<Cut>) -> Visits {
    Visits::Part(Part {
        index,
        from,
        to,
        shape,
        enough: None,
    })
}

#[test]
fn a_where_that_gives_the_primary_key_visits_these_rows_alone() {
    for (filter, keys) in [
        ("id = ?", integers(&[7])),
        ("? = id AND n = 5", integers(&[7])),
        ("s = 'a' AND (n = 1 AND id = 2)", integers(&[2])),
        ("id IN (4, ?, 2, 4)", integers(&[2, 4, 7])),
        ("id = 1 + 2", integers(&[3])),
        ("id = NULL", integers(&[])),
        ("id = 2.5", integers(&[])),
        ("id = 1 OR id = 2", SCAN),
        ("NOT id = 1", SCAN),
        ("id <> 1", SCAN),
        ("id = n", SCAN),
        ("n = 1", SCAN),
        ("id NOT IN (1, 2)", SCAN),
        ("id IN (SELECT t_id FROM u)", SCAN),
    ] {
        let parameters = &[Value::Integer(7)][..filter.matches('?').count()];
        for statement in [
            format!("SELECT n FROM t WHERE {filter} FOR UPDATE"),
            format!("UPDATE t SET n = 5 WHERE {filter}"),
            format!("DELETE FROM t WHERE {filter}"),
        ] {
            assert_eq!(visits(&statement, parameters), keys, "{statement}");
        }
    }
}

#[test]
fn a_key_of_several_columns_needs_them_all() {
    let keys = |parts: &[(&str, i64)]| {
        let key = |&(b, a): &(&str, i64)| Key::of(&[Value::from(b), Value::Integer(a)]).unwrap();
        Visits::Keys(parts.iter().map(key).collect())
    };
    for (filter, wanted) in [
        ("a = 2 AND b = 'x'", keys(&[("x", 2)])),
        (
            "a IN (2, 1) AND b IN ('y', 'x')",
            keys(&[("x", 1), ("x", 2), ("y", 1), ("y", 2)]),
        ),
        ("a = 2 AND b IN (NULL)", keys(&[])),
    ] {
        let text = format!("DELETE FROM u WHERE {filter}");
        assert_eq!(visits(&text, &[]), wanted, "{filter}");
    }
}

#[test]
fn range_of_a_key_visits_that_part_of_it() {
    let parts = KeyPart::Integer;
    let range = |from, to| part(0, PartShape::Range, from, to);
    let (before, after) = (
        |n| Some(Cut::before(parts(n))),
        |n| Some(Cut::after(parts(n))),
    );
    for (filter, wanted) in [
        ("id > 1", range(after(1), None)),
        ("id >= 1 AND n = 3", range(before(1), None)),
        ("id < ?", range(None, before(7))),
        ("4 >= id", range(None, after(4))),
        ("id BETWEEN 2 AND 5", range(before(2), after(5))),
        ("id > 2 AND id < 5", range(after(2), before(5))),
        ("id > 2.5", SCAN),
        ("id > n", SCAN),
        ("id > 2 OR id < 1", SCAN),
    ] {
        let parameters = &[Value::Integer(7)][..filter.matches('?').count()];
        let text = format!("UPDATE t SET n = 5 WHERE {filter}");
        assert_eq!(visits(&text, parameters), wanted, "{filter}");
    }
    let x = || vec![KeyPart::Text("x".into())];
    let text = "DELETE FROM u WHERE b = 'x'";
    let prefix = part(
        0,
        PartShape::Prefix,
        Some(Cut::before(x())),
        Some(Cut::after(x())),
    );
    assert_eq!(visits(text, &[]), prefix);
    let x_and = |n| [x(), vec![KeyPart::Integer(n)]].concat();
    let text = "DELETE FROM u WHERE b = 'x' AND a > 1";
    let range = part(
        0,
        PartShape::Range,
        Some(Cut::after(x_and(1))),
        Some(Cut::after(x())),
    );
    assert_eq!(visits(text, &[]), range);
}

#[test]
fn too_many_keys_are_a_scan() {
    let list = |n: i64| (0..n).map(|i| i.to_string()).collect::<Vec<_>>().join(", ");
    let text = |n| format!("DELETE FROM t WHERE id IN ({})", list(n));
    assert_eq!(visits(&text(1025), &[]), SCAN);
    assert_ne!(visits(&text(1024), &[]), SCAN);
}

#[test]
fn a_limit_ends_the_visit_where_rows_are_read_in_their_order() {
    let up_to = |n| up_to(Some(n));
    for (text, wanted) in [
        ("SELECT id FROM t WHERE n = 1 LIMIT 2 FOR UPDATE", up_to(2)),
        ("SELECT id FROM t LIMIT 2 OFFSET 3 FOR UPDATE", up_to(5)),
        (
            "SELECT id FROM t ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED",
            up_to(1),
        ),
        ("SELECT id FROM t ORDER BY id DESC LIMIT 1 FOR UPDATE", SCAN),
        ("SELECT id FROM t ORDER BY n LIMIT 1 FOR UPDATE", SCAN),
        ("SELECT COUNT(*) FROM t LIMIT 1 FOR UPDATE", SCAN),
    ] {
        assert_eq!(visits(text, &[]), wanted, "{text}");
    }
}

#[test]
fn a_row_is_asked_whether_it_matches() {
    let tables = Tables::new();
    let row = |id: i64| {
        tables
            .get(tables.schema.id("T").unwrap(), &Key::from(id))
            .unwrap()
    };
    let parameters = [Value::Integer(10)];
    let Plan::Select(select) = tables.plan("SELECT id FROM t WHERE n = ? FOR UPDATE") else {
        panic!("it is a SELECT");
    };
    let matches = |id| select.matches(&parameters, &tables, row(id)).unwrap();
    assert!(matches(1) && !matches(2) && !matches(3) && matches(4));
}

#[test]
fn locking_clauses_are_recognized() {
    let tables = Tables::new();
    for (clause, lock) in [
        ("", None),
        ("FOR UPDATE", Some((true, IfLocked::Wait))),
        ("FOR UPDATE NOWAIT", Some((true, IfLocked::Refuse))),
        ("FOR UPDATE SKIP LOCKED", Some((true, IfLocked::Skip))),
        ("FOR UPDATE WAIT 3", Some((true, IfLocked::WaitFor(3)))),
        ("lock in share mode", Some((false, IfLocked::Wait))),
    ] {
        let Plan::Select(select) = tables.plan(&format!("SELECT id FROM t {clause}")) else {
            panic!("it is a SELECT");
        };
        let seen = select.lock().map(|lock| (lock.exclusive, lock.if_locked));
        assert_eq!(seen, lock, "{clause}");
    }
}
