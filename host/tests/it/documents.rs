//! Promises of the documents.

use crate::on_the_lab::turn;
use crate::support::lab::lab;
use crate::support::{Sandbox, finished, source_folders};
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

/// Every document that is for whoever uses or changes this.
const DOCUMENTS: [&str; 15] = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/decisions.md",
    "docs/invariants.md",
    "docs/locks.md",
    "docs/simulator.md",
    "host/tests/it/backend_contract/phenomena/README.md",
    "results/README.md",
    "strategies/README.md",
    "strategies/SHARING.md",
    "strategies/TROUBLESHOOTING.md",
    "strategies/WRITING.md",
    "wit/reference/README.md",
];

/// The registry that they name.
pub const REGISTRY: &str = "localhost:5000";

/// The commands of a document, each with its comment. Those of a new strategy take a long build, which
/// is shared in `new.rs`, and those of a registry are run in `registry/sharing.rs`, which has one.
fn commands(document: &str) -> Vec<String> {
    let mut commands = all_commands(document);
    commands.retain(|line| !line.contains(REGISTRY));
    commands
}

/// Those of a registry, of all documents.
pub fn commands_of_a_registry() -> Vec<String> {
    let mut commands: Vec<_> = DOCUMENTS.into_iter().flat_map(all_commands).collect();
    commands.retain(|line| line.contains(REGISTRY));
    commands
}

fn all_commands(document: &str) -> Vec<String> {
    let text = read(document);
    let blocks = text.split("```sh\n").skip(1);
    let lines = blocks.flat_map(|rest| rest.split("```").next().unwrap_or_default().lines());
    let commands = lines.filter(|line| line.starts_with("runner "));
    commands
        .filter(|line| !line.split(' ').any(|word| word == "mine"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_runner_command_of_the_documents_does_what_it_says() {
    // Those of the lab are for the tests' own, never for one that the user may have.
    let _turn = turn();
    let sandbox = Sandbox::new().with_lab(lab());
    for folder in ["strategies", "workloads", "wit"] {
        symlink(root().join(folder), sandbox.path(folder)).unwrap();
    }
    assert!(commands("README.md").len() >= 20);
    for command in DOCUMENTS.into_iter().flat_map(commands) {
        let (arguments, comment) = command.split_once('#').unwrap_or((&command, ""));
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

/// The parts of a message in the source, over the ends of lines that a literal has.
fn sources(folder: &Path) -> String {
    let mut all = String::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            all.push_str(&sources(&path));
        } else {
            let text = fs::read_to_string(&path).unwrap();
            all.push_str(&text.replace("\\\n", "\n"));
        }
    }
    let words: Vec<_> = all.split_whitespace().collect();
    words.join(" ")
}

#[test]
fn every_message_that_is_explained_is_one_that_there_is() {
    let explained = read("strategies/TROUBLESHOOTING.md");
    let folders = source_folders();
    let sources: String = folders.iter().map(|folder| sources(folder)).collect();
    let headings = explained.lines().filter(|line| line.starts_with("**`"));
    let messages: Vec<_> = headings
        .flat_map(|line| {
            line.split("**")
                .nth(1)
                .unwrap()
                .split('`')
                .skip(1)
                .step_by(2)
        })
        .collect();
    assert!(messages.len() >= 20, "{messages:?}");
    for message in messages {
        // A number is a server's own code, and not ours.
        let is_number = message.chars().all(|c| c.is_ascii_digit());
        let parts = message.split('…').map(str::trim);
        for part in parts.filter(|part| !part.is_empty() && !is_number) {
            assert!(sources.contains(part), "no message says {part:?}");
        }
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
    let named: Vec<_> = read("docs/invariants.md")
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" | ").nth(1))
        .flat_map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_owned))
        .collect();
    assert!(named.len() >= 15, "{named:?}");
    let found = Command::new("grep")
        .args(["-rhoE", "fn [a-z0-9_]+"])
        .args(source_folders())
        .arg(root().join("host/tests"))
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
    for document in DOCUMENTS {
        let folder = root().join(document).parent().unwrap().to_owned();
        for rest in read(document).split("](").skip(1) {
            let target = rest.split(')').next().unwrap();
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let file = match file {
                "" => root().join(document),
                file => folder.join(file),
            };
            assert!(file.exists(), "{document}: {target}");
            let found = heading.is_empty() || anchors(&file).contains(&heading.to_owned());
            assert!(found, "{document}: {target}");
        }
    }
}

/// The names by which links reach the headings of a page.
fn anchors(page: &Path) -> Vec<String> {
    let text = fs::read_to_string(page).unwrap();
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| {
        let words = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
        words
            .chars()
            .filter(kept)
            .collect::<String>()
            .replace(' ', "-")
    };
    headings.map(anchor).collect()
}
