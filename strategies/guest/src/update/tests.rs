use super::*;

fn sql_of(condition: Condition) -> String {
    let update = Update::table("t").set("a", ARG).when(condition);
    let statement = update.build().expect("a good statement");
    let start = "UPDATE t SET a = ? WHERE ";
    statement.sql().strip_prefix(start).unwrap().to_owned()
}

fn text(value: &str) -> Value {
    Value::from(value)
}

#[test]
fn a_compare_and_swap_reads_as_in_a_book() {
    let swap = Update::table("volumes")
        .set("status", ARG)
        .set("attach_status", ARG)
        .when(column("id").equals(ARG))
        .when(column("status").equals(ARG))
        .build()
        .unwrap();
    assert_eq!(
        swap.sql(),
        "UPDATE volumes SET status = ?, attach_status = ? WHERE id = ? AND status = ?"
    );
    let arguments = ["deleting", "m", "1", "available"].map(text);
    let params = swap.params(&arguments).unwrap();
    assert!(matches!(params, Cow::Borrowed(_)), "nothing was copied");
    assert_eq!(*params, arguments);
}

#[test]
fn every_condition_has_its_sql() {
    let snapshots = || rows("s").when(column("s.of").equals(column("t.id")));
    for (condition, sql) in [
        (column("a").equals("x"), "a = ?"),
        (column("a").not_equals(7), "a <> ?"),
        (column("a").equals(column("b")), "a = b"),
        (column("a").equals(Value::Null), "a IS NULL"),
        (column("a").not_equals(Value::Null), "a IS NOT NULL"),
        (column("a").is_null(), "a IS NULL"),
        (column("a").is_not_null(), "a IS NOT NULL"),
        (column("a").is_in(["x", "y"]), "a IN (?, ?)"),
        (column("a").not_in([ARG]), "a NOT IN (?)"),
        (column("a").is_in(Vec::<Operand>::new()), "1 = 0"),
        (column("a").not_in(Vec::<Operand>::new()), "1 = 1"),
        (exists(rows("s")), "EXISTS (SELECT 1 FROM s)"),
        (
            not_exists(snapshots().when(column("s.state").is_in(["x"]))),
            "NOT EXISTS (SELECT 1 FROM s WHERE s.of = t.id AND s.state IN (?))",
        ),
        (
            any_of([column("a").not_equals(ARG), column("a").is_null()]),
            "(a <> ? OR a IS NULL)",
        ),
        (any_of([]), "1 = 0"),
    ] {
        assert_eq!(sql_of(condition), sql);
    }
}

#[test]
fn constants_and_arguments_keep_the_order_of_the_text() {
    let statement = Update::table("t")
        .set("a", ARG)
        .set("b", "constant b")
        .when(column("c").is_in([ARG, "constant c".into(), ARG]))
        .build()
        .unwrap();
    let arguments = ["1", "2", "3"].map(text);
    let params = statement.params(&arguments).unwrap();
    let expected = ["1", "constant b", "2", "constant c", "3"].map(text);
    assert_eq!(*params, expected);
}

#[test]
fn the_text_depends_on_the_shape_and_not_on_the_values() {
    let with = |value: &str| {
        let update = Update::table("t").set("a", value);
        update.when(column("b").equals(value)).build().unwrap()
    };
    assert_eq!(with("x").sql(), with("'; DROP TABLE t").sql());
}

#[test]
fn mistakes_are_reported_when_the_statement_is_built() {
    let good = || Update::table("t").set("a", 1).when(column("b").equals(1));
    good().build().unwrap();
    for mistake in [
        Update::table("t").set("a", 1),
        Update::table("t").when(column("b").equals(1)),
        Update::table("t; DROP TABLE t")
            .set("a", 1)
            .when(exists(rows("s"))),
        good().set("a = 1, b", 1),
        good().set("", 1),
        good().set("1a", 1),
        good().when(column("t.").is_null()),
        good().when(column("a").equals(column("b OR 1"))),
        good().when(exists(rows("s WHERE 1 = 1 --"))),
        good().when(column("a").not_in([Value::Null])),
    ] {
        let error = mistake.clone().build().expect_err(&format!("{mistake:?}"));
        assert_eq!(error.detail().code, "bad-statement");
    }
}

#[test]
fn the_number_of_arguments_is_checked() {
    let update = Update::table("t").set("a", ARG);
    let statement = update.when(column("b").equals("x")).build().unwrap();
    assert!(statement.params(&[]).is_err());
    assert!(statement.params(&["1", "2"].map(text)).is_err());
    assert_eq!(statement.params(&["1"].map(text)).unwrap().len(), 2);
}
