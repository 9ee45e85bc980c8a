//! Values in columns of every type.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn every_type_of_column_comes_back_as_a_value() {
    let fixture = mariadb_node().await;
    let mut session = fixture.session().await;
    for (column, literal, value) in [
        ("TINYINT", "-5", Value::Integer(-5)),
        ("BOOLEAN", "TRUE", Value::Integer(1)),
        ("SMALLINT UNSIGNED", "65535", Value::Integer(65535)),
        ("BIGINT", "-9223372036854775808", Value::Integer(i64::MIN)),
        (
            "BIGINT UNSIGNED",
            "9223372036854775807",
            Value::Integer(i64::MAX),
        ),
        ("YEAR", "2026", Value::Integer(2026)),
        ("BIT(10)", "b'1000000001'", Value::Integer(513)),
        ("FLOAT", "0.5", Value::Real(0.5)),
        ("DOUBLE", "0.1", Value::Real(0.1)),
        ("DECIMAL(12,4)", "-12.5", Value::from("-12.5000")),
        ("CHAR(3)", "'ü'", Value::from("ü")),
        ("VARCHAR(9) CHARACTER SET latin1", "'ü'", Value::from("ü")),
        ("TEXT", "''", Value::from("")),
        ("ENUM('a', 'b')", "'b'", Value::from("b")),
        ("SET('a', 'b')", "'a,b'", Value::from("a,b")),
        ("JSON", "'{}'", Value::from("{}")),
        ("VARBINARY(9)", "x'00ff'", Value::Bytes(vec![0, 255])),
        ("BLOB", "'a'", Value::Bytes(vec![b'a'])),
        ("DATE", "'2026-02-03'", Value::from("2026-02-03")),
        (
            "DATETIME",
            "'2026-02-03 04:05:06'",
            Value::from("2026-02-03 04:05:06"),
        ),
        (
            "DATETIME",
            "'2026-02-03'",
            Value::from("2026-02-03 00:00:00"),
        ),
        (
            "DATETIME(3)",
            "'2026-02-03 04:05:06.7'",
            Value::from("2026-02-03 04:05:06.700"),
        ),
        (
            "TIMESTAMP NULL",
            "'2026-02-03 04:05:06'",
            Value::from("2026-02-03 04:05:06"),
        ),
        (
            "TIME(6)",
            "'-30:00:01.000002'",
            Value::from("-30:00:01.000002"),
        ),
        ("INT", "NULL", Value::Null),
    ] {
        let create = format!("CREATE OR REPLACE TABLE typed (id INT PRIMARY KEY, v {column})");
        host(&mut session, &create, Action::Define).await.unwrap();
        let insert = format!("INSERT INTO typed VALUES (1, {literal})");
        let insert = Statement::of_host(insert, Action::Write);
        let inserted = session.execute(&insert, &[]).await;
        inserted.unwrap_or_else(|error| panic!("{column}: {error}"));
        let seen = rows(&mut session, "SELECT v FROM typed").await;
        assert_eq!(seen, [[value]], "{column} {literal}");
    }
    fixture.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn value_beyond_contract_or_server_is_refused() {
    let fixture = mariadb_node().await;
    let mut session = fixture.session().await;
    let large = Statement::of_host("SELECT 18446744073709551615", Action::Read);
    let message = assert_rejected(session.query(&large, &[]).await, "decode");
    assert!(message.contains("18446744073709551615"), "{message}");
    let write = fixture.statement("UPDATE things SET fraction = ? WHERE id = 1");
    for real in [f64::NAN, f64::INFINITY] {
        let result = session.execute(&write, &[Value::Real(real)]).await;
        assert_rejected(result, "not-a-number");
    }
    // The server is strict, and stays so.
    let whole = fixture.statement("UPDATE things SET n = ? WHERE id = 1");
    let result = session.execute(&whole, &[Value::from("many")]).await;
    assert_rejected(result, "1366");
    fixture.close().await;
}
