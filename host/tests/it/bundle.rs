//! A run in one file, and run again.

mod refusals;
mod stranger;

use crate::support::{Finished, Sandbox, component};
use serde_json::Value;
use std::fs;
use std::path::Path;

const SMALL: &str = "--rows 2 --workers-per-row 3 --changes-per-worker 3 --pause-ms 0 --hold-ms 1";

/// A sandbox with the run `run` of compare-and-swap.
fn with_run(more: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&format!("--strategy cas.wasm {SMALL} {more} --out run"));
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    sandbox
}

/// Runs with `--json`, and gives the comparison with the exit code.
fn compared(sandbox: &Sandbox, arguments: &str) -> (i32, Value) {
    let Finished {
        code,
        stdout,
        stderr,
    } = sandbox.run(&format!("{arguments} --json"));
    let comparison = serde_json::from_str(&stdout);
    (
        code,
        comparison.unwrap_or_else(|error| panic!("{error}: {stdout}{stderr}")),
    )
}

/// Writes a copy of our compare-and-swap that has another digest, by a note in it.
fn with_a_note(sandbox: &Sandbox, path: &str, note: u8) {
    let mut bytes = fs::read(component("cas")).unwrap();
    bytes.extend([0, 3, 1, b'n', note]);
    sandbox.write(path, bytes);
}

/// Of the component of the run `run`, without the name of the algorithm.
fn digest(sandbox: &Sandbox) -> String {
    let plan = fs::read(sandbox.path("run/plan.json")).unwrap();
    let plan: Value = serde_json::from_slice(&plan).unwrap();
    let digest = plan["trials"][0]["digest"].as_str().unwrap();
    digest.strip_prefix("sha256:").unwrap().to_owned()
}

fn edit(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "no {from:?} in {text}");
    fs::write(path, text.replace(from, to)).unwrap();
}

#[test]
fn the_same_run_makes_the_same_bytes() {
    let sandbox = with_run("--seed 1");
    let bundled = sandbox.run("bundle run");
    assert_eq!(bundled.code, 0, "{}", bundled.stderr);
    assert!(
        bundled
            .stdout
            .starts_with("run.tar.gz: 12 files, 1 of them components")
    );
    // The same files with other times, in another folder, beside a stranger.
    let copied = "mkdir other; cp -r run other; echo secret >other/run/notes.txt; \
                  echo secret >other/run/cas/notes.txt; sleep 1; touch other/run/*";
    assert_eq!(sandbox.shell(copied).code, 0);
    let again = sandbox.run("bundle other/run --out again.tar.gz");
    assert_eq!((again.code, again.stderr), (0, String::new()));
    let bytes = |name: &str| fs::read(sandbox.path(name)).unwrap();
    assert!(bytes("run.tar.gz") == bytes("again.tar.gz"));
    let listed = sandbox.shell("tar tf run.tar.gz").stdout;
    assert!(listed.starts_with("manifest.json\ncomponents/"), "{listed}");
    assert!(listed.contains("run/cas/history.jsonl"), "{listed}");
    assert!(!listed.contains("sqlite"), "{listed}");
    sandbox
        .run("bundle run")
        .refused_with(&["run.tar.gz", "nothing is ever overwritten"]);
}

#[test]
fn a_run_on_sqlite_is_reported_and_run_again_from_its_bundle_alone() {
    let sandbox = Sandbox::new();
    let both = "--strategy cas.wasm --strategy unguarded.wasm --workload smoke";
    let ran = sandbox.run(&format!("{both} --changes-per-worker 5 --out run"));
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    assert_eq!(sandbox.run("bundle run").code, 0);
    fs::remove_dir_all(sandbox.path("run")).unwrap();
    let reported = sandbox.run("report run.tar.gz");
    let of_the_bundle = ran.stdout.replace("results: run", "results: run.tar.gz");
    assert_eq!((reported.code, reported.stdout), (1, of_the_bundle));

    let again = sandbox.run("rerun run.tar.gz --out run");
    assert_eq!(again.code, 0, "{}{}", again.stdout, again.stderr);
    for told in [
        "recorded  run.tar.gz\nagain     run\n",
        "unguarded  verdict         violated  violated",
        "cas: agrees where it must: the verdict\n",
        "the seed fixes what strategies draw, not how workers",
        "Plan, machine and servers are the same.",
    ] {
        assert!(
            again.stdout.contains(told),
            "no {told:?} in {}",
            again.stdout
        );
    }
    let (_, trial) = sandbox.report("run");
    assert_eq!(trial["summary"]["changes"], 100);
    // Another verdict is told by the exit code: the recorded one is of another run.
    let recorded = sandbox.path("run/unguarded");
    fs::remove_dir_all(&recorded).unwrap();
    let copied = sandbox.shell("cp -r run/cas run/unguarded; $runner compare run.tar.gz run");
    assert_eq!(copied.code, 1, "{}", copied.stderr);
    let told = "unguarded: differs where it must agree (the verdict): the verdict was violated and is now valid";
    assert!(copied.stdout.contains(told), "{}", copied.stdout);
    sandbox
        .run("rerun run.tar.gz --out run")
        .refused_with(&["run is there already"]);
}

#[test]
fn in_the_simulator_the_history_comes_again_byte_for_byte() {
    let sandbox = Sandbox::new();
    let arguments = "--db sim:nodes=3,regions=3 --strategy lock-change.wasm --lock lease --seed 5 \
                     --fault 5ms:crash:n2:for:50ms --set x=1 --out run";
    let ran = sandbox.run(&format!("{SMALL} {arguments}"));
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert_eq!(sandbox.run("bundle run").code, 0);
    fs::rename(sandbox.path("run"), sandbox.path("was")).unwrap();
    let (code, comparison) = compared(&sandbox, "rerun run.tar.gz --out run");
    assert_eq!(code, 0, "{comparison:#}");
    assert_eq!(comparison["trials"][0]["must_agree"], "everything");
    assert_eq!(comparison["differences"], Value::Array(vec![]));
    let history = |run: &str| {
        let path = sandbox.path(run).join("lock-change/history.jsonl");
        fs::read(path).unwrap()
    };
    assert!(history("was") == history("run"));

    // The comparison can fail: a history that is not of this seed.
    edit(&sandbox.path("was/plan.json"), "\"seed\": 5", "\"seed\": 6");
    let (code, comparison) = compared(&sandbox, "rerun was --out third");
    assert_eq!(code, 1, "{comparison:#}");
    assert_eq!(comparison["trials"][0]["agreement"], "differ");
    // Nor is a figure compared that must not agree: a runner that did not tell its model.
    edit(
        &sandbox.path("was/plan.json"),
        "\"model\"",
        "\"model_of_old\"",
    );
    let (code, comparison) = compared(&sandbox, "rerun was --out fourth");
    assert_eq!(code, 0, "{comparison:#}");
    assert_eq!(comparison["trials"][0]["must_agree"], "verdict");
    let told = comparison["differences"].to_string();
    assert!(told.contains("simulated.model"), "{told}");
    // Its own world is the only one.
    let elsewhere = sandbox.run("rerun run --db sqlite");
    elsewhere.refused_with(&["simulated", "--db"]);
}

#[test]
fn a_component_is_found_by_its_digest_or_not_at_all() {
    let sandbox = Sandbox::new();
    with_a_note(&sandbox, "mine.wasm", b'1');
    let ran = sandbox.run(&format!("--strategy ./mine.wasm {SMALL} --out run"));
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert_eq!(sandbox.run("bundle run --out with.tgz").code, 0);
    assert_eq!(
        sandbox
            .run("bundle run --out without.tgz --components false")
            .code,
        0
    );
    // From wherever one stands.
    let elsewhere = sandbox.shell("mkdir x; cd x; $runner rerun ../without.tgz --out run");
    assert_eq!(
        elsewhere.code, 0,
        "{}{}",
        elsewhere.stdout, elsewhere.stderr
    );

    // Where what was pulled is kept, too.
    let (kept, hex) = (sandbox.path("cache/strategies/sha256"), digest(&sandbox));
    fs::create_dir_all(&kept).unwrap();
    let kept = kept.join(format!("{hex}.wasm"));
    fs::rename(sandbox.path("mine.wasm"), &kept).unwrap();
    let pulled = sandbox.run("rerun run --out pulled");
    assert_eq!(pulled.code, 0, "{}{}", pulled.stdout, pulled.stderr);
    fs::remove_file(kept).unwrap();

    with_a_note(&sandbox, "mine.wasm", b'2');
    for run in ["run", "without.tgz"] {
        let refused = sandbox.run(&format!("rerun {run} --out again"));
        refused.refused_with(&["mine", "sha256:", "--other-components"]);
    }
    let refused = sandbox.run("bundle run");
    refused.refused_with(&["mine", "--components false"]);
    assert!(!sandbox.path("run.tar.gz").exists() && !sandbox.path("again").exists());
    let (code, comparison) = compared(&sandbox, "rerun run --other-components --out other");
    assert_eq!(code, 0, "{comparison:#}");
    let digests = &comparison["trials"][0]["digests"];
    assert_ne!(digests[0], digests[1]);
    let told = sandbox.run("compare run other").stdout;
    assert!(told.contains("its component was sha256:"), "{told}");

    // The bundle has the bytes; so has the folder of strategies, for one of ours.
    let from_bundle = sandbox.run("rerun with.tgz --out from-bundle");
    assert_eq!(
        from_bundle.code, 0,
        "{}{}",
        from_bundle.stdout, from_bundle.stderr
    );
    fs::copy(component("cas"), sandbox.path("ours.wasm")).unwrap();
    sandbox.run(&format!("--strategy ./ours.wasm {SMALL} --out ours"));
    fs::remove_file(sandbox.path("ours.wasm")).unwrap();
    let (code, comparison) = compared(&sandbox, "rerun ours --out ours-again");
    assert_eq!(code, 0, "{comparison:#}");
    assert_eq!(comparison["trials"][0]["strategy"], "ours");
}

#[test]
fn an_unfinished_run_is_packed_and_reported_and_not_compared() {
    let sandbox = with_run("--strategy for-update.wasm");
    fs::remove_file(sandbox.path("run/cas/end.json")).unwrap();
    fs::remove_dir_all(sandbox.path("run/for-update")).unwrap();
    let bundled = sandbox.run("bundle run");
    assert_eq!(bundled.code, 0, "{}", bundled.stderr);
    for told in ["cas is not finished", "for-update was not run"] {
        assert!(bundled.stderr.contains(told), "{}", bundled.stderr);
    }
    let (code, comparison) = compared(&sandbox, "rerun run.tar.gz --out again");
    assert_eq!(code, 3, "{comparison:#}");
    assert_eq!(comparison["agreement"], "cannot-tell");
    let why = comparison["trials"].to_string();
    assert!(why.contains("recorded: the runner was killed"), "{why}");
    assert!(why.contains("recorded: it was not run"), "{why}");
    assert_eq!(sandbox.run("report again").code, 0);
    fs::remove_dir_all(sandbox.path("run/cas")).unwrap();
    sandbox
        .run("bundle run --out none.tgz")
        .refused_with(&["no strategy", "history"]);
    assert!(!sandbox.path("none.tgz").exists());
}

#[test]
fn path_outside_of_a_plans_folder_is_named_again_or_left_alone() {
    let sandbox = Sandbox::new();
    let arguments =
        format!("--strategy lock-change.wasm {SMALL} --db sqlite:a.db --lock file:locks");
    let ran = sandbox.run(&format!("{arguments} --out run"));
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    fs::remove_file(sandbox.path("a.db")).unwrap();
    fs::remove_dir_all(sandbox.path("locks")).unwrap();
    let refused = sandbox.run("rerun run --out again");
    refused.refused_with(&["sqlite:a.db (--db URL)", "file:locks (--lock URL)", "--lab"]);
    let refused = sandbox.run("rerun run --out again --db sqlite");
    refused.refused_with(&["file:locks"]);
    assert!(!refused.stderr.contains("--db URL"), "{}", refused.stderr);
    for file in ["a.db", "locks", "again"] {
        assert!(!sandbox.path(file).exists(), "{file}");
    }
    sandbox
        .run("rerun run --out again --db sim --lock memory")
        .refused_with(&["another world"]);
    let (code, comparison) = compared(
        &sandbox,
        "rerun run --out again --db sqlite --lock file:mine",
    );
    assert_eq!(code, 0, "{comparison:#}");
    let told = comparison["differences"].to_string();
    assert!(
        told.contains("file:mine") && told.contains("sqlite:a.db"),
        "{told}"
    );
    assert!(sandbox.path("mine").is_dir());
}

#[test]
fn two_runs_are_held_side_by_side() {
    let sandbox = with_run("--strategy for-update.wasm --seed 1");
    let other =
        format!("--strategy unguarded.wasm --strategy cas.wasm {SMALL} --seed 2 --out other");
    sandbox.run(&other);
    assert_eq!(sandbox.run("bundle other").code, 0);
    let (code, comparison) = compared(&sandbox, "compare run other.tar.gz");
    assert_eq!(code, 0, "{comparison:#}");
    assert_eq!(comparison["trials"].as_array().unwrap().len(), 1);
    assert_eq!(comparison["only_in"][0][0], "for-update");
    assert_eq!(comparison["only_in"][1][0], "unguarded");
    let differences = &comparison["differences"];
    assert_eq!(differences.as_array().unwrap().len(), 1, "{differences}");
    assert_eq!(differences[0]["key"], "seed");
    // Nothing in common, and another verdict.
    sandbox.run(&format!("--strategy for-update.wasm {SMALL} --out third"));
    assert_eq!(compared(&sandbox, "compare other third").0, 3);
    assert_eq!(compared(&sandbox, "compare run third").0, 0);
    fs::remove_file(sandbox.path("third/for-update/end.json")).unwrap();
    assert_eq!(compared(&sandbox, "compare run third").0, 3);
}
