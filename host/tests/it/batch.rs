//! Batches: a row for each cell, whatever becomes of it, and nothing that is finished twice.

mod refusals;
mod reported;

use crate::support::{Finished, Sandbox, finished, hostile, signal};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant};

type Row = BTreeMap<String, String>;

const QUICK: &str = "kind = \"volume-state\"\nrows = 2\nworkers_per_row = 3\nchanges_per_worker = 4\n\
                     pause_ms = 1\nhold_ms = 1\ncheck_wait_ms = 5\n";

/// Ends when it is stopped.
const ENDLESS: &str = "kind = \"volume-state\"\nrows = 2\nworkers_per_row = 2\n\
                       changes_per_worker = 1000000\npause_ms = 1\nhold_ms = 1\ncheck_wait_ms = 5\n";

/// A folder with the workloads `a-quick` and `b-quick`.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    for name in ["a-quick.toml", "b-quick.toml"] {
        sandbox.write(name, QUICK);
    }
    sandbox
}

fn rows(sandbox: &Sandbox, file: &str) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(sandbox.path(file)).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

fn column<'a>(rows: &'a [Row], name: &str) -> Vec<&'a str> {
    rows.iter().map(|row| row[name].as_str()).collect()
}

/// The history file of a run: another file would have another inode.
fn history(sandbox: &Sandbox, cell: &str) -> (u64, Vec<u8>) {
    let strategy = cell.rsplit('/').next().unwrap();
    let path = sandbox.path(&format!("out/{cell}/{strategy}/history.jsonl"));
    (fs::metadata(&path).unwrap().ino(), fs::read(path).unwrap())
}

fn wait_for(what: &str, mut is_there: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_there() {
        assert!(began.elapsed() < Duration::from_secs(60), "no {what} came");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[track_caller]
fn succeeded(finished: &Finished) {
    assert_eq!(finished.code, 0, "{}{}", finished.stdout, finished.stderr);
}

#[test]
fn each_cell_is_a_row_and_only_strategies_that_take_locks_run_with_each_service() {
    let sandbox = sandbox();
    let batch = "batch --workload *-quick.toml --strategies cas,lock-change --lock memory \
                 --lock file:locks --csv table.csv";
    let done = sandbox.run(batch);
    succeeded(&done);
    let rows = rows(&sandbox, "table.csv");
    let twice = |names: [&'static str; 3]| [names, names].concat();
    let solutions = twice(["cas", "lock-change", "lock-change"]);
    assert_eq!(column(&rows, "solution"), solutions);
    assert_eq!(
        column(&rows, "locks"),
        twice(["none", "memory", "file:locks"])
    );
    assert_eq!(column(&rows, "ok"), ["24"; 6]);
    assert_eq!(column(&rows, "ended"), ["completed"; 6]);
    assert_eq!(column(&rows, "error"), [""; 6]);
    let workloads = [["a-quick"; 3], ["b-quick"; 3]].concat();
    assert_eq!(column(&rows, "workload"), workloads);
    let seeds = column(&rows, "seed");
    assert!(seeds.iter().all(|seed| *seed == seeds[0]), "{seeds:?}");
    // The columns are those of a run, and the folder has the table too.
    let headings = |file: &str| {
        let text = fs::read_to_string(sandbox.path(file)).unwrap();
        text.lines().next().unwrap().to_owned()
    };
    succeeded(&sandbox.run("--strategy cas --workload a-quick.toml --out run"));
    assert_eq!(headings("table.csv"), headings("run/results.csv"));
    let folder = "results/batches/table";
    assert_eq!(
        fs::read(sandbox.path(&format!("{folder}/results.csv"))).unwrap(),
        fs::read(sandbox.path("table.csv")).unwrap()
    );
    // Each cell is a run like any other, and each workload has its table.
    for cell in ["a-quick/cas", "b-quick/lock-change-file"] {
        let report = sandbox.run(&format!("report {folder}/{cell} --csv -"));
        succeeded(&report);
        let own = fs::read_to_string(sandbox.path(&format!("{folder}/{cell}/results.csv")));
        assert_eq!(report.stdout, own.unwrap());
    }
    for words in [
        "a-quick: 2 rows × 3 workers",
        "b-quick: ",
        "acquire",
        folder,
    ] {
        assert!(done.stdout.contains(words), "{}", done.stdout);
    }
    let told = "cell 6/6 b-quick × lock-change (file): valid, 24 ok, 0 errors";
    assert!(done.stderr.contains(told), "{}", done.stderr);
}

#[test]
fn a_batch_that_was_killed_goes_on_and_repeats_nothing_that_is_finished() {
    let sandbox = sandbox();
    sandbox.write("c-long.toml", ENDLESS);
    let batch = "batch --workload *.toml --strategy cas --out out --csv table.csv --time-limit-s 3";
    let mut child = sandbox.start(batch);
    wait_for("history", || {
        sandbox.path("out/c-long/cas/cas/history.jsonl").exists()
    });
    signal(&child, "-KILL");
    child.wait().unwrap();
    assert_eq!(
        rows(&sandbox, "table.csv").len(),
        2,
        "written after each cell"
    );
    let finished_before = ["a-quick/cas", "b-quick/cas"].map(|cell| history(&sandbox, cell));
    let cut = fs::read(sandbox.path("out/c-long/cas/plan.json")).unwrap();

    let again = sandbox.run(batch);
    succeeded(&again);
    assert!(
        again
            .stderr
            .contains("2 of 3 cells are finished in out and are not repeated"),
        "{}",
        again.stderr
    );
    let finished_after = ["a-quick/cas", "b-quick/cas"].map(|cell| history(&sandbox, cell));
    assert_eq!(finished_before, finished_after);
    // What was cut is kept beside, and the seed is the one that was drawn first.
    assert_eq!(
        fs::read(sandbox.path("out/c-long/cas~1/plan.json")).unwrap(),
        cut
    );
    let rows = rows(&sandbox, "table.csv");
    assert_eq!(
        column(&rows, "ended"),
        ["completed", "completed", "time-limit"]
    );
    let seeds = column(&rows, "seed");
    assert!(seeds.iter().all(|seed| *seed == seeds[0]), "{seeds:?}");
    let cut: serde_json::Value = serde_json::from_slice(&cut).unwrap();
    assert_eq!(cut["seed"].to_string(), seeds[0]);

    // Once more, with nothing left to do, it says the same of the same.
    let third = sandbox.run(batch);
    succeeded(&third);
    assert!(third.stderr.contains("3 of 3 cells are finished"));
    assert_eq!(third.stdout, again.stdout);
    assert!(!sandbox.path("out/c-long/cas~2").exists());
}

#[test]
fn ctrl_c_ends_the_running_cell_in_order_and_the_rest_is_left_for_the_next_time() {
    let sandbox = sandbox();
    sandbox.write("b-long.toml", ENDLESS);
    let batch = "batch --workload a-quick.toml --workload b-long.toml --workload b-quick.toml \
                 --strategy cas --out out";
    let child = sandbox.start(batch);
    let history = sandbox.path("out/b-long/cas/cas/history.jsonl");
    wait_for("history", || {
        fs::metadata(&history).is_ok_and(|file| file.len() > 1000)
    });
    signal(&child, "-INT");
    let ended = finished(child.wait_with_output().unwrap());
    assert_eq!(ended.code, 3, "{}{}", ended.stdout, ended.stderr);
    let left = "not finished: 2 of 3 cells; the same command resumes them";
    assert!(ended.stdout.contains(left), "{}", ended.stdout);
    let rows = rows(&sandbox, "out/results.csv");
    assert_eq!(column(&rows, "ended"), ["completed", "interrupted"]);
    assert!(!sandbox.path("out/b-quick").exists());

    // A last cell that was cut is not the end of the batch either, valid as it may be.
    let child = sandbox.start("batch --workload b-long.toml --strategy cas --out last");
    let history = sandbox.path("last/b-long/cas/cas/history.jsonl");
    wait_for("history", || {
        fs::metadata(&history).is_ok_and(|file| file.len() > 1000)
    });
    signal(&child, "-INT");
    let ended = finished(child.wait_with_output().unwrap());
    assert_eq!(ended.code, 3, "{}{}", ended.stdout, ended.stderr);
}

#[test]
fn a_cell_that_fails_is_a_row_that_says_so_and_the_others_go_on() {
    let sandbox = sandbox();
    sandbox.write("a-long.toml", ENDLESS);
    let all = "batch --workload *.toml --strategy cas --out out --db sqlite::memory:";
    // The limit on the size of a file stands for a full disk; the history of one cell meets it. In
    // the place of another cell's folder there is a file.
    succeeded(&sandbox.run(&all.replace("*.toml", "a-quick.toml")));
    sandbox.write("out/b-quick", "no folder");
    sandbox.write("c-quick.toml", QUICK);
    let done = sandbox.shell(&format!("trap '' XFSZ; ulimit -f 32; exec $runner {all}"));
    assert_eq!(done.code, 2, "{}{}", done.stdout, done.stderr);
    let rows = rows(&sandbox, "out/results.csv");
    let workloads = ["a-long", "a-quick", "b-quick", "c-quick"];
    assert_eq!(column(&rows, "workload"), workloads);
    let ended = ["failed", "completed", "could-not-run", "completed"];
    assert_eq!(column(&rows, "ended"), ended);
    assert!(
        rows[0]["error"].contains("could not be recorded"),
        "{rows:?}"
    );
    assert!(rows[2]["error"].contains("out/b-quick"), "{rows:?}");
    assert_eq!((&*rows[2]["ok"], &*rows[2]["verdict"]), ("", ""));
    assert!(done.stdout.contains("could not run"), "{}", done.stdout);
}

#[test]
fn a_strategy_that_always_dies_is_reported_as_a_failed_cell_each_time() {
    let sandbox = sandbox();
    let hostile = hostile().display();
    let batch = format!(
        "batch --workload a-quick.toml --strategy {hostile},cas --set attack=trap --out out"
    );
    for _ in 0..2 {
        let done = sandbox.run(&batch);
        assert_eq!(done.code, 2, "{}{}", done.stdout, done.stderr);
        let rows = rows(&sandbox, "out/results.csv");
        assert_eq!(column(&rows, "solution"), ["hostile", "cas"]);
        assert!(!rows[0]["error"].is_empty());
        assert_eq!((&*rows[1]["error"], &*rows[1]["verdict"]), ("", "valid"));
    }
}

#[test]
fn one_cell_that_is_violated_is_the_exit_code_of_all() {
    let sandbox = sandbox();
    sandbox.write("alone.toml", QUICK.replace("per_row = 3", "per_row = 1"));
    let batch = |workload: &str, strategies: &str, out: &str| {
        let arguments = format!("batch --workload {workload} --strategies {strategies}");
        sandbox.run(&format!("{arguments} --out {out} --quiet"))
    };
    let quiet = batch("a-quick.toml", "cas", "valid");
    assert_eq!(
        (quiet.code, quiet.stdout, quiet.stderr),
        (0, String::new(), String::new())
    );
    assert_eq!(batch("a*.toml", "cas", "uncontended").code, 0);
    let required = batch("a*.toml", "cas --require valid", "required");
    assert_eq!(required.code, 3, "{}", required.stderr);
    let contended = QUICK.replace("changes_per_worker = 4", "changes_per_worker = 40");
    sandbox.write("busy.toml", contended);
    let both = sandbox.run(
        "batch --workload alone.toml --workload busy.toml --strategies cas,unguarded --out violated",
    );
    assert_eq!(both.code, 1, "{}{}", both.stdout, both.stderr);
}

#[test]
fn one_runner_at_a_time_works_on_a_batch() {
    let sandbox = sandbox();
    sandbox.write("long.toml", ENDLESS);
    let batch = "batch --workload long.toml --strategy cas --out out --time-limit-s 15";
    let mut child = sandbox.start(batch);
    wait_for("history", || {
        sandbox.path("out/long/cas/cas/history.jsonl").exists()
    });
    sandbox
        .run(batch)
        .refused_with(&["another runner is at work in out"]);
    signal(&child, "-KILL");
    child.wait().unwrap();
}

#[test]
fn a_database_of_ones_own_serves_all_cells_and_the_batch_that_goes_on() {
    let sandbox = sandbox();
    let batch = "batch --workload a-quick.toml --strategies cas,for-update --db sqlite:own.db";
    succeeded(&sandbox.run(&format!("{batch} --out out")));
    succeeded(
        &sandbox.run(&format!("{batch},lock-change --out out").replace(
            "for-update --db sqlite:own.db,lock-change",
            "for-update,lock-change --db sqlite:own.db",
        )),
    );
    assert_eq!(rows(&sandbox, "out/results.csv").len(), 3);
    // What an earlier batch left is ours, and is replaced.
    succeeded(&sandbox.run(&format!("{batch} --out other")));
    assert_eq!(rows(&sandbox, "other/results.csv").len(), 2);
}
