//! `runner new`: from an empty folder to a verdict.

use crate::support::{Finished, Sandbox};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

/// The environment of a shell with the runner on its PATH, and nothing of ours around it.
const ALONE: &str = "mkdir -p bin && cp -u $runner bin/runner && export PATH=$PWD/bin:$PATH && ";

/// In one folder, one step after the other as an author would see it: what takes long is to build for
/// the first time in a folder.
#[test]
fn a_new_strategy_of_each_kind_is_valid_until_its_idea_is_broken() {
    let sandbox = Sandbox::new();
    is_done_as_it_says(&sandbox, "runner new mine");
    assert!(sandbox.path("mine/target/strategies/mine.wasm").exists());
    for document in ["README.md", "strategies/WRITING.md"] {
        for command in of_the_document(document) {
            succeeds(&sandbox.run(&command));
        }
    }
    let said = the_folders_own_test(&sandbox, "");
    assert!(said.contains("2 passed"), "{said}");

    let source = fs::read_to_string(sandbox.path("mine/src/lib.rs")).unwrap();
    let broken = source
        .replace(" AND status = ?", "")
        .replace(", &t.from]", "]");
    fs::write(sandbox.path("mine/src/lib.rs"), broken).unwrap();
    let said = sandbox.run("--strategy mine --workload smoke");
    assert_eq!(said.code, 1, "{}{}", said.stdout, said.stderr);
    let said = the_folders_own_test(&sandbox, "simulated");
    assert!(said.contains("0 passed; 1 failed"), "{said}");
    assert!(said.contains("violated"), "{said}");

    // Where the first one was, so that what it is made with is there.
    succeeds(&sandbox.shell("mv mine/target kept && rm -r mine"));
    let new = "runner new mine --workload ip-allocation && mv kept mine/target";
    is_done_as_it_says(&sandbox, new);
    for more in [
        "--strategy mine --workload ip-20",
        "--strategy mine --workers-per-row 9 --changes-per-worker 3 --release true \
         --pool 2001:db8::/64,2001:db8::fff0-2001:db8::ffff",
        "check mine --seeds 100 --release true",
    ] {
        succeeds(&sandbox.run(more));
    }
}

/// With the runner alone: no checkout, no installation.
fn is_done_as_it_says(sandbox: &Sandbox, new: &str) {
    let alone = |script: &str| sandbox.shell(&format!("{ALONE}{script}"));
    let said = alone(new);
    succeeds(&said);
    let next = said
        .stdout
        .lines()
        .filter_map(|line| line.strip_prefix("  "));
    let next: Vec<_> = next.collect();
    assert_eq!(next.len(), 3, "{}", said.stdout);
    succeeds(&alone(&next.join(" && ")));
}

/// The commands that follow `runner new mine` in a document.
fn of_the_document(name: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = fs::read_to_string(root.join(name)).unwrap();
    let (_, after) = text.split_once("\nrunner new mine ").unwrap();
    let block = after.split("```").next().unwrap();
    let commands = block.lines().filter_map(|l| l.strip_prefix("runner "));
    let commands: Vec<_> = commands
        .map(|line| line.split('#').next().unwrap().to_owned())
        .collect();
    assert_eq!(commands.len(), 4, "{commands:?}");
    commands
}

/// The output of the folder's own test, whose build is kept from one time to the next.
fn the_folders_own_test(sandbox: &Sandbox, filter: &str) -> String {
    let kept = concat!(env!("CARGO_TARGET_TMPDIR"), "/new");
    let script = format!("{ALONE}cd mine && cargo test --target-dir '{kept}' -- {filter}");
    let said = sandbox.shell(&script);
    said.stdout + &said.stderr
}

#[track_caller]
fn succeeds(said: &Finished) {
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
}

#[test]
fn impossible_lab_is_refused_and_nothing_is_left() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("folder")).unwrap();
    sandbox.write("file", "mine");
    symlink("nowhere", sandbox.path("link")).unwrap();
    for (arguments, words) in [
        ("mine --lang cobol", ["--lang cobol", "rust, c, js, python"]),
        (
            "mine --lang c --workload ip-allocation",
            ["--workload ip-allocation", "only in rust, python"],
        ),
        (
            "mine --workload smoke",
            ["smoke", "volume-state or ip-allocation"],
        ),
        ("Mine", ["\"Mine\"", "small letter"]),
        ("a/b", ["\"a/b\"", "small letter"]),
        ("../mine", ["\"../mine\"", "small letter"]),
        ("match", ["\"match\"", "taken"]),
        ("cas", ["cas", "already"]),
        ("folder", ["folder", "is there already"]),
        ("file", ["file", "is there already"]),
        ("link", ["link", "is there already"]),
    ] {
        sandbox
            .run(&format!("new {arguments}"))
            .refused_with(&words);
    }
    let script = "mkdir gone && cd gone && rmdir ../gone && $runner new mine";
    sandbox
        .shell(script)
        .refused_with(&["mine", "could not be written"]);
    // A file that gets too large in the midst of it stands for a disk that is full.
    let script = "trap '' XFSZ; ulimit -f 1; $runner new mine";
    sandbox
        .shell(script)
        .refused_with(&["mine", "could not be written", "too large"]);

    let mut left: Vec<_> = fs::read_dir(sandbox.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["file", "folder", "link"]);
    assert_eq!(fs::read_dir(sandbox.path("folder")).unwrap().count(), 0);
    assert_eq!(fs::read_to_string(sandbox.path("file")).unwrap(), "mine");
}
