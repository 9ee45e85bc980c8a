//! The folder of a run may be a stranger's, as a bundle may.

use crate::support::{Finished, Sandbox};
use serde_json::Value;
use std::fs;

const SMALL: &str = "--rows 2 --workers-per-row 2 --changes-per-worker 2 --pause-ms 0 --hold-ms 1";

/// The least that a wasm runtime can start with is more than this: only what reads is run within.
const ADDRESS_SPACE_KIB: u32 = 2 << 20;

fn with_run() -> Sandbox {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&format!("--strategy cas.wasm {SMALL} --out whole"));
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    sandbox
}

/// Ends with 124 where the runner waits or reads for ever.
fn within_bounds(sandbox: &Sandbox, script: &str) -> Finished {
    sandbox.shell(&format!(
        "ulimit -v {ADDRESS_SPACE_KIB}; timeout 30 {script}"
    ))
}

/// One that spoils the folder `run`: what it is, how, and the words of the refusal.
type Spoil<'a> = (&'a str, &'a str, &'a [&'a str]);

/// Every command that reads a folder refuses it with one message, and soon.
#[track_caller]
fn refused(sandbox: &Sandbox, (what, spoil, words): Spoil) {
    let made = sandbox.shell(&format!("rm -rf run; cp -r whole run; cd run; {spoil}"));
    assert_eq!(made.code, 0, "{what}: {}", made.stderr);
    for command in [
        "report run",
        "report run --json",
        "compare run whole",
        "compare whole run",
        "rerun run --out again",
        "bundle run --out x.tgz",
    ] {
        let told = within_bounds(sandbox, &format!("$runner {command}"));
        assert_eq!(
            told.code, 2,
            "{what}: {command}: {}{}",
            told.stdout, told.stderr
        );
        told.refused_with(words);
        assert_eq!(told.stderr.matches("error: ").count(), 1, "{}", told.stderr);
        assert!(told.stdout.is_empty(), "{what}: {}", told.stdout);
        assert!(!sandbox.path("again").exists(), "{what}: {command}");
        assert!(!sandbox.path("x.tgz").exists(), "{what}: {command}");
    }
}

#[test]
fn folder_with_an_impossible_file_is_refused() {
    let sandbox = with_run();
    let whole = within_bounds(&sandbox, "$runner report whole");
    assert_eq!(whole.code, 0, "{}", whole.stderr);
    for file in [
        "plan.json",
        "machine.json",
        "cas/history.jsonl",
        "cas/end.json",
        "cas/rows.json",
        "cas/effects.jsonl",
        "cas/conditions.json",
        "cas/allocations.json",
        "cas/printed.log",
    ] {
        let fifo = format!("rm -f {file}; mkfifo {file}");
        refused(&sandbox, (file, &fifo, &[file, "a FIFO"]));
        let link = format!("rm -f {file}; ln -s /dev/zero {file}");
        refused(&sandbox, (file, &link, &[file, "a link"]));
        let folder = format!("rm -f {file}; mkdir {file}");
        refused(&sandbox, (file, &folder, &[file, "a folder"]));
        let large = format!("truncate -s 1T {file}");
        refused(&sandbox, (file, &large, &["run"]));
    }
    let elsewhere = "mv cas ../elsewhere; ln -s ../elsewhere cas";
    refused(
        &sandbox,
        ("a trial that is a link", elsewhere, &["run/cas", "a link"]),
    );
    refused(
        &sandbox,
        (
            "a line without end",
            "head -c 3000000 /dev/zero >>cas/history.jsonl",
            &["history.jsonl", "line 9 has more than 1048576 bytes"],
        ),
    );
    refused(
        &sandbox,
        (
            "another update",
            "echo x >>cas/effects.jsonl",
            &["effects.jsonl", "line 17 is no update"],
        ),
    );
    refused(
        &sandbox,
        (
            "rows that the plan has not",
            r#"sed -i 's/"rows": \[/"rows": [null,/' cas/rows.json"#,
            &["rows.json", "has 3 rows, and the plan 2"],
        ),
    );
    refused(
        &sandbox,
        (
            "a year of three thousand",
            r#"sed -i 's/"total_time": [0-9]*/"total_time": 100000000000000000/' cas/end.json"#,
            &["end.json", "total_time is 100000000000000000 ns"],
        ),
    );
    for (from, to, words) in [
        ("rows", "4000000000", "rows is 4000000000"),
        ("changes_per_worker", "4000000000", "changes_per_worker is"),
        ("memory_mib", "640000", "memory_mib is 640000"),
    ] {
        let spoil = format!(r#"sed -i 's/"{from}": [0-9]*/"{from}": {to}/' plan.json"#);
        refused(&sandbox, (from, &spoil, &["plan.json", words]));
    }
    refused(
        &sandbox,
        (
            "no plan",
            "rm plan.json",
            &["not the folder of a run", "plan.json"],
        ),
    );
}

#[test]
fn folder_with_an_impossible_change_is_refused() {
    let sandbox = with_run();
    let text = fs::read_to_string(sandbox.path("whole/cas/history.jsonl")).unwrap();
    let changes: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(changes.len(), 8);
    type Edit = fn(&mut Value);
    let edits: [(&str, Edit, &str); 8] = [
        (
            "a return before its call",
            |it| it["acquire"]["returned"] = 0.into(),
            "its acquire returned at 0 ns, before its acquire invoked",
        ),
        (
            "a time of years",
            |it| it["release"]["returned"] = 100_000_000_000_000_000u64.into(),
            "it ends at 100000000000000000 ns, and the run ended at",
        ),
        (
            "a release before its acquire",
            |it| it["release"]["invoked"] = 1.into(),
            "its release invoked at 1 ns",
        ),
        (
            "a check before its acquire",
            |it| it["check"]["began"] = 1.into(),
            "its check began at 1 ns",
        ),
        (
            "a worker",
            |it| it["worker"] = 4.into(),
            "its worker is 4, and the plan has 4",
        ),
        (
            "a row",
            |it| it["row"] = 4_000_000_000u32.into(),
            "its row is 4000000000",
        ),
        ("a number", |it| it["number"] = 2.into(), "its number is 2"),
        (
            "a time below zero",
            |it| it["acquire"]["invoked"] = (-1).into(),
            "is broken",
        ),
    ];
    let write = |changes: &[Value]| {
        let lines = changes.iter().map(|change| format!("{change}\n"));
        sandbox.write("spoilt.jsonl", lines.collect::<String>());
    };
    let spoil = "cp ../spoilt.jsonl cas/history.jsonl";
    for (what, edit, words) in edits {
        let mut spoilt = changes.clone();
        edit(&mut spoilt[2]);
        write(&spoilt);
        refused(
            &sandbox,
            (what, spoil, &["cas/history.jsonl", "line 3", words]),
        );
    }
    let mut twice = changes.clone();
    twice[7] = twice[6].clone();
    write(&twice);
    refused(
        &sandbox,
        (
            "one twice",
            spoil,
            &["cas/history.jsonl", "line 8", "is there twice"],
        ),
    );
}

#[test]
fn batch_refuses_to_resume_from_an_impossible_folder() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "a.toml",
        "kind = 'volume-state'\nrows = 2\nworkers_per_row = 2\nchanges_per_worker = 2\n",
    );
    let batch = "batch --workload a.toml --strategy cas.wasm --out results";
    let ran = sandbox.run(batch);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let resumed = within_bounds(&sandbox, "true");
    assert_eq!(resumed.code, 0);
    let found = sandbox.shell("cd results/a; ls -d */cas").stdout;
    let trial = format!("results/a/{}", found.trim());
    for (spoil, words) in [
        (
            "rm history.jsonl; mkfifo history.jsonl",
            &["history.jsonl", "a FIFO"][..],
        ),
        (
            r#"sed -i '1s/"returned":[0-9]*/"returned":0/' history.jsonl"#,
            &["history.jsonl", "line 1", "its acquire returned at 0 ns"],
        ),
        (
            "rm ../plan.json; mkfifo ../plan.json",
            &["plan.json", "a FIFO"],
        ),
    ] {
        let spoilt = sandbox.shell(&format!("cp -r results kept; cd {trial}; {spoil}"));
        assert_eq!(spoilt.code, 0, "{}", spoilt.stderr);
        let refused = sandbox.shell(&format!("timeout 60 $runner {batch}"));
        refused.refused_with(words);
        assert_eq!(sandbox.shell("rm -rf results; mv kept results").code, 0);
    }
    assert_eq!(sandbox.run(batch).code, 0);
}
