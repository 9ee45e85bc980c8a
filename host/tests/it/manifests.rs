//! Properties of all manifests of the workspace.

use std::fs;
use std::path::{Path, PathBuf};
use toml::Table;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn manifest(folder: &str) -> Table {
    let path = root().join(folder).join("Cargo.toml");
    fs::read_to_string(path).unwrap().parse().unwrap()
}

fn members() -> Vec<String> {
    let members = manifest("")["workspace"]["members"].clone();
    members.try_into().unwrap()
}

#[test]
fn every_member_has_the_lints_of_the_workspace() {
    assert!(members().len() > 20);
    for member in members() {
        let lints = manifest(&member).get("lints").cloned();
        let inherited = lints.is_some_and(|lints| lints["workspace"].as_bool() == Some(true));
        assert!(inherited, "{member} has no `[lints] workspace = true`");
    }
}

/// A guest has none: an older compiler for WebAssembly may build it.
#[test]
fn crates_of_the_host_need_the_rust_that_the_readme_names() {
    let oldest = manifest("")["workspace"]["package"]["rust-version"].clone();
    let named = format!("Rust ({} or newer)", oldest.as_str().unwrap());
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    assert!(readme.contains(&named), "the README lacks: {named}");
    let host = |member: &String| member.starts_with("host") && !member.contains("tests");
    for member in members().into_iter().filter(host) {
        let needed = manifest(&member)["package"].get("rust-version").cloned();
        let inherited = needed.is_some_and(|needed| needed["workspace"].as_bool() == Some(true));
        assert!(inherited, "{member} has no `rust-version.workspace = true`");
    }
}
