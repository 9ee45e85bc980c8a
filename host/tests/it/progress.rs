//! What is said while a run goes on: a line every ten seconds where there is no terminal.

use crate::support::Sandbox;

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
