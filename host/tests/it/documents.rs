//! What the documents promise is there.

use crate::on_the_lab::turn;
use crate::support::lab::lab;
use crate::support::{Sandbox, finished};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap()
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

#[test]
fn every_runner_command_of_the_readme_does_what_it_says() {
    // Those of the lab are for the tests' own, never for one that the user may have.
    let _turn = turn();
    let sandbox = Sandbox::new().with_lab(lab());
    for folder in ["strategies", "workloads", "wit"] {
        symlink(root().join(folder), sandbox.path(folder)).unwrap();
    }
    let readme = read("README.md");
    // Those of a new strategy take a long build, which is shared in `new.rs`; those of a registry are
    // in `registry/sharing.rs`, which has one.
    let (before, after) = readme.split_once("## A strategy of your own").unwrap();
    let (_, after) = after.split_once("\n## ").unwrap();
    let commands: Vec<_> = before
        .lines()
        .chain(after.lines())
        .filter(|line| line.starts_with("runner ") && !line.contains("oci://"))
        .collect();
    assert!(commands.len() >= 6, "{commands:?}");
    for command in commands {
        let (arguments, comment) = command.split_once('#').unwrap_or((command, ""));
        let expected = if comment.contains("exit code 1") {
            1
        } else {
            0
        };
        let said = sandbox.run(arguments.trim().strip_prefix("runner ").unwrap());
        assert_eq!(
            said.code, expected,
            "{command}\n{}{}",
            said.stdout, said.stderr
        );
    }
}

#[test]
fn every_make_target_of_the_documents_exists() {
    let makefile = read("Makefile");
    for document in [
        "README.md",
        "CONTRIBUTING.md",
        "ARCHITECTURE.md",
        "results/README.md",
    ] {
        let text = read(document);
        for rest in text.split("make ").skip(1) {
            let target: String = rest.chars().take_while(char::is_ascii_lowercase).collect();
            let before_is_code = text.contains(&format!("`make {target}"))
                || text
                    .lines()
                    .any(|line| line.starts_with(&format!("make {target}")));
            let defined = makefile.contains(&format!("\n{target}:"));
            assert!(!before_is_code || defined, "{document}: make {target}");
        }
    }
}

#[test]
fn every_test_that_is_named_exists() {
    let architecture = read("ARCHITECTURE.md");
    let invariants = architecture.split("## Invariants").nth(1).unwrap();
    let named: Vec<_> = invariants
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" | ").nth(1))
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .collect();
    assert!(named.len() >= 15, "{named:?}");
    let found = Command::new("grep")
        .args(["-rhoE", "fn [a-z0-9_]+"])
        .args([root().join("host/src"), root().join("host/tests")])
        .output()
        .unwrap();
    let functions = finished(found).stdout;
    for name in named {
        let defined = functions.lines().any(|line| line == format!("fn {name}"));
        assert!(defined, "there is no test {name}");
    }
}

#[test]
fn every_link_of_the_documents_leads_somewhere() {
    for document in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "strategies/README.md",
    ] {
        let folder = root().join(document).parent().unwrap().to_owned();
        for rest in read(document).split("](").skip(1) {
            let target = rest.split(')').next().unwrap();
            assert!(folder.join(target).exists(), "{document}: {target}");
        }
    }
}
