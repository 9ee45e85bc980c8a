//! CREATE TRIGGER, and what it inserts.

use super::*;

const AUDIT: &str = "CREATE TABLE audit (id CHAR(36) NOT NULL PRIMARY KEY, t_id INT, old_n BIGINT, \
                     new_n BIGINT)";
const TRIGGER: &str = "CREATE TRIGGER audited AFTER UPDATE ON t FOR EACH ROW BEGIN
    INSERT INTO audit VALUES (UUID(),
        OLD.id, OLD.n, NEW.n);
    END";

#[test]
fn a_trigger_gives_the_row_to_insert() {
    let mut tables = Tables::new();
    tables.rows(AUDIT);
    tables.rows(TRIGGER);
    let Plan::Update(update) = tables.plan("UPDATE t SET n = 11 WHERE id = 1") else {
        panic!("it is an UPDATE");
    };
    let change = update.changes(&[], &tables).unwrap().changes.remove(0);
    let (before, after) = (change.before.unwrap(), change.after.unwrap());
    let firing = || Firing {
        number: 0xabc,
        transaction: 7,
    };
    let fired = tables
        .schema
        .fire(change.table, Some(&before), Some(&after), firing);
    let fired = fired.unwrap();
    let uuid = "00000000-0000-0000-0000-000000000abc";
    let row: StoredRow = [
        Value::from(uuid),
        Value::Integer(1),
        Value::Integer(10),
        Value::Integer(11),
    ]
    .into();
    assert_eq!(fired, [(tables.schema.id("audit").unwrap(), row)]);
}

#[test]
fn each_trigger_follows_its_own_kind_of_change() {
    let mut tables = Tables::new();
    tables.rows(
        "CREATE TABLE audit (id CHAR(36) NOT NULL PRIMARY KEY, tx VARCHAR(9), old_n BIGINT, new_n BIGINT)",
    );
    for (event, values) in [
        ("INSERT", "NULL, NEW.n"),
        ("UPDATE", "OLD.n, NEW.n"),
        ("DELETE", "OLD.n, NULL"),
    ] {
        tables.rows(&format!(
            "CREATE TRIGGER on_{event} AFTER {event} ON t FOR EACH ROW BEGIN
    INSERT INTO audit VALUES (UUID(), CONTEND_TRANSACTION(), {values});
    END"
        ));
    }
    let table = tables.schema.id("t").unwrap();
    let row = |n| -> StoredRow {
        let id = Value::Integer(1);
        [id, Value::Integer(n), Value::Null, Value::Null].into()
    };
    let (old, new) = (row(10), row(11));
    for (before, after, values) in [
        (None, Some(&new), [Value::Null, Value::Integer(11)]),
        (
            Some(&old),
            Some(&new),
            [Value::Integer(10), Value::Integer(11)],
        ),
        (Some(&old), None, [Value::Integer(10), Value::Null]),
    ] {
        let firing = || Firing {
            number: 1,
            transaction: 7,
        };
        let fired = tables.schema.fire(table, before, after, firing).unwrap();
        let [(_, row)] = fired.as_slice() else {
            panic!("one trigger each: {fired:?}");
        };
        assert_eq!(row[1], Value::from("7"));
        assert_eq!(row[2..], values);
    }
}

#[test]
fn triggers_come_and_go() {
    let mut tables = Tables::new();
    tables.rows(AUDIT);
    tables.rows(TRIGGER);
    assert_eq!(tables.error(TRIGGER).code, "1359");
    assert_eq!(tables.error("DROP TRIGGER other").code, "1360");
    tables.rows("DROP TRIGGER IF EXISTS other");
    tables.rows("DROP TRIGGER audited");
    tables.rows(TRIGGER);
    tables.rows(
        "CREATE TRIGGER b AFTER UPDATE ON t FOR EACH ROW INSERT INTO audit (id) VALUES (NEW.n)",
    );
    let row: StoredRow = [Value::Integer(1), Value::Integer(10)].into();
    let fired = |tables: &Tables| {
        let id = tables.schema.id("t").unwrap();
        let firing = || Firing {
            number: 1,
            transaction: 7,
        };
        let fired = tables.schema.fire(id, Some(&row), Some(&row), firing);
        fired.unwrap().len()
    };
    assert_eq!(fired(&tables), 2);
    tables.rows("DROP TABLE t");
    tables.rows("CREATE TABLE t (id INT PRIMARY KEY, n BIGINT)");
    assert_eq!(fired(&tables), 0);
    tables.rows(TRIGGER);
}

#[test]
fn other_triggers_are_refused() {
    let mut tables = Tables::new();
    tables.rows(AUDIT);
    for (frame, code) in [
        (
            "BEFORE UPDATE ON t FOR EACH ROW INSERT INTO audit (id) VALUES (1)",
            "unsupported",
        ),
        (
            "BEFORE INSERT ON t FOR EACH ROW INSERT INTO audit (id) VALUES (1)",
            "unsupported",
        ),
        (
            "AFTER INSERT ON t FOR EACH ROW INSERT INTO audit (id) VALUES (OLD.n)",
            "1054",
        ),
        (
            "AFTER DELETE ON t FOR EACH ROW INSERT INTO audit (id) VALUES (NEW.n)",
            "1054",
        ),
        (
            "AFTER UPDATE ON t FOR EACH ROW DELETE FROM audit",
            "unsupported",
        ),
        (
            "AFTER UPDATE ON t FOR EACH ROW INSERT INTO audit (id) VALUES (1), (2)",
            "unsupported",
        ),
        (
            "AFTER UPDATE ON t FOR EACH ROW INSERT INTO audit (id) VALUES (n)",
            "unsupported",
        ),
        (
            "AFTER UPDATE ON t FOR EACH ROW INSERT INTO audit (id) VALUES ((SELECT b FROM u))",
            "unsupported",
        ),
        (
            "AFTER UPDATE ON t FOR EACH ROW BEGIN INSERT INTO audit (id) VALUES (1);",
            "syntax",
        ),
        (
            "AFTER UPDATE ON nothing FOR EACH ROW INSERT INTO audit (id) VALUES (1)",
            "1146",
        ),
        (
            "AFTER UPDATE ON t FOR EACH ROW INSERT INTO nothing (id) VALUES (1)",
            "1146",
        ),
        (
            "AFTER UPDATE ON t FOR EACH ROW INSERT INTO audit (id) VALUES (NEW.x)",
            "1054",
        ),
    ] {
        let error = tables.error(&format!("CREATE TRIGGER x {frame}"));
        assert_eq!(error.code, code, "{frame}: {error}");
    }
    assert_eq!(tables.error("SELECT UUID()").code, "unsupported");
}
