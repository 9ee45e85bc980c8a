//! Strategies in each language: from an empty folder to a verdict, and what is told when a tool is
//! missing.

use crate::support::{Finished, Sandbox, languages};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn in_rust_the_example_is_valid_until_its_idea_is_broken() {
    is_valid_until_broken("rust", "Rust", ", &t.from]", "]");
}

#[test]
fn in_c_the_example_is_valid_until_its_idea_is_broken() {
    is_valid_until_broken("c", "C", ", text(t->from)", "");
}

#[test]
fn in_javascript_the_example_is_valid_until_its_idea_is_broken() {
    is_valid_until_broken("js", "JavaScript", ", t.from]", "]");
}

#[test]
fn in_python_the_example_is_valid_until_its_idea_is_broken() {
    is_valid_until_broken("python", "Python", ", t.from_)", ")");
}

/// `parameter` is that of the condition without which nothing decides, and is replaced together with it.
fn is_valid_until_broken(word: &str, name: &str, parameter: &str, without: &str) {
    if languages::is_skipped(word) {
        return;
    }
    let sandbox = Sandbox::new();
    let mine = format!("cas-{word}");
    let made = runner(&sandbox, &format!("new {mine} --lang {word}"));
    succeeds(&made);
    let (new, kept) = (texts(&sandbox.path(&mine)), texts(&example(&mine)));
    assert_eq!(
        new.keys().collect::<Vec<_>>(),
        kept.keys().collect::<Vec<_>>()
    );
    for (file, text) in &new {
        assert_eq!(text, &kept[file], "{file:?} is not what new writes");
    }

    // Where it stays, so that what is built and compiled of it is there the next time.
    let folder = example(&mine);
    let folder = folder.display();
    let built = runner(&sandbox, &format!("build {folder}"));
    succeeds(&built);
    let component = built.stdout.trim_end();
    let size = fs::metadata(component).unwrap().len();
    let last = built.stderr.lines().last().unwrap();
    let digest = last.strip_prefix(&format!("{size} bytes, ")).unwrap();
    let told = runner(&sandbox, &format!("inspect {folder} --json"));
    let told: Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!(
        (told["digest"].as_str(), told["runs"].as_bool()),
        (Some(digest), Some(true))
    );
    assert_eq!(
        (told["name"].as_str(), told["version"].as_str()),
        (Some(&*mine), Some("0.1.0"))
    );
    assert!(
        told["languages"]
            .to_string()
            .contains(&format!("\"{name}\"")),
        "{told}"
    );
    let before = fs::metadata(component).unwrap().modified().unwrap();
    succeeds(&runner(
        &sandbox,
        &format!("--strategy {folder} --rows 5 --workers-per-row 4"),
    ));
    succeeds(&runner(&sandbox, &format!("check {folder} --seeds 10")));
    let after = fs::metadata(component).unwrap().modified().unwrap();
    assert_eq!(after, before, "built again and nothing had changed");

    let source = sandbox.path(&mine).join(source(word));
    let text = fs::read_to_string(&source).unwrap();
    let broken = text
        .replace(" AND status = ?", "")
        .replace(parameter, without);
    assert!(
        broken.len() < text.len() - " AND status = ?".len(),
        "{broken}"
    );
    fs::write(&source, broken).unwrap();
    let said = runner(&sandbox, &format!("--strategy {mine} --workload smoke"));
    assert_eq!(said.code, 1, "{}{}", said.stdout, said.stderr);
    fs::write(&source, "this is no program").unwrap();
    let said = runner(&sandbox, &format!("build {mine}"));
    said.refused_with(&[&*mine]);
}

#[test]
fn in_python_what_new_writes_for_addresses_is_valid() {
    if languages::is_skipped("python") {
        return;
    }
    let sandbox = Sandbox::new();
    let new = "new mine --lang python --workload ip-allocation";
    succeeds(&runner(&sandbox, new));
    succeeds(&runner(&sandbox, "--strategy mine --workload ip-20"));
    succeeds(&runner(&sandbox, "check mine --seeds 5 --release true"));
}

#[test]
fn a_tool_that_is_missing_is_reported_with_the_command_that_installs_it() {
    let sandbox = Sandbox::new();
    for (language, words) in [
        (
            "c",
            &[
                "pip install ziglang",
                "apt-get install clang lld",
                "WASI_SDK_PATH",
            ][..],
        ),
        ("js", &["componentize-js is not installed", "`npm install`"]),
        (
            "python",
            &[
                "componentize-py is not installed",
                ".venv/bin/pip install componentize-py",
            ],
        ),
    ] {
        succeeds(&runner(
            &sandbox,
            &format!("new mine-{language} --lang {language}"),
        ));
        let script = format!("PATH= $runner build mine-{language}");
        sandbox.shell(&script).refused_with(words);
        let script = format!("PATH= $runner --strategy mine-{language} --workload smoke");
        sandbox.shell(&script).refused_with(words);
    }
}

#[test]
fn a_manifest_that_is_wrong_is_reported() {
    let sandbox = Sandbox::new();
    for (manifest, text, words) in [
        ("strategy.toml", "name =", &["strategy.toml"][..]),
        (
            "strategy.toml",
            "name = 'x'",
            &["strategy.toml", "world", "state-strategy"],
        ),
        ("package.json", "{", &["package.json"]),
        (
            "package.json",
            "{}",
            &["package.json", "\"contend\"", "state-strategy"],
        ),
        (
            "pyproject.toml",
            "[project]",
            &["pyproject.toml", "[tool.contend]", "state-strategy"],
        ),
        (
            "strategy.toml",
            "world = 'state-strategy'",
            &["wit", "runner new"],
        ),
    ] {
        fs::create_dir(sandbox.path("mine")).unwrap();
        fs::write(sandbox.path("mine").join(manifest), text).unwrap();
        runner(&sandbox, "build mine").refused_with(words);
        fs::remove_dir_all(sandbox.path("mine")).unwrap();
    }
}

/// With the tools on the PATH.
fn runner(sandbox: &Sandbox, arguments: &str) -> Finished {
    sandbox.shell(&format!(
        "export PATH='{}'; $runner {arguments}",
        languages::path()
    ))
}

#[track_caller]
fn succeeds(said: &Finished) {
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
}

fn source(word: &str) -> &'static str {
    match word {
        "rust" => "src/lib.rs",
        "c" => "strategy.c",
        "js" => "strategy.js",
        _ => "strategy.py",
    }
}

fn example(name: &str) -> PathBuf {
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/../strategies/examples");
    Path::new(examples).join(name)
}

/// Every file of a folder, but for what was built in it, and what our own `wit/` has besides.
fn texts(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(inside) = folders.pop() {
        for entry in fs::read_dir(folder.join(&inside)).unwrap() {
            let name = inside.join(entry.unwrap().file_name());
            let path = folder.join(&name);
            if path.is_file() {
                found.insert(name, fs::read_to_string(path).unwrap());
            } else if !["target", "results", "__pycache__", "reference"]
                .iter()
                .any(|made| name.ends_with(made))
            {
                folders.push(name);
            }
        }
    }
    found.remove(Path::new("Cargo.lock"));
    found
}
