//! `runner test`: who keeps the contract passes, and who does not fails in the part that shows it.

use crate::support::{Sandbox, hostile};
use serde_json::Value;

/// The parts of a test, in their order.
const PARTS: [&str; 7] = [
    "loads",
    "ordinary changes",
    "faults",
    "outages",
    "embedded database",
    "simulator",
    "simulator with faults",
];

fn test(arguments: &str) -> (i32, Value) {
    test_in(&Sandbox::new(), arguments)
}

fn test_in(sandbox: &Sandbox, arguments: &str) -> (i32, Value) {
    let finished = sandbox.run(&format!("test {arguments} --json"));
    let report = serde_json::from_str(&finished.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", finished.stdout, finished.stderr));
    (finished.code, report)
}

/// Of each part its name and status, as far as this status goes.
fn parts(report: &Value, status: &str) -> Vec<String> {
    let parts = report["parts"].as_array().unwrap().iter();
    let of_it = parts.filter(|part| part["status"] == status);
    of_it
        .map(|part| part["name"].as_str().unwrap().to_owned())
        .collect()
}

fn part<'a>(report: &'a Value, name: &str) -> &'a Value {
    let mut parts = report["parts"].as_array().unwrap().iter();
    parts.find(|part| part["name"] == name).expect(name)
}

#[track_caller]
fn passes(strategy: &str) {
    let (code, report) = test(&format!("{strategy} --seeds 10"));
    assert_eq!(parts(&report, "passed"), PARTS, "{report:#}");
    assert_eq!(code, 0);
    let cases = part(&report, "faults").get("cases");
    assert_eq!(cases, None, "only what is wrong is told");
}

#[track_caller]
fn fails(arguments: &str, failed: &[&str]) -> Value {
    let (code, report) = test(arguments);
    assert_eq!(parts(&report, "failed"), failed, "{report:#}");
    assert_eq!(code, 1);
    report
}

#[test]
fn right_strategies_keep_the_contract_on_a_simulated_postgresql_too() {
    for strategy in ["cas", "for-update"] {
        passes(&format!("{strategy} --db sim:kind=postgres"));
    }
    let wrong = "read-modify-write --db sim:kind=postgres --seeds 60";
    fails(wrong, &["simulator", "simulator with faults"]);
}

#[test]
fn faults_of_the_simulator_are_left_out_on_the_embedded_database() {
    let sandbox = Sandbox::new();
    let fault = "at = \"10ms\"\naction = \"crash\"\ntarget = \"n2\"\nfor = \"1s\"\n";
    let workload = "kind = \"volume-state\"\nrows = 1\nworkers_per_row = 2\nhold_ms = 1\n";
    sandbox.write("crash.toml", format!("{workload}[[fault]]\n{fault}"));
    let (code, report) = test_in(&sandbox, "cas --workload crash.toml --seeds 5");
    assert_eq!(parts(&report, "passed"), PARTS, "{report:#}");
    assert_eq!(code, 0);
    let summary = part(&report, "embedded database")["summary"].as_str();
    let said = summary
        .unwrap()
        .ends_with("; without the faults of its workload");
    assert!(said, "{report:#}");
}

#[test]
fn right_strategies_pass() {
    for strategy in [
        "cas",
        "for-update",
        "ip-for-update",
        "ip-two-step",
        "ip-window",
    ] {
        passes(strategy);
    }
}

#[test]
fn right_strategies_with_a_lock_service_pass() {
    for strategy in [
        "leader-fenced",
        "leader-lease",
        "lock-change",
        "lock-change-fenced",
        "lock-change-reconnect",
        "lock-operation",
        "lock-operation-reconnect",
    ] {
        passes(strategy);
    }
    passes("lock-operation --lock session");
    passes("lock-change --lock file");
}

#[test]
fn wrong_strategies_fail_in_the_right_part() {
    let both = ["simulator", "simulator with faults"];
    for strategy in ["for-update-guard", "read-modify-write"] {
        fails(&format!("{strategy} --seeds 10"), &both);
    }
    let three = ["embedded database", both[0], both[1]];
    fails("unguarded --seeds 10", &three);
    for strategy in ["for-update-no-retry", "ip-for-update-no-retry"] {
        let (code, report) = test(&format!("{strategy} --seeds 10"));
        let failed = parts(&report, "failed");
        assert_eq!(code, 1);
        // On SQLite it depends on the run.
        assert!(failed.contains(&"faults".to_owned()), "{report:#}");
        assert!(failed.ends_with(&both.map(str::to_owned)), "{report:#}");
        let cases = part(&report, "faults")["cases"].as_array().unwrap();
        let is_conflict = |case: &Value| case["name"].as_str().unwrap().ends_with(" conflict");
        assert!(cases.iter().all(is_conflict), "{cases:#?}");
    }
}

#[test]
fn taking_a_lost_answer_for_success_fails_and_is_shown_again() {
    let component = hostile().display().to_string();
    let arguments = format!("{component} --set attack=indefinite-is-ok --seeds 3");
    // That the simulator finds it too is luck of its seeds.
    let (code, report) = test(&arguments);
    assert_eq!((code, parts(&report, "failed")[0].as_str()), (1, "faults"));
    let cases = part(&report, "faults")["cases"].as_array().unwrap();
    let names: Vec<_> = cases
        .iter()
        .map(|case| case["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "acquire 3 execute indefinite-not-done",
            "acquire 4 commit indefinite-not-done",
            "release 2 execute indefinite-not-done",
            "release 3 commit indefinite-not-done",
        ]
    );
    let (told, again) = (
        cases[1]["wrong"].as_str().unwrap(),
        cases[1]["again"].as_str().unwrap(),
    );
    assert!(told.contains("the acquire ended ok"), "{told}");
    assert!(told.contains("every-change-counted"), "{told}");
    let shown = Sandbox::new().shell(&again.replacen("runner", "$runner", 1));
    assert_eq!(shown.code, 1, "{}", shown.stderr);
    for line in [
        "1 fault",
        "faults: acquire 4 commit indefinite-not-done",
        "change 1 acquire 3 execute UPDATE volumes SET",
        "change 1 acquire 4 commit (indefinite-not-done) → indefinite 2013",
    ] {
        assert!(shown.stdout.contains(line), "{line}: {}", shown.stdout);
    }
}

#[test]
fn one_fault_alone_is_reported_also_if_it_goes_well() {
    let shown = Sandbox::new().run("test cas --only release");
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    let told = "faults: release 1 execute indefinite-done\n  Call 1 of the release, execute, took \
                effect, and its answer was lost (indefinite).\n  No promise was broken.\n    change 1 acquire \
                1 connect the endpoint → ok\n    change 1 acquire 2 execute UPDATE volumes";
    assert!(shown.stdout.contains(told), "{}", shown.stdout);
    assert_eq!(shown.stdout.matches("reproduce with").count(), 5);
}

#[test]
fn strategy_without_an_ordinary_change_is_not_disturbed_and_the_reason_is_shown() {
    let component = hostile().display().to_string();
    for (attack, why) in [
        (
            "trap",
            "its instance died in the acquire of the first change",
        ),
        ("endless-loop", "computed for more than 20ms"),
        ("memory-bomb", "the limit is 2097152"),
        ("lie", "every-change-counted"),
        ("sleep-forever", "had not ended when nothing could move"),
    ] {
        let limits = "--memory-mib 2 --computing-ms 20 --seeds 1";
        let (code, report) = test(&format!("{component} --set attack={attack} {limits}"));
        let part = part(&report, "ordinary changes");
        assert_eq!((code, &part["status"]), (1, &"failed".into()), "{report:#}");
        assert!(part["summary"].as_str().unwrap().contains(why), "{part:#}");
        let unknown = parts(&report, "unknown");
        assert!(
            unknown.starts_with(&["faults", "outages"].map(str::to_owned)),
            "{report:#}"
        );
    }
}

#[test]
fn use_of_an_ordinary_change_is_reported() {
    let told = |limits: &str| {
        let (_, report) = test(&format!("cas --seeds 1 {limits}"));
        let part = part(&report, "ordinary changes");
        part["summary"].as_str().unwrap().to_owned()
    };
    let (usual, other) = (told(""), told("--memory-mib 2 --computing-ms 20"));
    // The instructions of a call are counted, and it makes some.
    assert!(usual.contains(" of 64 MiB; 0.0"), "{usual}");
    assert!(
        !usual.starts_with("0.00") && !usual.contains("0.000 of 1000 ms"),
        "{usual}"
    );
    assert_eq!(
        other,
        usual.replace(" 64 ", " 2 ").replace(" 1000 ", " 20 ")
    );
}

#[test]
fn a_file_that_is_no_strategy_fails_and_what_can_not_be_tested_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("empty.wasm", b"\0asm\x0d\0\x01\0");
    let failed = sandbox.run("test empty.wasm");
    assert_eq!(failed.code, 1, "{}", failed.stderr);
    assert!(
        failed.stdout.starts_with("empty: failed\n  loads "),
        "{}",
        failed.stdout
    );
    assert_eq!(
        failed.stdout.matches("failed").count(),
        2,
        "{}",
        failed.stdout
    );
    sandbox
        .run("test nothing.wasm")
        .refused_with(&["nothing.wasm"]);
    sandbox.run("test all").refused_with(&["all"]);
    let other = sandbox.shell("$runner test cas --only 'acquire 9'");
    other.refused_with(&["acquire 9", "acquire 2 execute", "release 1 execute"]);
    sandbox.run("test cas --seeds 0").refused_with(&["seeds"]);
    sandbox
        .run("test cas --db sqlite")
        .refused_with(&["leave --db out", "sim:"]);
    sandbox
        .run("test cas --workload ip-20")
        .refused_with(&["cas", "volume-state"]);
}
