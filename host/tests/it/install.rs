//! `make install`: the runner as a program of the machine.

use crate::support::{Finished, Sandbox};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Installs this build of the runner into the sandbox, or what else the target does.
fn make(sandbox: &Sandbox, target: &str) -> Finished {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let script = format!(
        "make --no-print-directory -C '{}' {target} RUNNER=\"$runner\" PREFIX=\"$PWD/prefix\"",
        root.display()
    );
    sandbox.shell(&script)
}

#[test]
fn an_installed_runner_needs_no_repository() {
    let sandbox = Sandbox::new();
    let old = sandbox.path("prefix/share/contend/strategies/old.wasm");
    fs::create_dir_all(old.parent().unwrap()).unwrap();
    fs::write(&old, "of an older version").unwrap();
    let said = make(&sandbox, "install");
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
    assert!(said.stdout.contains("not on your PATH"), "{}", said.stdout);
    assert!(!old.exists());
    let symbols = |program: &Path| {
        let nm = Command::new("nm").arg(program).output().unwrap();
        nm.stdout.len()
    };
    assert!(symbols(Path::new(env!("CARGO_BIN_EXE_runner"))) > 0);
    assert_eq!(symbols(&sandbox.path("prefix/bin/runner")), 0);
    let share = sandbox.path("prefix/share");
    let pages = [
        ("man/man1/runner.1", ".TH runner 1"),
        ("man/man1/runner-lab-up.1", ".TH runner"),
        ("bash-completion/completions/runner", "_runner()"),
        ("zsh/site-functions/_runner", "#compdef runner"),
        (
            "fish/vendor_completions.d/runner.fish",
            "complete -c runner",
        ),
    ];
    for (page, text) in pages {
        let page = fs::read_to_string(share.join(page)).expect(page);
        assert!(page.contains(text), "{page}");
    }
    let theirs = share.join("man/man1/runner-of-others.1");
    fs::write(&theirs, "").unwrap();

    let runner = |script: &str| {
        sandbox.shell(&format!(
            "mkdir -p empty && cd empty && export HOME=$PWD PATH=$PWD/../prefix/bin && {script}"
        ))
    };
    let said = runner("runner --strategy cas --workload smoke --json --out run");
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
    // It was not built here, nor taken from the repository that the runner was built in.
    assert_eq!(said.stderr, "");
    let plan = fs::read(sandbox.path("empty/run/plan.json")).unwrap();
    let plan: Value = serde_json::from_slice(&plan).unwrap();
    let component = fs::canonicalize(plan["trials"][0]["component"].as_str().unwrap()).unwrap();
    let installed = sandbox.path("prefix/share/contend/strategies/cas.wasm");
    assert_eq!(component, installed.canonicalize().unwrap());

    let said = runner("runner check ip-window --seeds 20 --quiet");
    assert_eq!(said.code, 0, "{}", said.stderr);
    runner("runner --strategy nobody").refused_with(&["nobody", "cas", "ip-window"]);
    runner("runner --strategy cas --workload nothing").refused_with(&["smoke"]);
    runner("runner new cas").refused_with(&["cas", "already"]);
    runner("runner build cas").refused_with(&["cas.wasm is not a folder"]);

    let said = make(&sandbox, "uninstall");
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(!sandbox.path("prefix/bin/runner").exists());
    assert!(!sandbox.path("prefix/share/contend").exists());
    for (page, _) in pages {
        assert!(!share.join(page).exists(), "{page}");
    }
    assert!(theirs.exists());
    assert_eq!(make(&sandbox, "uninstall").code, 2, "there is nothing left");
}

#[test]
fn another_program_of_that_name_is_left_alone() {
    let sandbox = Sandbox::new();
    fs::create_dir_all(sandbox.path("prefix/bin")).unwrap();
    sandbox.write("prefix/bin/runner", "theirs");
    for target in ["install", "uninstall"] {
        let said = make(&sandbox, target);
        assert_eq!(said.code, 2, "{target}: {}", said.stdout);
        let there = fs::read_to_string(sandbox.path("prefix/bin/runner")).unwrap();
        assert_eq!(there, "theirs", "{target}");
    }
    assert!(!sandbox.path("prefix/share/contend").exists());
}
