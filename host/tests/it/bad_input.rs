//! Bad input gets one clear message that says what to do, exit code 2, and nothing is lost.

use crate::support::{Sandbox, hostile};
use std::fs;

fn component(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

#[test]
fn a_flag_that_makes_no_sense() {
    let sandbox = Sandbox::new();
    for (arguments, word) in [
        (
            "--strategy cas --rows 0",
            "rows is 0; it must be from 1 to 10000",
        ),
        (
            "--strategy cas --pause-ms 18446744073709551615",
            "pause_ms is 18446744073709551615; it must be from 0 to 3600000",
        ),
        (
            "--strategy cas --rows 10000 --workers-per-row 2",
            "rows × workers_per_row is 20000",
        ),
        (
            "--strategy cas --changes-per-worker 0",
            "changes_per_worker is 0",
        ),
        ("--strategy cas --memory-mib 0", "memory_mib is 0"),
        ("--strategy cas --set novalue", "--set wants NAME=VALUE"),
        (
            "--strategy cas --set a=1 --set a=2",
            "--set gives \"a\" twice",
        ),
        (
            "--strategy cas --db oracle:x",
            "there is no database \"oracle\"",
        ),
        (
            "--strategy cas --db mysql://u:secret@127.0.0.1:1/d",
            "can't connect to 127.0.0.1:1: Connection refused",
        ),
        (
            "--strategy cas --node mysql://u:secret@127.0.0.1:1/d",
            "--node names the servers behind --db mysql://",
        ),
        (
            "--strategy cas --affected-rows changed",
            "count the rows that they found",
        ),
        (
            "--db sim --strategy cas --affected-rows all",
            "none of changed, found",
        ),
        (
            "--strategy cas --isolation serializable",
            "transactions of SQLite are serializable",
        ),
        (
            "--strategy cas --db postgres://u:secret@127.0.0.1:1/d --isolation snapshot",
            "in PostgreSQL, repeatable-read is snapshot isolation",
        ),
        (
            "--strategy cas --db postgres://u:secret@127.0.0.1:1/d --sync-wait 1",
            "--sync-wait is for a Galera cluster",
        ),
        (
            "--strategy cas --db sim --sync-wait 16",
            "--sync-wait is from 0 to 15",
        ),
        (
            "--strategy cas --endpoint one-writer",
            "--endpoint is for --lab and --db sim",
        ),
        (
            "--strategy cas --db mysql://u:secret@127.0.0.1:1/d --endpoint all",
            "elsewhere --db names the endpoint",
        ),
        (
            "--strategy cas --db sim:endpoint=all --endpoint one-writer",
            "--endpoint and sim:endpoint= say the same; leave one out",
        ),
        (
            "--strategy cas --db sim --endpoint pooled",
            "endpoint is pooled; it must be all or one-writer",
        ),
        (
            "--strategy cas --db sim:kind=postgres --endpoint one-writer",
            "endpoint is of kind=galera; leave it out",
        ),
        (
            "--strategy cas --db sim --endpoint writer",
            "is none of all, one-writer",
        ),
        (
            "--strategy cas --db sim --isolation none",
            "is none of read-committed, repeatable-read, serializable, snapshot",
        ),
        (
            "--strategy cas --db postgres://u:secret@h/d --node mysql://u:secret@h/d",
            "--db and --node name different databases",
        ),
        (
            "--strategy cas --db postgres://u:secret@127.0.0.1:1/d",
            "can't connect to 127.0.0.1:1",
        ),
        (
            "--strategy cas --db postgres://u:secret@127.0.0.1:1/d?options=-csecret",
            "has other parameters than those of TLS",
        ),
        (
            "--strategy cas --autocommit-writes text",
            "--autocommit-writes text is for --db mysql://",
        ),
        (
            "--strategy cas --lock redis://:secret@127.0.0.1:1",
            "can't reach Redis at 127.0.0.1:1",
        ),
        ("--strategy cas --lock consul:x", "there is no lock service"),
        (
            "--strategy lock-change --db sim --fault 1s:failover:locks",
            "the fault \"1s failover locks\", and locks in memory suffer none: take --lock lease",
        ),
        (
            "--strategy cas --strategy cas",
            "two strategies are called \"cas\"",
        ),
        (
            "--strategy cass",
            "there is no strategy \"cass\"; did you mean `cas`?",
        ),
        ("--strategy cas,lockonly", "did you mean `lock-only`?"),
        ("check for_update", "did you mean `for-update`?"),
        (
            "--strategy cas --workload smok",
            "there is no workload \"smok\"; did you mean `smoke`? There are: ",
        ),
        (
            "--strategy ip-window --workload smoke",
            "of the kind ip-allocation, and the workload smoke is of the kind volume-state; name another",
        ),
        (
            "--strategy ip-window,cas",
            "others here are not; name a workload with --workload",
        ),
        (
            "--strategy cas --db mysql://u:a/secret@h/d",
            "/ : @ ? # % are written as %2F",
        ),
        (
            "--strategy cas --seed 9007199254740992",
            "seed is 9007199254740992; it must be from 0 to 9007199254740991",
        ),
        (
            "--strategy cas --json --csv -",
            "--json and --csv - both go to standard output",
        ),
        ("build cas+x=1", "has settings, and a component has none"),
        ("push cas+x=1 oci://localhost:1/a:b", "name \"cas\""),
        ("report nowhere", "nowhere is not the folder of a run"),
        ("build nowhere", "nowhere"),
    ] {
        let finished = sandbox.run(arguments);
        finished.refused_with(&[word]);
        assert!(!finished.stderr.contains("secret"), "{}", finished.stderr);
    }
    for arguments in [
        "",
        "--strategy cas --rows many",
        "--strategy cas --rosw 3",
        "--rows 3",
    ] {
        let finished = sandbox.run(arguments);
        assert_eq!(finished.code, 2, "{arguments}");
        assert!(finished.stderr.contains("--help"), "{}", finished.stderr);
    }
    assert!(!sandbox.path("results").exists(), "something was run");
}

#[test]
fn a_machine_that_is_too_small() {
    let sandbox = Sandbox::new();
    sandbox
        .shell("ulimit -n 256; $runner --strategy cas --rows 100")
        .refused_with(&["100 workers need 800 open files", "256", "ulimit -n 800"]);
    sandbox
        .shell("ulimit -v 4000000; $runner --strategy cas --rows 100")
        .refused_with(&["fewer workers", "--memory-mib"]);
    assert!(!sandbox.path("results").exists(), "something was run");
}

#[test]
fn a_strategy_whose_name_is_that_of_a_file_of_the_run() {
    let sandbox = Sandbox::new();
    for name in ["plan.json.wasm", "results.part.wasm"] {
        fs::copy(hostile(), sandbox.path(name)).unwrap();
        sandbox
            .run(&format!("--strategy ./{name} --workload smoke --out run"))
            .refused_with(&[name.trim_end_matches(".wasm"), "rename"]);
    }
    assert!(!sandbox.path("run").exists());
}

#[test]
fn a_workload_file_that_is_broken() {
    let sandbox = Sandbox::new();
    for (text, words) in [
        (
            "kind = \"volume-state\"\nrosw = 3\n",
            &["line 2", "did you mean `rows`"][..],
        ),
        (
            "kind = \"volume-state\"\nrows = \"3\"\n",
            &["line 2", "rows"],
        ),
        ("kind = \"volume-state\"\nrows = \n", &["line 2"]),
        ("rows = 3\n", &["kind = \"volume-state\""]),
    ] {
        sandbox.write("w.toml", text);
        let finished = sandbox.run("--strategy cas --workload w.toml");
        finished.refused_with(&["w.toml"]);
        finished.refused_with(words);
    }
    sandbox
        .run("--strategy cas --workload none.toml")
        .refused_with(&["none.toml"]);
}

#[test]
fn a_file_that_is_no_strategy() {
    let sandbox = Sandbox::new();
    let other_version = r#"(component
        (import "contend:strategy/db@0.1.0" (instance))
        (import "wasi:filesystem/types@0.3.0" (instance)))"#;
    let unknown_function = r#"(component
        (import "contend:strategy/timing@0.2.0" (instance
            (export "now" (func (result u64)))
            (export "tomorrow" (func (result u64)))))
        (instance $i)
        (export "contend:strategy/state-change@0.2.0" (instance $i)))"#;
    for (bytes, words) in [
        (
            b"not wasm at all".to_vec(),
            &["x.wasm is not WebAssembly", "runner build"][..],
        ),
        (Vec::new(), &["is not WebAssembly"]),
        (
            component("(module)"),
            &["core WebAssembly module, not a component"],
        ),
        (
            component("(component)"),
            &[
                "does not fit",
                "exports nothing",
                "contend:strategy/state-change@0.2.0",
            ],
        ),
        (
            component(other_version),
            &[
                "it wants contend:strategy/db@0.1.0; this runner has contend:strategy/db@0.2.0",
                "it wants wasi:filesystem/types@0.3.0; this runner has nothing of that name",
            ],
        ),
        (component(unknown_function), &["does not fit", "tomorrow"]),
        (component(other_version)[..20].to_vec(), &["x.wasm"]),
    ] {
        sandbox.write("x.wasm", &bytes);
        sandbox.run("--strategy ./x.wasm").refused_with(words);
    }
    sandbox
        .run("--strategy ./none.wasm")
        .refused_with(&["none.wasm"]);
    assert!(!sandbox.path("results").exists(), "something was run");
}

#[test]
fn a_strategy_that_traps_at_every_call() {
    let sandbox = Sandbox::new();
    let arguments = format!(
        "--strategy {} --set attack=trap --rows 2 --out run",
        hostile().display()
    );
    let finished = sandbox.run(&arguments);
    finished.refused_with(&[
        "hostile ended its worker at every single call",
        "unreachable",
    ]);
    assert!(
        sandbox.path("run/results.csv").is_file(),
        "what was measured is kept"
    );
}

#[test]
fn a_results_folder_that_can_not_be_had() {
    let sandbox = Sandbox::new();
    let run = "--strategy cas --workload smoke --changes-per-worker 1";
    let first = sandbox.run(&format!("{run} --out run"));
    assert_eq!(first.code, 0, "{}{}", first.stdout, first.stderr);
    let before = fs::read_to_string(sandbox.path("run/results.csv")).unwrap();
    let second = sandbox.run(&format!("{run} --out run"));
    second.refused_with(&["run is there already", "--out"]);
    assert_eq!(
        fs::read_to_string(sandbox.path("run/results.csv")).unwrap(),
        before
    );

    sandbox.write("file", "");
    sandbox
        .run(&format!("{run} --out file/run"))
        .refused_with(&["file/run"]);
    // Not even root can make a folder here.
    sandbox
        .run(&format!("{run} --out /proc/run"))
        .refused_with(&["/proc/run"]);

    sandbox.write("table.csv", "precious");
    let taken = sandbox.run(&format!("{run} --csv table.csv"));
    taken.refused_with(&["table.csv", "is there already"]);
    assert_eq!(
        fs::read_to_string(sandbox.path("table.csv")).unwrap(),
        "precious"
    );
    sandbox
        .run(&format!("{run} --csv nowhere/t.csv"))
        .refused_with(&["nowhere/t.csv"]);
}

#[test]
fn a_database_that_can_not_be_opened() {
    let sandbox = Sandbox::new();
    sandbox.write("text.db", "this is no database, and must not become one");
    let run = "--strategy cas --workload smoke --db";
    sandbox
        .run(&format!("{run} sqlite:text.db"))
        .refused_with(&["text.db"]);
    sandbox
        .run(&format!("{run} sqlite:none/x.db"))
        .refused_with(&["none/x.db"]);
    let locks = "--strategy lock-change --workload smoke --lock file:text.db";
    sandbox.run(locks).refused_with(&["text.db"]);
    let locks = "--strategy lock-change --workload smoke --lock redis://:hunter2@127.0.0.1:1";
    let refused = sandbox.run(locks);
    refused.refused_with(&["redis://127.0.0.1:1", "can't reach", "is it running?"]);
    assert!(!refused.stderr.contains("hunter2"), "{}", refused.stderr);
    assert!(
        !sandbox.path("results").exists(),
        "a folder of a run was made"
    );
}

#[test]
fn a_source_folder_that_makes_no_component() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("empty")).unwrap();
    sandbox
        .run("build empty")
        .refused_with(&["empty", "Cargo.toml"]);
    fs::create_dir_all(sandbox.path("lib/src")).unwrap();
    sandbox.write("lib/src/lib.rs", "");
    sandbox.write(
        "lib/Cargo.toml",
        "[package]\nname = \"l\"\nedition = \"2024\"\n[workspace]\n",
    );
    sandbox.run("build lib").refused_with(&["cdylib"]);
    let manifest = "[package]\nname = \"l\"\nedition = \"2024\"\n[workspace]\n[lib]\n\
                    crate-type = [\"cdylib\"]\n";
    sandbox.write("lib/Cargo.toml", manifest);
    sandbox.write("lib/src/lib.rs", "fn broken( {}");
    sandbox
        .run("build lib")
        .refused_with(&["did not compile", "lib.rs"]);
}
