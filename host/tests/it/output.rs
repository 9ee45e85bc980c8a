//! Destinations of results, and results that can't go there.

use crate::support::{Sandbox, component};
use std::fs;

const RUN: &str = "--strategy cas --workload smoke --changes-per-worker 2";

#[test]
fn reader_of_the_results_may_stop_reading() {
    let sandbox = Sandbox::new();
    let script = format!("$runner {RUN} --out run | head -c 1; exit ${{PIPESTATUS[0]}}");
    let finished = sandbox.shell(&script);
    let mut said = finished.stderr.lines();
    assert!(
        said.all(|line| line.starts_with("not tried here: ")),
        "{}",
        finished.stderr
    );
    assert_eq!(finished.code, 0);
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

#[test]
fn a_folder_whose_name_is_no_text_is_refused() {
    let sandbox = Sandbox::new();
    for command in [RUN, "batch --strategy cas --workload smoke"] {
        let script = format!("$runner {command} --out $'r\\xffn'");
        sandbox.shell(&script).refused_with(&["UTF-8", "--out"]);
    }
    assert_eq!(fs::read_dir(sandbox.path("")).unwrap().count(), 0);
    // A run that was moved to such a folder is reported all the same.
    let script = format!(
        "$runner {RUN} --out run --quiet && mv run $'r\\xffn' && \
                          $runner report $'r\\xffn' --json"
    );
    let said = sandbox.shell(&script);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let report: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(report["folder"], "r\u{fffd}n");
}

#[test]
fn strategies_are_separated_by_commas_everywhere() {
    let sandbox = Sandbox::new();
    let both = "cas,for-update";
    let run = sandbox.run(&format!(
        "--strategy {both} --workload smoke --csv - --out run"
    ));
    assert_eq!(run.code, 0, "{}", run.stderr);
    let solutions = run.stdout.lines().map(|line| line.split(',').next());
    let solutions: Vec<_> = solutions.flatten().collect();
    assert_eq!(solutions, ["solution", "cas", "for-update"]);
    let checked = sandbox.run(&format!("check {both} --seeds 2 --faults none --json"));
    assert_eq!(checked.code, 0, "{}", checked.stderr);
    let checked: serde_json::Value = serde_json::from_str(&checked.stdout).unwrap();
    assert_eq!(checked["checked"].as_array().unwrap().len(), 2);
    let batch = sandbox.run(&format!(
        "batch --strategy {both} --workload smoke,ip-1 --csv -"
    ));
    assert_eq!(
        batch.stdout.lines().count(),
        3,
        "{}{}",
        batch.stdout,
        batch.stderr
    );
}

#[test]
fn settings_stand_behind_a_component_file_too() {
    let sandbox = Sandbox::new();
    fs::copy(component("ip-window"), sandbox.path("mine.wasm")).unwrap();
    for given in ["mine.wasm", "./mine.wasm"] {
        let given = format!("{given}+window=1");
        let check = format!("check {given} --seeds 2 --faults none");
        let said = sandbox.run(&check);
        assert_eq!(said.code, 0, "{}", said.stderr);
        assert!(
            said.stdout.starts_with("mine+window=1: "),
            "{}",
            said.stdout
        );
        let said = sandbox.run(&format!("inspect {given}"));
        assert_eq!(said.code, 0, "{}", said.stderr);
    }
}

#[test]
fn equal_checks_print_equal_json() {
    let sandbox = Sandbox::new();
    let check = "check unguarded --seed 1 --seeds 5 --jobs 1 --json";
    let (first, second) = (sandbox.run(check), sandbox.run(check));
    assert_eq!((first.code, &first.stdout), (1, &second.stdout));
    let json: serde_json::Value = serde_json::from_str(&first.stdout).unwrap();
    assert_eq!(json["verdict"], "violated");
    assert_eq!(json["checked"][0]["why"], json["why"]);
}

#[test]
fn the_keys_of_the_simulated_cluster_are_listed() {
    let sandbox = Sandbox::new();
    for arguments in ["--db sim:help", "check cas --db=sim:help"] {
        let said = sandbox.run(arguments);
        assert_eq!(said.code, 0, "{}", said.stderr);
        for told in ["region_latency_ms", "40", "one way between two places"] {
            assert!(said.stdout.contains(told), "{told}: {}", said.stdout);
        }
    }
    sandbox
        .run("check cas --db sim:region_latency=3")
        .refused_with(&[
            "no key `region_latency`",
            "did you mean `region_latency_ms`?",
        ]);
}

#[test]
fn a_report_is_as_wide_as_the_terminal() {
    let sandbox = Sandbox::new();
    let longest = |script: &str| {
        let said = sandbox.shell(script);
        let lines = said.stdout.lines();
        let lines = lines.map(|line| line.trim_end().chars().count());
        (lines.max().unwrap_or(0), said.stdout)
    };
    let check = "$runner check unguarded --seeds 5 2>/dev/null";
    let on_a_terminal =
        |columns: u32| format!("script -qec \"stty cols {columns}; {check}\" /dev/null");
    for (script, least, most) in [
        (check.to_owned(), 81, 100),
        (on_a_terminal(80), 61, 80),
        (on_a_terminal(140), 101, 140),
    ] {
        let (longest, text) = longest(&script);
        assert!(
            least <= longest && longest <= most,
            "{script}: {longest}\n{text}"
        );
    }
}

#[test]
fn a_server_is_taken_from_a_file_or_a_variable() {
    let sandbox = Sandbox::new().with_variable("CONTEND_DB", "sqlite:variable.db");
    sandbox.write("server.url", "sqlite:file.db\n");
    let database = |flags: &str| {
        let (code, _) = sandbox.trial(&format!("{RUN} {flags}"));
        assert_eq!(code, 0, "{flags}");
        let runs = fs::read_dir(sandbox.path("results/runs")).unwrap();
        let newest = runs.max_by_key(|run| run.as_ref().unwrap().path()).unwrap();
        let plan = fs::read(newest.unwrap().path().join("plan.json")).unwrap();
        let plan: serde_json::Value = serde_json::from_slice(&plan).unwrap();
        plan["database"].as_str().unwrap().to_owned()
    };
    assert_eq!(database(""), "sqlite:variable.db");
    assert_eq!(database("--db @server.url"), "sqlite:file.db");
    assert_eq!(database("--db sqlite::memory:"), "sqlite::memory:");
    let none = sandbox.run(&format!("{RUN} --db @nowhere.url"));
    assert_eq!(none.code, 2);
    assert!(none.stderr.contains("nowhere.url"), "{}", none.stderr);
}
