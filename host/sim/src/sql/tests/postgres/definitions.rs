//! Tables and triggers, as the workloads make them.

use super::super::*;

const VOLUMES: &str = "CREATE TABLE volumes (
    id varchar(36) NOT NULL PRIMARY KEY CHECK (length(id) <= 36),
    status varchar(255) CHECK (length(status) <= 3)); \
    COMMENT ON TABLE volumes IS 'made by us'";

const AUDIT: &str = "CREATE TABLE volumes_audit (id uuid NOT NULL PRIMARY KEY,
    transaction_name varchar(400), old_id varchar(36), new_id varchar(36)); \
    COMMENT ON TABLE volumes_audit IS 'made by us'";

fn trigger(name: &str, event: &str, values: &str) -> String {
    format!(
        "CREATE OR REPLACE FUNCTION volumes_{name}() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN INSERT INTO volumes_audit VALUES (gen_random_uuid(), CONTEND_TRANSACTION(), \
         {values}); RETURN NULL; END $$;
    CREATE TRIGGER volumes_{name} AFTER {event} ON volumes FOR EACH ROW EXECUTE FUNCTION volumes_{name}()"
    )
}

#[test]
fn workload_makes_its_tables_and_triggers() {
    let mut tables = Tables::of_postgres();
    tables.rows(VOLUMES);
    tables.rows(AUDIT);
    tables.rows("CREATE INDEX volumes_audit_by_id ON volumes_audit (new_id)");
    tables.rows(&trigger("updated", "UPDATE", "OLD.id, NEW.id"));
    tables.rows(&trigger("deleted", "DELETE", "OLD.id, NULL"));
    let id = tables.schema.id("volumes").unwrap();
    let row: StoredRow = [Value::from("volume-1"), Value::Null].into();
    let firing = || Firing {
        number: 7,
        transaction: 9,
    };
    let fired = tables.schema.fire(id, Some(&row), Some(&row), firing);
    let [(audit, made)] = fired.unwrap().try_into().unwrap();
    assert_eq!(Some(audit), tables.schema.id("volumes_audit"));
    let uuid = Value::from("00000000-0000-0000-0000-000000000007");
    let volume = Value::from("volume-1");
    assert_eq!(
        made.as_ref(),
        [uuid, Value::from("9"), volume.clone(), volume]
    );
    tables.rows("DROP TRIGGER volumes_updated ON volumes");
    assert_eq!(
        tables
            .schema
            .fire(id, Some(&row), Some(&row), firing)
            .unwrap(),
        []
    );
    for look in [
        "SELECT 1 FROM pg_class WHERE relname = 'volumes' \
         AND relnamespace = current_schema()::regnamespace \
         AND obj_description(oid, 'pg_class') IS DISTINCT FROM 'made by us'",
        "SELECT 1 FROM information_schema.tables",
    ] {
        assert_eq!(tables.rows(look), Vec::<Row>::new());
    }
}

#[test]
fn keys_and_failures_are_named_as_the_server_names_them() {
    let mut tables = Tables::of_postgres();
    tables.rows(VOLUMES);
    tables.rows(
        "CREATE TABLE u (a INT, b TEXT, c SMALLINT NOT NULL DEFAULT 3, PRIMARY KEY (a, b), \
         UNIQUE (b, c), CONSTRAINT one UNIQUE (c))",
    );
    let id = tables.schema.id("u").unwrap();
    let table = tables.schema.table(id).unwrap().clone();
    let names: Vec<&str> = table.key_names.iter().map(|name| &**name).collect();
    assert_eq!(names, ["u_pkey", "u_b_c_key", "one"]);
    let key = Key::of(&[Value::Integer(1), Value::from("x")]).unwrap();
    let error = table.duplicate_key(None, &key);
    let row = error.row.unwrap();
    assert_eq!(
        (
            error.code.as_str(),
            row.table.as_deref(),
            row.key.as_deref(),
            row.value.as_deref()
        ),
        ("23505", Some("u"), Some("u_pkey"), Some("1, x"))
    );
    assert_eq!(
        table
            .duplicate_key(Some(1), &key)
            .row
            .unwrap()
            .key
            .as_deref(),
        Some("one")
    );
    for (text, code, key) in [
        (
            "INSERT INTO u (a, b, c) VALUES (1, 'x', NULL)",
            "23502",
            Some("c"),
        ),
        ("INSERT INTO u (b) VALUES ('x')", "23502", Some("a")),
        (
            "INSERT INTO volumes VALUES ('x', 'long')",
            "23514",
            Some("volumes_status_check"),
        ),
        (
            "INSERT INTO u (a, b, c) VALUES (1, 'x', 32768)",
            "22003",
            None,
        ),
        (
            "INSERT INTO u (a, b, c) VALUES (2147483648, 'x', 1)",
            "22003",
            None,
        ),
        (
            "INSERT INTO volumes VALUES ('1234567890123456789012345678901234567', '')",
            "22001",
            None,
        ),
    ] {
        let error = tables.error(text);
        let named = error.row.and_then(|row| row.key);
        assert_eq!(
            (error.code.as_str(), named.as_deref()),
            (code, key),
            "{text}"
        );
    }
    // Characters count, not bytes, and spaces that are too many go.
    tables.rows("INSERT INTO volumes VALUES ('a                                         ', 'üüü')");
    let mut all = tables.rows("SELECT id FROM volumes");
    let id = all.remove(0).remove(0).into_text().unwrap();
    assert_eq!(id.len(), 36);
}

#[test]
fn other_definitions_are_refused() {
    let mut tables = Tables::of_postgres();
    tables.rows(VOLUMES);
    for text in [
        "CREATE UNIQUE INDEX i ON volumes (status)",
        "CREATE INDEX i ON volumes (lower(status))",
        "CREATE TABLE v (id INT PRIMARY KEY); DROP TABLE volumes",
        "CREATE TABLE v (id TIMESTAMP PRIMARY KEY)",
        "CREATE TABLE v (id INT UNSIGNED PRIMARY KEY)",
        "CREATE TABLE v (id SERIAL PRIMARY KEY)",
        "CREATE TABLE v (id INT)",
        "CREATE VIEW v AS SELECT 1",
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
    ] {
        let error = tables.error(text);
        assert!(
            matches!(error.code.as_str(), "unsupported" | "42601"),
            "{text}: {error}"
        );
    }
    assert_eq!(tables.error("CREATE INDEX i ON v (a)").code, "42P01");
    assert_eq!(tables.error("CREATE INDEX i ON volumes (a)").code, "42703");
}
