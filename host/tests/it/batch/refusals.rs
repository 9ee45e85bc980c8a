//! Batches that are refused before anything is run.

use super::*;
use crate::support::component;

#[test]
fn mistakes_are_reported_before_anything_is_run() {
    let sandbox = sandbox();
    sandbox.write("wrong.toml", "kind = \"volume-state\"\nrosw = 3\n");
    fs::create_dir(sandbox.path("other")).unwrap();
    sandbox.write("other/a-quick.toml", QUICK);
    let quick = "--workload a-quick.toml --strategy cas";
    for (arguments, words) in [
        (
            "--workload sede-*.toml --strategy cas".to_owned(),
            &["no workload file matches"][..],
        ),
        (
            "--workload smok --strategy cas".to_owned(),
            &["there is no workload \"smok\""],
        ),
        (
            "--workload *.toml --strategy cas".to_owned(),
            &["wrong.toml", "did you mean `rows`"],
        ),
        (
            "--workload nothing-* --workload wrong.toml --strategy cas --lock consul:x".to_owned(),
            &["no workload file matches", "no lock service \"consul\""],
        ),
        (
            "--workload a-quick.toml --workload other/a-quick.toml --strategy cas".to_owned(),
            &["two workloads are called \"a-quick\""],
        ),
        (
            "--workload a-quick.toml --strategies cas,cass".to_owned(),
            &["no strategy \"cass\""],
        ),
        (
            format!("{quick} --strategy cas"),
            &["two strategies are called \"cas\""],
        ),
        (
            format!("{quick} --lock memory --lock memory"),
            &["--lock names memory twice"],
        ),
        (
            format!("{quick} --db sim --lock memory --lock redis://127.0.0.1:1"),
            &["the simulator has lock services of its own"],
        ),
        (
            format!("{quick} --lock memory --lock lease"),
            &["--lock lease is a simulated lock service"],
        ),
        (
            format!("{quick} --csv a-quick.toml"),
            &["a-quick.toml", "is there already"],
        ),
        (
            format!("{quick} --out other"),
            &["other is there already", "batch", "--out"],
        ),
    ] {
        sandbox
            .run(&format!("batch {arguments}"))
            .refused_with(words);
    }
    assert!(!sandbox.path("results").exists(), "something was run");
    assert_eq!(
        fs::read_to_string(sandbox.path("a-quick.toml")).unwrap(),
        QUICK
    );
    let empty = sandbox.run("batch --strategy cas");
    assert!(empty.code == 2 && empty.stderr.contains("--workload"));
}

#[test]
fn the_folder_of_another_batch_is_refused_and_left_as_it_is() {
    let sandbox = sandbox();
    let batch = "batch --workload a-quick.toml --strategy cas --out out --csv table.csv";
    succeeded(&sandbox.run(&format!("{batch} --seed 7")));
    let before = (
        history(&sandbox, "a-quick/cas"),
        rows(&sandbox, "table.csv"),
    );
    sandbox
        .run(&format!("{batch} --seed 8"))
        .refused_with(&["out goes on with seed 7, not 8", "--out"]);
    for (flag, difference) in [
        ("--db sqlite::memory:", "database is \"sqlite\" there"),
        (
            "--time-limit-s 60",
            "time_limit_s is null there and 60 here",
        ),
        ("--memory-mib 32", "memory_mib is 64 there and 32 here"),
    ] {
        let words = [
            "out/a-quick/cas holds a run of another batch",
            "--out",
            difference,
        ];
        sandbox.run(&format!("{batch} {flag}")).refused_with(&words);
    }
    sandbox.write("a-quick.toml", QUICK.replace("rows = 2", "rows = 3"));
    sandbox
        .run(batch)
        .refused_with(&["workload.rows is 2 there and 3 here"]);
    sandbox.write("a-quick.toml", QUICK);
    // The same strategy with a note in it is another component.
    let built = component("cas");
    let noted = [&fs::read(built).unwrap()[..], b"\0\x05\x04note"].concat();
    fs::create_dir(sandbox.path("mine")).unwrap();
    sandbox.write("mine/cas.wasm", noted);
    sandbox
        .run(&batch.replace("cas", "./mine/cas.wasm"))
        .refused_with(&["trials.digest is \"sha256:"]);
    let after = (
        history(&sandbox, "a-quick/cas"),
        rows(&sandbox, "table.csv"),
    );
    assert_eq!(before, after);
    // The table of one batch is none of another's.
    sandbox
        .run(&batch.replace("--out out", "--out elsewhere"))
        .refused_with(&["table.csv", "is there already"]);
    succeeded(&sandbox.run(batch));
}
