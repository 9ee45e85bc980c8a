//! `runner report` of a batch.

use super::*;

#[test]
fn the_folder_of_a_batch_is_reported_with_the_reasons_of_each_verdict() {
    let sandbox = sandbox();
    let batch =
        "batch --workload a-quick.toml --strategy cas,unguarded --repeat 2 --out out --seed 5";
    let done = sandbox.run(batch);
    assert_eq!(done.code, 1, "{}", done.stderr);
    let hint = done
        .stdout
        .split('`')
        .find(|it| it.starts_with("runner report "));
    let report = hint.expect("a hint").strip_prefix("runner ").unwrap();
    assert_eq!(report, "report out");
    let said = sandbox.run(report);
    assert_eq!(said.code, 1, "{}", said.stderr);
    for told in [
        "a-quick × cas: valid\n  mutual-exclusion: valid",
        "a-quick × unguarded: violated\n",
    ] {
        assert_eq!(
            said.stdout.matches(told).count(),
            2,
            "{told}: {}",
            said.stdout
        );
    }
    let csv = sandbox.run("report out --csv - --quiet");
    sandbox.write("again.csv", &csv.stdout);
    let (before, again) = (
        rows(&sandbox, "out/results.csv"),
        rows(&sandbox, "again.csv"),
    );
    assert_eq!(column(&again, "repetition"), ["1", "2", "1", "2"]);
    for row in &again {
        assert!(before.contains(row), "{row:?}");
    }
    let json = sandbox.run("report out --json").stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["verdict"], "violated");
    assert_eq!(json["runs"].as_array().unwrap().len(), 4);
    assert_eq!(json["runs"][0]["trials"][0]["verdict"], "valid");
}
