//! Where results go, and what happens when they can't go there.

use crate::support::Sandbox;
use std::fs;

const RUN: &str = "--strategy cas --workload smoke --changes-per-worker 2";

#[test]
fn whoever_reads_the_results_may_stop_reading() {
    let sandbox = Sandbox::new();
    let script = format!("$runner {RUN} --out run | head -c 1; exit ${{PIPESTATUS[0]}}");
    let finished = sandbox.shell(&script);
    assert_eq!((finished.code, finished.stderr), (0, String::new()));
    let build = sandbox.shell("$runner build cas 2>err | true; exit ${PIPESTATUS[0]}");
    assert_eq!(build.code, 0, "{}", build.stderr);
}

#[test]
fn standard_output_that_is_full_costs_the_other_results_nothing() {
    let sandbox = Sandbox::new();
    let script = format!("$runner {RUN} --out run --csv table.csv >/dev/full");
    sandbox
        .shell(&script)
        .refused_with(&["standard output", "No space left"]);
    let table = fs::read_to_string(sandbox.path("table.csv")).unwrap();
    assert_eq!(table.lines().count(), 2);
    sandbox
        .shell("$runner build cas >/dev/full")
        .refused_with(&["standard output"]);
}

#[test]
fn a_csv_file_that_is_full_keeps_nothing_from_the_screen() {
    let sandbox = Sandbox::new();
    // A limit of the size of files that is met by the table alone: the folder is written before.
    let run = sandbox.run(&format!("{RUN} --out run"));
    assert_eq!(run.code, 0, "{}", run.stderr);
    let finished = sandbox.shell("trap '' XFSZ; ulimit -f 0; $runner report run --csv t.csv | cat");
    assert!(finished.stderr.contains("t.csv"), "{}", finished.stderr);
    assert_eq!(finished.stdout, run.stdout);
}

#[test]
fn runs_of_one_second_get_a_folder_each() {
    let sandbox = Sandbox::new();
    let children: Vec<_> = (0..6)
        .map(|_| sandbox.start(&format!("{RUN} --quiet")))
        .collect();
    for child in children {
        let ended = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(0), "{said}");
    }
    let runs = fs::read_dir(sandbox.path("results/runs")).unwrap();
    assert_eq!(runs.count(), 6);
}

#[test]
fn a_run_that_is_refused_leaves_no_file() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("run")).unwrap();
    sandbox
        .run(&format!("{RUN} --out run --csv table.csv"))
        .refused_with(&["run is there already"]);
    assert!(!sandbox.path("table.csv").exists());
}
