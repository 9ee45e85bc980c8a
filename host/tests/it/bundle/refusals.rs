//! A bundle is a stranger's file.

use super::stranger::{Entry, Stranger};
use super::{SMALL, edit};
use crate::support::Sandbox;
use serde_json::{Value, json};
use std::fs;
use tar::EntryType;

#[test]
fn entry_that_leaves_a_bundle_or_is_no_file_is_refused() {
    let stranger = Stranger::new();
    // What is not spoilt passes, so that the refusals mean something.
    stranger.write(&stranger.fitting(stranger.files()));
    let passes = stranger.run("report stranger.tgz");
    assert_eq!(passes.code, 0, "{}", passes.stderr);

    for path in [
        "/etc/contend",
        "../plan.json",
        "run/../../plan.json",
        "run/cas/../../../x",
        "./run/plan.json",
        "run//x",
        "run/\u{1b}[2J/rows.json/..",
    ] {
        let entry = Entry::file(path, "x");
        // In the manifest, or only in the archive.
        stranger.refused(path, &stranger.with(entry.clone()), &["leads out"]);
        let mut entries = stranger.entries.clone();
        entries.insert(1, entry);
        stranger.refused(path, &entries, &["leads out"]);
    }
    for path in ["run/cas/database.sqlite", "notes.txt", "run/notes.txt"] {
        let entries = stranger.with(Entry::file(path, "x"));
        stranger.refused(path, &entries, &["nothing that a run has"]);
    }
    for kind in [
        EntryType::Symlink,
        EntryType::Link,
        EntryType::Char,
        EntryType::Block,
        EntryType::Fifo,
        EntryType::Directory,
        EntryType::GNUSparse,
    ] {
        let mut entries = stranger.with(Entry::file("run/cas/allocations.json", ""));
        for entry in &mut entries {
            if entry.path.ends_with("allocations.json") {
                entry.kind = kind;
            }
        }
        stranger.refused(&format!("{kind:?}"), &entries, &["is no file"]);
    }
    // What would say something of the entry behind it.
    for kind in [
        EntryType::GNULongName,
        EntryType::XHeader,
        EntryType::XGlobalHeader,
    ] {
        let mut entries = stranger.entries.clone();
        entries.insert(1, Entry::of_kind("run/plan.json", kind));
        stranger.refused(&format!("{kind:?}"), &entries, &["is no file"]);
    }
}

#[test]
fn bundle_that_differs_from_its_manifest_is_refused() {
    let stranger = Stranger::new();
    let whole = &stranger.entries;

    stranger.refused("no manifest", &whole[1..], &["no bundle", "manifest.json"]);
    stranger.refused("nothing", &[], &["no bundle", "empty"]);
    let mut linked = whole.clone();
    linked[0].kind = EntryType::Symlink;
    stranger.refused("a manifest that is a link", &linked, &["no bundle"]);
    let mut spoilt = whole.clone();
    spoilt[0].bytes = b"{\"bundle\": \"\x1b[2J\"}".to_vec();
    stranger.refused("a manifest of something else", &spoilt, &["no bundle"]);

    let mut newer = stranger.manifest();
    newer["bundle"] = json!(2);
    newer["files"] = json!("others");
    spoilt[0].bytes = newer.to_string().into_bytes();
    stranger.refused("a newer format", &spoilt, &["format 2", "newer runner"]);

    let mut entries = whole.clone();
    let last = entries.last_mut().unwrap();
    last.bytes[0] ^= 1;
    stranger.refused("another byte", &entries, &["damaged", "digest"]);
    let mut entries = whole.clone();
    entries.last_mut().unwrap().bytes.push(b'\n');
    stranger.refused("a byte more", &entries, &["size"]);
    stranger.refused(
        "an entry less",
        &whole[..whole.len() - 1],
        &["damaged", "ends before"],
    );
    let more = [&whole[..], &[Entry::file("run/cas/allocations.json", "x")]].concat();
    stranger.refused("an entry more", &more, &["not in its manifest"]);

    let twice = [&stranger.files()[..], &stranger.files()[1..2]].concat();
    let mut sorted = twice.clone();
    sorted.sort_by(|one, other| one.path.cmp(&other.path));
    stranger.refused("twice", &stranger.fitting(sorted), &["is in it twice"]);
    stranger.refused("out of place", &stranger.fitting(twice), &["sorted"]);
    let mut swapped = whole.clone();
    swapped.swap(2, 3);
    stranger.refused("another order", &swapped, &["not the one"]);
    let mut files = stranger.files();
    files[0].bytes.push(0);
    let named = stranger.fitting(files);
    stranger.refused("a component of another digest", &named, &["another digest"]);

    let bytes = fs::read(stranger.sandbox.path("run.tar.gz")).unwrap();
    stranger
        .sandbox
        .write("stranger.tgz", &bytes[..bytes.len() / 2]);
    stranger.refused_file("half a file", &["damaged"]);
    for (what, bytes) in [
        ("no bytes", &b""[..]),
        ("no archive", b"PK\x03\x04 and so on"),
    ] {
        stranger.sandbox.write("stranger.tgz", bytes);
        stranger.refused_file(what, &["no bundle"]);
    }
}

#[test]
fn a_bundle_that_would_fill_the_disk_is_refused_before_it_does() {
    let stranger = Stranger::new();
    let mut manifest = stranger.manifest();
    let files = manifest["files"].as_array_mut().unwrap();
    for file in files {
        file["bytes"] = json!(1u64 << 40);
    }
    let mut entries = stranger.entries.clone();
    entries[0].bytes = manifest.to_string().into_bytes();
    stranger.refused("a bomb that says so", &entries, &["MiB", "--unpacked-mib"]);

    // One that does not: its entry is larger than the manifest says.
    let mut entries = stranger.with(Entry::file("run/cas/allocations.json", ""));
    for entry in &mut entries {
        if entry.path.ends_with("allocations.json") {
            entry.bytes = vec![0; 64 << 20];
        }
    }
    stranger.refused("a bomb that does not", &entries, &["size"]);
    let mut entries = stranger.entries.clone();
    entries[0].bytes = vec![b' '; 9 << 20];
    stranger.refused(
        "a manifest of white space",
        &entries,
        &["no bundle", "bytes"],
    );

    let mut manifest = stranger.manifest();
    let file = manifest["files"][0].clone();
    manifest["files"] = Value::Array(vec![file; 10_001]);
    entries[0].bytes = manifest.to_string().into_bytes();
    stranger.refused("too many entries", &entries, &["10001 files", "10000"]);

    stranger.write(&stranger.entries);
    assert_eq!(stranger.run("report stranger.tgz --unpacked-mib 1").code, 0);
    let refused = stranger.run("report stranger.tgz --unpacked-mib 0");
    refused.refused_with(&["unpacked-mib is 0"]);
}

#[test]
fn a_plan_that_no_runner_decided_is_refused() {
    let stranger = Stranger::new();
    for (what, from, to, says) in [
        (
            "a workload elsewhere",
            "\"2x3\"",
            "\"/../../../2x3\"",
            "no name",
        ),
        ("a strategy elsewhere", "\"cas\"", "\"../cas\"", "no name"),
        (
            "a strategy that steers",
            "\"cas\"",
            "\"c\\u001b[2Jas\"",
            "no name",
        ),
        (
            "too many rows",
            "\"rows\": 2",
            "\"rows\": 4000000000",
            "rows",
        ),
        (
            "too much memory",
            "\"memory_mib\": 64",
            "\"memory_mib\": 640000",
            "memory_mib",
        ),
        (
            "a word that steers",
            "\"prepared\"",
            "\"\\u001b[2J\"",
            "unknown variant",
        ),
        (
            "another world",
            "\"database\": \"sqlite\"",
            "\"database\": \"sim\"",
            "simulator",
        ),
        ("no plan", "\"seed\"", "\"sede\"", "plan.json"),
    ] {
        let entries = stranger.with_changed("run/plan.json", from, to);
        stranger.write(&entries);
        for command in ["report", "rerun"] {
            let refused = stranger.run(&format!("{command} stranger.tgz"));
            refused.refused_with(&[says]);
            assert!(
                !refused.stderr.contains('\u{1b}'),
                "{what}: {}",
                refused.stderr
            );
        }
    }
    assert!(!stranger.sandbox.path("results").exists());
    // The same in a folder, which may be a stranger's, too.
    edit(
        &stranger.sandbox.path("run/plan.json"),
        "\"cas\"",
        "\"../run\"",
    );
    stranger.run("report run").refused_with(&["no name"]);
    stranger
        .run("bundle run --out x.tgz")
        .refused_with(&["no name"]);
}

#[test]
fn nothing_in_a_bundle_steers_the_terminal() {
    let stranger = Stranger::new();
    let path = "run/cas/history.jsonl";
    let hostile = r#""outcome":{"failed":{"code":"\u001b[2J","message":"\u202ered"}}},"nodes""#;
    let entries = stranger.with_changed(path, r#""outcome":"ok"},"nodes""#, hostile);
    stranger.write(&entries);
    for command in ["report stranger.tgz", "report stranger.tgz --csv -"] {
        let told = stranger.run(command).stdout;
        assert!(told.contains("[2J"), "{told}");
        assert!(
            !told.contains('\u{1b}') && !told.contains('\u{202e}'),
            "{told:?}"
        );
    }
    let entries = stranger.with_changed(
        "run/machine.json",
        "\"os\": \"",
        "\"os\": \"\\u001b[2J\\u009b\\u202e",
    );
    stranger.write(&entries);
    for command in [
        "compare stranger.tgz run",
        "compare stranger.tgz run --json",
    ] {
        let told = stranger.run(command);
        assert_eq!(told.code, 0, "{}", told.stderr);
        assert!(told.stdout.contains("machine.os"), "{}", told.stdout);
        for steering in ['\u{1b}', '\u{9b}', '\u{202e}'] {
            assert!(!told.stdout.contains(steering), "{:?}", told.stdout);
        }
    }
}

#[test]
fn a_strategy_whose_name_is_too_long_for_a_bundle_is_reported_before_there_is_one() {
    let sandbox = Sandbox::new();
    let name = "x".repeat(180);
    fs::copy(
        crate::support::component("cas"),
        sandbox.path(&format!("{name}.wasm")),
    )
    .unwrap();
    let ran = sandbox.run(&format!("--strategy ./{name}.wasm {SMALL} --out run"));
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    sandbox
        .run("bundle run")
        .refused_with(&["too long", "rename"]);
    assert!(!sandbox.path("run.tar.gz").exists());
}
