//! Settings that nobody reads did nothing, and the user thinks they did.

use crate::support::Sandbox;
use serde_json::Value;

const POOL: &str = "--workload ip-20 --workers-per-row 4 --changes-per-worker 2 --pause-ms 0";

/// The output of a run about a setting that was misspelt.
const MISSPELT: &str = "never asked for the setting \"windw\", so it had no effect; did you mean \
                        \"window\"?";

#[test]
fn settings_for_a_strategy_that_reads_none_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "a.toml",
        "kind = 'volume-state'\nrows = 2\nworkers_per_row = 2\n",
    );
    let words = ["cas", "takes no settings", "`foo`"];
    for command in [
        "--strategy cas+foo=1 --rows 2",
        "--strategy cas --set foo=1 --rows 2",
        "--strategy cas --strategy unguarded+foo=1 --rows 2",
        "--strategy cas+foo=1 --rows 2 --db sim",
        "batch --workload a.toml --strategy cas+foo=1 --out out",
        "batch --workload a.toml --strategy cas --set foo=1 --out out",
        "check cas+foo=1 --seeds 1",
        "check cas --set foo=1 --seeds 1",
        "test cas+foo=1",
    ] {
        let refused = sandbox.run(command);
        match command.contains("unguarded") {
            true => refused.refused_with(&["unguarded+foo=1", "takes no settings", "`foo`"]),
            false => refused.refused_with(&words),
        }
        assert!(
            !sandbox.path("out").exists() && !sandbox.path("results").exists(),
            "{command}"
        );
    }
}

#[test]
fn setting_that_no_instance_asked_for_is_reported_with_the_nearest_one() {
    let sandbox = Sandbox::new();
    for db in ["sqlite", "sim"] {
        let run = format!("--strategy ip-window+windw=1 {POOL} --db {db} --out {db}");
        let told = sandbox.run(&run);
        let warning = format!("warning: ip-window+windw=1: the strategy {MISSPELT}");
        assert!(told.stderr.contains(&warning), "{db}: {}", told.stderr);
        assert!(told.stdout.contains(MISSPELT), "{db}: {}", told.stdout);
        let (code, trial) = sandbox.report(db);
        // What was measured is right, of what was not asked for.
        assert_eq!((told.code, code), (0, 0), "{trial:#}");
        let unread = &trial["conditions"]["settings_unread"];
        assert_eq!(unread[0]["name"], "windw", "{unread:#}");
        assert_eq!(unread[0]["nearest"], "window");
        assert!(trial["remarks"].to_string().contains("windw"), "{trial:#}");
    }
    let right = sandbox.run(&format!("--strategy ip-window+window=1 {POOL} --out right"));
    assert_eq!(right.code, 0, "{}{}", right.stdout, right.stderr);
    for said in [&right.stdout, &right.stderr] {
        assert!(!said.contains("never asked"), "{said}");
    }
}

#[test]
fn check_and_batch_report_a_setting_that_no_instance_asked_for() {
    let sandbox = Sandbox::new();
    let checked = sandbox.run("check ip-window+windw=1 --seeds 3 --faults none");
    assert!(checked.stderr.contains(MISSPELT), "{}", checked.stderr);
    assert!(checked.stdout.contains(MISSPELT), "{}", checked.stdout);
    let checked = sandbox.run("check ip-window --set windw=1 --seeds 3 --faults none --json");
    let report: Value = serde_json::from_str(&checked.stdout).unwrap();
    let unread = &report["checked"][0]["settings_unread"][0];
    assert_eq!(unread["nearest"], "window", "{report:#}");
    let batch = sandbox.run("batch --workload ip-20 --strategy ip-window+windw=1 --out out");
    assert!(batch.stderr.contains(MISSPELT), "{}", batch.stderr);
}
