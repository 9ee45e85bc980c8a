//! Progress of a run: a line every ten seconds where there is no terminal.

use crate::support::{Sandbox, component, finished};
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Duration;

const SLOW: &str = "--strategy cas --rows 2 --workers-per-row 2 --changes-per-worker 100000 \
                    --pause-ms 50 --hold-ms 50 --time-limit-s 13";

#[test]
fn a_run_says_every_ten_seconds_how_far_it_is() {
    let sandbox = Sandbox::new();
    let ended = sandbox.run(SLOW);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    let lines: Vec<_> = ended.stderr.lines().collect();
    let [line, _not_tried] = &lines[..] else {
        panic!("{lines:?}");
    };
    let (before, after) = line.split_once(" of 400000 changes, ").unwrap();
    let done: u32 = before.strip_prefix("cas: ").unwrap().parse().unwrap();
    assert!(done > 0, "{line}");
    assert!(after.contains(" a second"), "{line}");
    let quiet = sandbox.run(&format!("{SLOW} --quiet"));
    assert_eq!((&*quiet.stdout, &*quiet.stderr), ("", ""));
}

#[test]
fn a_search_says_every_ten_seconds_how_far_it_is() {
    let sandbox = Sandbox::new();
    let search = "check cas --seeds 1000000000 --time 12s --faults none --jobs 1";
    let ended = sandbox.run(search);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.starts_with("cas: "), "{}", ended.stderr);
    assert!(ended.stderr.contains(" seeds, "), "{}", ended.stderr);
    let quiet = sandbox.run(&format!("{search} --quiet"));
    assert_eq!((&*quiet.stdout, &*quiet.stderr), ("", ""));
}

#[test]
fn a_batch_says_which_cell_it_is_at() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "slow.toml",
        "kind = \"volume-state\"\nrows = 2\nworkers_per_row = 2\nchanges_per_worker = 100000\npause_ms = 50\nhold_ms = 50\n\
         time_limit_s = 12\n",
    );
    let ended = sandbox.run("batch --workload slow.toml --strategy cas --out out");
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    let told = "cell 1/1 slow × cas: ";
    assert!(ended.stderr.contains(told), "{}", ended.stderr);
    assert!(
        ended.stderr.contains(" of 400000 changes, "),
        "{}",
        ended.stderr
    );
}

/// A component that takes twelve seconds to come stands for a large one, which takes so long to compile.
#[test]
fn a_compilation_says_every_ten_seconds_that_it_goes_on() {
    let sandbox = Sandbox::new();
    let start = |name: &str, flags: &str| {
        give_slowly(sandbox.path(&format!("{name}.wasm")));
        sandbox.start(&format!(
            "--strategy {name}.wasm --rows 1 --workers-per-row 2 --changes-per-worker 1 {flags}"
        ))
    };
    let (told, quiet) = (start("told", ""), start("quiet", "--quiet"));
    let told = finished(told.wait_with_output().unwrap());
    let lines: Vec<_> = told.stderr.lines().collect();
    assert_eq!(lines.first(), Some(&"compiling told, 10 s"), "{lines:?}");
    let quiet = finished(quiet.wait_with_output().unwrap());
    assert_eq!((&*quiet.stdout, &*quiet.stderr), ("", ""));
}

/// Makes a pipe that gives a component to each reader: at once to the first, which looks what kind of
/// strategy it is, and late to the second, which compiles it.
fn give_slowly(pipe: PathBuf) {
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let bytes = fs::read(component("cas")).unwrap();
    thread::spawn(move || {
        // Until the folder is gone.
        let waits_s = [12].into_iter().chain(std::iter::repeat(1));
        for wait_s in waits_s.take_while(|_| fs::write(&pipe, &bytes).is_ok()) {
            thread::sleep(Duration::from_secs(wait_s));
        }
    });
}
