//! Builds: one for each folder, however it is named, and one of what folders have in common.

use crate::support::{Finished, Sandbox, hostile};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Keeps the common parts of folders from one test run to the next.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.with_variable(
        "XDG_CACHE_HOME",
        concat!(env!("CARGO_TARGET_TMPDIR"), "/cache"),
    )
}

#[track_caller]
fn succeeds(said: &Finished) {
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
}

/// The crates that cargo compiled.
fn compiled(said: &Finished) -> Vec<&str> {
    let lines = said.stderr.lines();
    let lines = lines.filter_map(|line| line.trim().strip_prefix("Compiling "));
    lines.filter_map(|line| line.split(' ').next()).collect()
}

#[test]
fn a_new_folder_compiles_its_own_crate_only_and_once_however_it_is_named() {
    let sandbox = sandbox();
    succeeds(&sandbox.shell("$runner new first && $runner build first"));
    succeeds(&sandbox.run("new second"));
    let built = sandbox.run("build second");
    succeeds(&built);
    assert_eq!(compiled(&built), ["second"], "{}", built.stderr);
    let component = sandbox.path("second/target/strategies/second.wasm");
    let made = || fs::metadata(&component).unwrap().modified().unwrap();
    let first = made();
    for name in [
        "second",
        "./second/",
        "second/src/..",
        &component
            .parent()
            .unwrap()
            .parent()
            .unwrap()
            .parent()
            .unwrap()
            .display()
            .to_string(),
    ] {
        let said = sandbox.run(&format!("--strategy {name} --workload smoke --quiet"));
        succeeds(&said);
        assert_eq!(said.stderr, "", "{name}");
        assert_eq!(made(), first, "{name}");
    }
    let target = sandbox.path("second/target");
    let inside: Vec<_> = fs::read_dir(target).unwrap().flatten().collect();
    assert_eq!(inside.len(), 1, "only strategies/ is there");
}

#[test]
fn two_folders_of_one_name_that_are_built_at_once_get_each_its_own_component() {
    let sandbox = sandbox();
    succeeds(
        &sandbox.shell("mkdir a b && (cd a && $runner new mine) && (cd b && $runner new mine)"),
    );
    let source = sandbox.path("b/mine/src/lib.rs");
    let other = fs::read_to_string(&source)
        .unwrap()
        .replace("status = ?", "status  =  ?");
    fs::write(&source, other).unwrap();
    let alone = |folder: &str| {
        succeeds(&sandbox.run(&format!("build {folder} --out {folder}.wasm")));
        fs::read(sandbox.path(&format!("{folder}.wasm"))).unwrap()
    };
    let expected = ["a/mine", "b/mine"].map(alone);
    assert_ne!(expected[0], expected[1]);
    for _ in 0..3 {
        let touch = "touch a/mine/src/lib.rs b/mine/src/lib.rs";
        let both = "$runner build a/mine & one=$!; $runner build b/mine && wait $one";
        succeeds(&sandbox.shell(&format!("{touch}; {both}")));
        for (folder, expected) in ["a", "b"].iter().zip(&expected) {
            let built = sandbox.path(&format!("{folder}/mine/target/strategies/mine.wasm"));
            assert_eq!(&fs::read(built).unwrap(), expected, "{folder}");
        }
    }
}

/// A tool that notes each call and makes a component, as npm's does after many seconds.
fn write_tool(folder: &Path) {
    let tool = folder.join("node_modules/.bin/componentize-js");
    fs::create_dir_all(tool.parent().unwrap()).unwrap();
    let script = format!(
        "#!/bin/sh\n[ \"$1\" = --version ] && echo 0.0 && exit\necho built >> calls\n\
         while [ $# -gt 0 ]; do [ \"$1\" = --out ] && cp '{}' \"$2\"; shift; done\n",
        hostile().display()
    );
    fs::write(&tool, script).unwrap();
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn javascript_is_not_built_again_as_long_as_its_sources_are_the_same() {
    let sandbox = sandbox();
    succeeds(&sandbox.run("new mine --lang js"));
    write_tool(&sandbox.path("mine"));
    let absolute = sandbox.path("mine").display().to_string();
    let calls = || {
        let calls = fs::read_to_string(sandbox.path("mine/calls"));
        calls.unwrap_or_default().lines().count()
    };
    for (given, expected) in [
        ("mine", 1),
        ("./mine/.", 1),
        (&absolute, 1),
        ("mine --force", 2),
    ] {
        let said = sandbox.run(&format!("build {given}"));
        succeeds(&said);
        assert_eq!(calls(), expected, "{given}: {}", said.stderr);
        assert_eq!(said.stdout.lines().count(), 1, "{}", said.stdout);
    }
    succeeds(&sandbox.run("inspect mine"));
    assert_eq!(calls(), 2);
    sandbox.write("mine/strategy.js", "// another");
    succeeds(&sandbox.run("build ./mine"));
    assert_eq!(calls(), 3);
}
