//! The audit of volume-state for a transaction, on each database.

use super::fixture::Fixture;
use super::*;
use contend::backend::clock::RealClock;
use contend::model::data::{AuditEntry, FinalRows};
use contend::workload::Workload;
use contend::workload::final_state::FinalState;

/// Makes the tables, runs the steps in a session on the first node, and reads what is left. Steps are
/// statements of the host's, `BEGIN`, `COMMIT` and `ROLLBACK`.
async fn after(fixture: &Fixture, steps: &[&str]) -> FinalRows {
    let workload = prepared(fixture).await;
    let mut session = fixture.near().await;
    run(&mut session, steps).await;
    session.close().await;
    read(fixture, &workload).await
}

async fn prepared(fixture: &Fixture) -> Workload {
    let workload = Workload {
        rows: 2,
        ..Workload::default()
    };
    workload.prepare(&*fixture.database).await.unwrap();
    workload
}

async fn run(session: &mut Box<dyn Session>, steps: &[&str]) {
    for step in steps {
        let done = match *step {
            "BEGIN" => session.begin().await,
            "COMMIT" => session.commit().await,
            "ROLLBACK" => session.rollback().await,
            text => {
                // A savepoint can't be prepared everywhere.
                let action = match text.contains("SAVEPOINT") {
                    true => Action::Define,
                    false => Action::Write,
                };
                let statement = Statement::of_host(text, action);
                session.execute(&statement, &[]).await.map(drop)
            }
        };
        done.unwrap_or_else(|error| panic!("{step}: {error}"));
    }
}

async fn read(fixture: &Fixture, workload: &Workload) -> FinalRows {
    let clock = RealClock::new();
    let kind = &workload.kind;
    let found = kind.read_final(&*fixture.database, &clock, workload);
    let FinalState::Rows(data) = found.await.unwrap() else {
        panic!("another kind");
    };
    data
}

fn told(effects: &[AuditEntry]) -> Vec<String> {
    let state = |state: &Option<_>| match state {
        Some(state) => format!("{state}"),
        None => "nothing".to_owned(),
    };
    let tell = |effect: &AuditEntry| {
        let AuditEntry { row, from, to, .. } = effect;
        format!("{row}: {} → {}", state(from), state(to))
    };
    let mut told: Vec<_> = effects.iter().map(tell).collect();
    told.sort();
    told
}

/// The results of the steps, in no order.
async fn effects(fixture: &Fixture, steps: &[&str]) -> Vec<String> {
    told(&after(fixture, steps).await.effects.unwrap())
}

const ACQUIRED: &str = "0: available (no marker) → deleting (1_0)";
const STATUS: &str = "UPDATE volumes SET status = 'deleting' WHERE id = 'volume-0'";
const MARKER: &str = "UPDATE volumes SET attach_status = '1_0' WHERE id = 'volume-0'";
const SCRATCH: &str = "UPDATE volumes SET status = 'scratch' WHERE id = 'volume-0'";
const DELETE: &str = "DELETE FROM volumes WHERE id = 'volume-0'";
const INSERT: &str =
    "INSERT INTO volumes (id, status, attach_status) VALUES ('volume-0', 'deleting', '1_0')";

async fn transaction_is_one_effect_whatever_its_statements(fixture: &Fixture) {
    for steps in [
        &["BEGIN", STATUS, MARKER, "COMMIT"][..],
        &["BEGIN", MARKER, STATUS, "COMMIT"],
        &["BEGIN", SCRATCH, STATUS, MARKER, "COMMIT"],
        &["BEGIN", DELETE, INSERT, "COMMIT"],
        &[
            "BEGIN", SCRATCH, "ROLLBACK", "BEGIN", STATUS, MARKER, "COMMIT",
        ],
    ] {
        assert_eq!(effects(fixture, steps).await, [ACQUIRED], "{steps:?}");
    }
}

async fn each_autocommit_statement_is_an_effect_of_its_own(fixture: &Fixture) {
    let halves = [
        "0: available (no marker) → deleting (no marker)",
        "0: deleting (no marker) → deleting (1_0)",
    ];
    assert_eq!(effects(fixture, &[STATUS, MARKER]).await, halves);
    // Also behind a transaction, whose name may still be set.
    let behind = ["BEGIN", SCRATCH, "ROLLBACK", STATUS, MARKER];
    assert_eq!(effects(fixture, &behind).await, halves);
    let other = "UPDATE volumes SET status = 'scratch' WHERE id = 'volume-1'";
    let behind = ["BEGIN", other, "COMMIT", STATUS, MARKER];
    let mut expected = halves.to_vec();
    expected.push("1: available (no marker) → \"scratch\" (no marker)");
    assert_eq!(effects(fixture, &behind).await, expected);
    let gone = "0: available (no marker) → nothing";
    let back = "0: nothing → deleting (1_0)";
    assert_eq!(effects(fixture, &[DELETE, INSERT]).await, [gone, back]);
}

async fn transactions_of_two_sessions_are_two_effects(fixture: &Fixture) {
    let workload = prepared(fixture).await;
    let (mut one, mut other) = (fixture.near().await, fixture.near().await);
    run(&mut one, &["BEGIN", STATUS, "COMMIT", "BEGIN"]).await;
    run(&mut other, &["BEGIN", MARKER, "COMMIT"]).await;
    run(&mut one, &["COMMIT"]).await;
    one.close().await;
    other.close().await;
    let data = read(fixture, &workload).await;
    assert_eq!(data.effects.unwrap().len(), 2);
}

async fn audit_says_if_it_has_the_order_of_commits(fixture: &Fixture) {
    let steps = [
        STATUS,
        "UPDATE volumes SET status = 'x' WHERE id = 'volume-1'",
        MARKER,
    ];
    let data = after(fixture, &steps).await;
    assert_eq!(data.is_ordered, fixture.database.dialect() == "sqlite");
    if data.is_ordered {
        let effects = data.effects.unwrap();
        let rows: Vec<_> = effects.iter().map(|effect| effect.row).collect();
        assert_eq!(rows, [0, 1, 0]);
    }
}

macro_rules! every_audit_script_on {
    ($on:ident! $($backend:ident),*) => {
        $($on! { $backend:
            transaction_is_one_effect_whatever_its_statements,
            each_autocommit_statement_is_an_effect_of_its_own,
            transactions_of_two_sessions_are_two_effects,
            audit_says_if_it_has_the_order_of_commits,
        })*
    };
}

every_audit_script_on!(
    contract! sqlite_file,
    sqlite_memory,
    galera,
    galera_as_text,
    mariadb_node,
    mariadb_node_as_text,
    postgres_cluster
);
every_audit_script_on!(simulated! simulated_cluster, simulated_alone);

/// Statements that the simulator can't run.
mod real {
    use super::*;

    async fn savepoint_that_is_rolled_back_takes_its_part_of_the_transaction_along(
        fixture: &Fixture,
    ) {
        let steps = [
            "BEGIN",
            STATUS,
            "SAVEPOINT here",
            SCRATCH,
            "UPDATE volumes SET status = 'x' WHERE id = 'volume-1'",
            "ROLLBACK TO SAVEPOINT here",
            MARKER,
            "COMMIT",
        ];
        assert_eq!(effects(fixture, &steps).await, [ACQUIRED]);
        let released = [
            "BEGIN",
            "SAVEPOINT here",
            STATUS,
            "RELEASE SAVEPOINT here",
            MARKER,
            "COMMIT",
        ];
        assert_eq!(effects(fixture, &released).await, [ACQUIRED]);
    }

    async fn replace_and_upsert_are_one_effect(fixture: &Fixture) {
        let replace = INSERT.replacen("INSERT", "REPLACE", 1);
        let (update, replace) = match fixture.database.dialect() {
            "sqlite" => ("ON CONFLICT (id) DO UPDATE SET", Some(replace)),
            "postgres" => ("ON CONFLICT (id) DO UPDATE SET", None),
            _ => ("ON DUPLICATE KEY UPDATE", Some(replace)),
        };
        let upsert = format!("{INSERT} {update} status = 'deleting', attach_status = '1_0'");
        for text in [&upsert].into_iter().chain(&replace) {
            assert_eq!(effects(fixture, &[text]).await, [ACQUIRED], "{text}");
            let within = ["BEGIN", SCRATCH, text, "COMMIT"];
            assert_eq!(effects(fixture, &within).await, [ACQUIRED], "{text}");
        }
    }

    async fn swap_of_two_keys_is_reported_with_the_keys(fixture: &Fixture) {
        let key = |to, from| format!("UPDATE volumes SET id = '{to}' WHERE id = '{from}'");
        let [away, there, back] = [
            key("away", "volume-0"),
            key("volume-0", "volume-1"),
            key("volume-1", "away"),
        ];
        let steps = ["BEGIN", STATUS, MARKER, &away, &there, &back, "COMMIT"];
        let data = after(fixture, &steps).await;
        let effects = data.effects.unwrap();
        // Both rows were alike before, so only what was acquired shows, under the other key.
        let acquired = "1: available (no marker) → deleting (1_0)";
        assert_eq!(told(&effects), [acquired]);
        let keys = effects[0].keys.as_ref().unwrap();
        assert_eq!(keys.before.as_deref(), Some("away"));
        assert_eq!(keys.after.as_deref(), Some("volume-0"));
        assert_eq!(keys.markers.len(), 1);
    }

    macro_rules! every_real_audit_script_on {
        ($($backend:ident),*) => {
            $(contract! { $backend:
                savepoint_that_is_rolled_back_takes_its_part_of_the_transaction_along,
                replace_and_upsert_are_one_effect,
                swap_of_two_keys_is_reported_with_the_keys,
            })*
        };
    }
    every_real_audit_script_on!(
        sqlite_file,
        sqlite_memory,
        galera,
        galera_as_text,
        mariadb_node,
        mariadb_node_as_text,
        postgres_cluster
    );
}

/// A transaction that its server ended in favour of another node's.
mod aborted {
    use super::*;

    async fn statements_after_a_brute_force_abort_stand_alone(fixture: &Fixture) {
        let workload = prepared(fixture).await;
        let mut one = fixture.near().await;
        let mut other = fixture.on(&fixture.database.nodes()[1]).await;
        run(&mut one, &["BEGIN", SCRATCH]).await;
        run(&mut other, &[STATUS]).await;
        // The first node has applied it when a causal reading has seen it there.
        read(fixture, &workload).await;
        let any = Statement::of_host(MARKER, Action::Write);
        let error = one.execute(&any, &[]).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Conflict, "{error}");
        let free = "UPDATE volumes SET status = 'available' WHERE id = 'volume-0'";
        run(&mut one, &[MARKER, free]).await;
        one.close().await;
        other.close().await;
        let data = read(fixture, &workload).await;
        let expected = [
            "0: available (no marker) → deleting (no marker)",
            "0: deleting (1_0) → available (1_0)",
            "0: deleting (no marker) → deleting (1_0)",
        ];
        assert_eq!(told(&data.effects.unwrap()), expected);
    }

    contract! { galera: statements_after_a_brute_force_abort_stand_alone }
    contract! { galera_as_text: statements_after_a_brute_force_abort_stand_alone }
    simulated! { simulated_cluster: statements_after_a_brute_force_abort_stand_alone }
}
