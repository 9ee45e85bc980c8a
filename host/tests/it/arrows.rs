//! The arrows between modules go one way. A new one is rare and visible: it is added here.

use crate::support::source_folders;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Each module of the runner and what it may use of ours, in dependency order. The arrows between the
/// crates beneath it (`host/*/Cargo.toml`) are cargo's to hold.
const ARROWS: &[(&str, &[&str])] = &[
    ("record", &["model", "capability"]),
    (
        "workload",
        &["model", "capability", "check", "wasm", "record"],
    ),
    ("worker", &["model", "capability", "record", "workload"]),
    ("console", &["wasm", "worker"]),
    (
        "measure",
        &["model", "capability", "record", "backend", "lab"],
    ),
    (
        "plan",
        &[
            "model",
            "capability",
            "backend",
            "lab",
            "wasm",
            "author",
            "workload",
            "console",
        ],
    ),
    ("run_dir", &["model", "workload", "plan", "record", "check"]),
    (
        "trial",
        &[
            "model",
            "capability",
            "record",
            "backend",
            "lab",
            "workload",
            "worker",
            "plan",
            "run_dir",
        ],
    ),
    (
        "explore",
        &[
            "model",
            "capability",
            "record",
            "backend",
            "sim",
            "workload",
            "worker",
            "plan",
            "trial",
        ],
    ),
    (
        "report",
        &["model", "record", "check", "workload", "measure", "plan"],
    ),
    (
        "run",
        &[
            "model",
            "capability",
            "record",
            "backend",
            "wasm",
            "console",
            "plan",
            "run_dir",
            "trial",
            "explore",
            "report",
        ],
    ),
    (
        "exit",
        &[
            "model", "lab", "wasm", "author", "console", "measure", "plan", "run_dir", "report",
            "run",
        ],
    ),
    (
        "command",
        &[
            "model",
            "capability",
            "backend",
            "lab",
            "wasm",
            "author",
            "workload",
            "console",
            "measure",
            "plan",
            "run_dir",
            "trial",
            "explore",
            "report",
            "run",
            "exit",
        ],
    ),
    (
        "cli",
        &[
            "model", "backend", "lab", "workload", "console", "plan", "run_dir", "exit", "command",
        ],
    ),
    ("main", &["console", "exit", "cli"]),
];

/// The crates beneath the runner, by the names that it has for them.
const CRATES: &[&str] = &[
    "author",
    "backend",
    "capability",
    "check",
    "dst",
    "lab",
    "model",
    "sim",
    "sql",
    "wasm",
];

/// Crates that only one module may name, or one of two lines.
const CONFINED: &[(&str, &str)] = &[
    ("wasmtime", "wasm/"),
    ("wasmparser", "wasm/"),
    ("wasm_encoder", "wasm/metadata"),
    ("wit_component", "wasm/wit"),
    ("wit_component", "author/source/c"),
    (
        "wasi_preview1_component_adapter_provider",
        "author/source/c",
    ),
    ("wit_bindgen_c", "author/source/c/bindings"),
    ("wit_bindgen_core", "author/source/c/bindings"),
    ("sqlx", "backend/"),
    ("redis", "backend/"),
    ("reqwest", "backend/lock_etcd/api"),
    ("reqwest", "author/registry"),
    ("mysql_async", "backend/mysql"),
    ("clap", "cli"),
    ("clap_complete", "cli"),
    ("clap_mangen", "cli"),
    ("sqlparser", "sql/policy"),
    ("sqlparser", "sim/sql"),
    ("comfy_table", "report"),
    ("indicatif", "console/progress"),
    ("glob", "plan/pattern"),
    ("tar", "run_dir/bundle"),
    ("flate2", "run_dir/bundle"),
    ("libc", "wasm/slots"),
    ("oci_client", "author/registry"),
    ("reqwest", "author/registry"),
    ("http_auth", "author/registry/login"),
    ("rustls", "author/registry/transport"),
    ("rustls", "backend/tls"),
    ("docker_credential", "author/registry/credentials"),
    ("libsqlite3_sys", "backend/sqlite"),
];

/// Calls that write to the terminal.
const PRINTING: &[&str] = &[
    "println!",
    "eprintln!",
    "print!(",
    "eprint!",
    "dbg!",
    "io::stdout",
    "io::stderr",
];

#[test]
fn every_module_uses_only_what_its_arrows_allow() {
    let allowed: BTreeMap<_, _> = ARROWS.iter().copied().collect();
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let module = module_of(&path);
        if module == "lib" || CRATES.contains(&module.as_str()) {
            continue;
        }
        let arrows = allowed
            .get(module.as_str())
            .unwrap_or_else(|| panic!("{module} has no arrows yet: add it to ARROWS"));
        for used in used_modules(&text) {
            if used != module && !arrows.contains(&used.as_str()) {
                wrong.push(format!("{path}: {module} → {used}"));
            }
        }
    }
    assert!(wrong.is_empty(), "new arrows:\n{}", wrong.join("\n"));
}

#[test]
fn the_table_itself_goes_one_way() {
    let mut before: BTreeSet<_> = CRATES.iter().copied().collect();
    for (module, arrows) in ARROWS {
        for arrow in *arrows {
            assert!(before.contains(arrow), "{module} → {arrow} goes forward");
        }
        before.insert(*module);
    }
}

#[test]
fn each_confined_crate_is_named_in_its_place_only() {
    for (path, text) in sources() {
        for (name, _) in CONFINED {
            let named = code_lines(&text).any(|line| line.contains(&format!("{name}::")));
            let mut places = CONFINED.iter().filter(|(confined, _)| confined == name);
            let may = places.any(|(_, place)| path.starts_with(place));
            assert!(!named || may, "{path} names {name}");
        }
    }
}

#[test]
fn only_the_console_prints() {
    for (path, text) in sources() {
        let prints = code_lines(&text).find(|line| PRINTING.iter().any(|p| line.contains(p)));
        let may = module_of(&path) == "console";
        assert!(may || prints.is_none(), "{path} prints: {prints:?}");
    }
}

/// The common parts of two commands are in a room beneath them. That each file is a command is held beside clap's
/// arguments: `each_file_of_command_is_a_command_and_each_command_has_one`.
#[test]
fn no_command_uses_another() {
    let mut commands = 0;
    for (path, text) in sources() {
        if path == "command.rs" {
            let mut lines = code_lines(&text).filter(|line| !line.is_empty());
            assert!(lines.all(|line| line.starts_with("pub mod ")), "{path}");
        }
        let Some(within) = path.strip_prefix("command/") else {
            continue;
        };
        commands += 1;
        // Within a command's own folder, one `super` is the command itself.
        let supers = vec!["super"; 1 + within.matches('/').count()].join("::");
        let text = without_tests(&text);
        let uses = text.contains(&format!("{supers}::")) || text.contains("command::");
        assert!(!uses, "{path} uses another command");
    }
    assert!(commands > 15, "the commands were not found");
}

#[test]
fn the_innermost_modules_do_no_io() {
    for (path, text) in sources() {
        let is_pure = ["model", "check", "report"].contains(&module_of(&path).as_str());
        let inner = is_pure || path.contains("/checkers");
        for io in [
            "std::fs",
            // Addresses are in `core::net`, which opens nothing.
            "std::net",
            "tokio::",
            "Instant::now",
            "SystemTime",
        ] {
            let does = without_tests(&text).contains(io);
            assert!(!inner || !does, "{path} names {io}");
        }
    }
}

#[test]
fn the_readers_of_use_lines_see_every_form() {
    let text = "use crate::model::error::CallError;\nuse crate::{check, record::journal};\n\
                fn f() { crate::plan::x() }\n// crate::comment::no\n";
    let seen: Vec<_> = used_modules(text).into_iter().collect();
    assert_eq!(seen, ["check", "model", "plan", "record"]);
}

/// The source files of the runner and of the crates beneath it: a path of the form `room/file.rs`
/// or `room.rs`, and the text. A crate's room is its folder in `host/`.
pub(crate) fn sources() -> Vec<(String, String)> {
    let host = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in source_folders() {
        let is_runner = folder == host.join("src");
        let shown = if is_runner { &folder } else { host };
        let own = texts(&folder, shown).into_iter();
        found.extend(own.map(|(name, text)| (name.replacen("/src/", "/", 1), text)));
    }
    assert!(found.len() > 50, "the sources were not found");
    found
}

/// Path and text of every file in a folder and in those within it; the path is that from `shown` on.
pub(crate) fn texts(folder: &Path, shown: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(shown).unwrap().to_str().unwrap();
                found.push((name.to_owned(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found
}

fn module_of(path: &str) -> String {
    let first = path.split('/').next().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// Lines that are no comments.
fn code_lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
}

pub(crate) fn without_tests(text: &str) -> String {
    let code = text.split("#[cfg(test)]").next().unwrap();
    code_lines(code).collect::<Vec<_>>().join("\n")
}

/// The modules named after `crate::` or `contend::`, also within braces.
pub(crate) fn used_modules(text: &str) -> BTreeSet<String> {
    let code = code_lines(text).collect::<Vec<_>>().join("\n");
    let mut used = BTreeSet::new();
    for root in ["crate::", "contend::"] {
        for rest in code.split(root).skip(1) {
            let list = match rest.strip_prefix('{') {
                Some(braced) => top_level(braced),
                None => vec![rest.to_owned()],
            };
            used.extend(list.iter().filter_map(|item| {
                let item = item.trim_start();
                let end = item.find(|c: char| !(c.is_ascii_lowercase() || c == '_'));
                let name = &item[..end.unwrap_or(item.len())];
                (!name.is_empty()).then(|| name.to_owned())
            }));
        }
    }
    used
}

/// The items of a brace, up to its end, those within inner braces left out.
fn top_level(text: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut depth = 0;
    for c in text.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => items.push(String::new()),
            _ if depth == 0 => items.last_mut().unwrap().push(c),
            _ => {}
        }
    }
    items
}
