//! Inspection of a strategy's file, and the list of strategies.

use crate::support::{Finished, Sandbox, component};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, SystemTime};

const OTHER_VERSION: &str = r#"(component
    (import "contend:strategy/db@0.1.0" (instance))
    (import "wasi:filesystem/types@0.3.0" (instance))
    (instance $i)
    (export "contend:strategy/state-change@0.2.0" (instance $i)))"#;

const UNKNOWN_FUNCTION: &str = r#"(component
    (import "contend:strategy/timing@0.2.0" (instance
        (export "tomorrow" (func (result u64)))))
    (instance $i)
    (export "contend:strategy/state-change@0.2.0" (instance $i)))"#;

fn wasm(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

/// Its JSON, with its exit code.
fn inspected(sandbox: &Sandbox, strategy: &str) -> (i32, Value) {
    let said = sandbox.run(&format!("inspect {strategy} --json"));
    let facts = serde_json::from_str(&said.stdout);
    let why = |error| panic!("{error}: {}{}", said.stdout, said.stderr);
    (said.code, facts.unwrap_or_else(why))
}

/// The line of a fact, without its label.
fn line<'a>(said: &'a Finished, label: &str) -> Option<&'a str> {
    let label = format!("{label:<12}");
    let mut lines = said.stdout.lines();
    lines.find_map(|line| line.strip_prefix(&label))
}

#[test]
fn strategy_is_shown_with_its_interfaces() {
    let sandbox = Sandbox::new();
    let file = component("cas");
    let said = sandbox.run(&format!("inspect {}", file.display()));
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
    assert_eq!(line(&said, "name"), Some("cas"));
    assert_eq!(line(&said, "licence"), Some("Apache-2.0"));
    assert_eq!(line(&said, "written in"), Some("Rust"));
    let world = Some("contend:strategy/state-strategy@0.2.0");
    assert_eq!(line(&said, "world"), world);
    let kind = Some("workloads of the kind volume-state");
    assert_eq!(line(&said, "for"), kind);
    assert_eq!(line(&said, "runs here"), Some("yes"));
    assert_eq!(line(&said, "authors"), Some("The Contend authors"));
    // Its manifest does not say where its source is.
    assert_eq!(line(&said, "source"), None);

    let (code, facts) = inspected(&sandbox, &file.display().to_string());
    assert_eq!((code, &facts["runs"]), (0, &json!(true)));
    let imports: Vec<_> = ["db", "timing", "types"]
        .map(|name| format!("contend:strategy/{name}@0.2.0"))
        .into();
    assert_eq!(facts["imports"], json!(imports));
    assert_eq!(facts["bytes"], fs::metadata(&file).unwrap().len());
    let sum = sandbox.shell(&format!("sha256sum {}", file.display()));
    let digits = sum.stdout.split_whitespace().next().unwrap();
    assert_eq!(facts["digest"], format!("sha256:{digits}"));
    assert_eq!(line(&said, "digest"), facts["digest"].as_str());
    for missing in ["source", "sdk", "why_not"] {
        assert_eq!(facts.get(missing), Some(&Value::Null), "{missing}");
    }

    let allocates = inspected(&sandbox, "ip-window").1;
    assert_eq!(allocates["kind"], "ip-allocation");
    assert_eq!(
        allocates["world"],
        "contend:strategy/allocation-strategy@0.2.0"
    );
}

#[test]
fn unrunnable_component_is_shown_with_the_message_of_a_run() {
    let sandbox = Sandbox::new();
    let whole = wasm(OTHER_VERSION);
    for (bytes, format, imports, word) in [
        (
            wasm("(module $m)"),
            "core module",
            None,
            "is a core WebAssembly module",
        ),
        (wasm("(component)"), "component", Some(0), "exports nothing"),
        (
            whole.clone(),
            "component",
            Some(2),
            "it wants contend:strategy/db@0.1.0; this runner has contend:strategy/db@0.2.0",
        ),
        (wasm(UNKNOWN_FUNCTION), "component", Some(1), "tomorrow"),
        (
            whole[..whole.len() - 9].to_vec(),
            "component",
            None,
            "can't be compiled",
        ),
    ] {
        sandbox.write("x.wasm", &bytes);
        let (code, facts) = inspected(&sandbox, "./x.wasm");
        assert_eq!((code, &facts["runs"]), (2, &json!(false)), "{word}");
        assert_eq!(facts["format"], format, "{word}");
        let listed = facts["imports"].as_array().map(Vec::len);
        assert_eq!(listed, imports, "{word}");
        let why = facts["why_not"].as_str().unwrap();
        assert!(why.contains(word), "{why}");
        let run = sandbox.run("--strategy ./x.wasm");
        assert_eq!(run.stderr, format!("error: {why}\n"));

        let said = sandbox.run("inspect ./x.wasm");
        assert_eq!((said.code, line(&said, "runs here")), (2, Some("no")));
        for line in why.lines() {
            assert!(said.stdout.contains(line), "{line}: {}", said.stdout);
        }
    }
    assert!(!sandbox.path("results").exists(), "something was run");
}

#[test]
fn a_file_that_is_no_webassembly_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("text.wasm", "not wasm at all");
    sandbox.write("empty.wasm", "");
    fs::create_dir(sandbox.path("folder.wasm")).unwrap();
    for (strategy, word) in [
        ("./text.wasm", "is not WebAssembly"),
        ("./empty.wasm", "is not WebAssembly"),
        ("./folder.wasm", "irectory"),
        ("./none.wasm", "No such file"),
        ("cass", "there is no strategy \"cass\""),
    ] {
        for how in ["", "--json", "--wit"] {
            let said = sandbox.run(&format!("inspect {strategy} {how}"));
            said.refused_with(&[word]);
            assert_eq!(said.stdout, "");
        }
    }
}

#[test]
fn its_interface_is_shown_as_wit_also_where_it_can_not_be_run() {
    let sandbox = Sandbox::new();
    let said = sandbox.run("inspect cas --wit");
    assert_eq!(said.code, 0, "{}", said.stderr);
    for part in [
        "import contend:strategy/db@0.2.0;",
        "export contend:strategy/state-change@0.2.0;",
        "package contend:strategy@0.2.0 {",
        "interface db {",
        "change: func(transition: transition) -> result<_, error>;",
    ] {
        assert!(said.stdout.contains(part), "{part}: {}", said.stdout);
    }
    assert!(!said.stdout.contains("interface lock"), "it imports none");

    sandbox.write("other.wasm", wasm(OTHER_VERSION));
    let said = sandbox.run("inspect ./other.wasm --wit");
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stdout.contains("import contend:strategy/db@0.1.0;"));

    sandbox.write("module.wasm", wasm("(module)"));
    let said = sandbox.run("inspect ./module.wasm --wit");
    said.refused_with(&["module.wasm is a core WebAssembly module"]);
    sandbox.write("broken.wasm", &wasm(OTHER_VERSION)[..30]);
    let said = sandbox.run("inspect ./broken.wasm --wit");
    said.refused_with(&["broken.wasm can't be printed as WIT"]);
}

#[test]
fn nothing_in_a_file_steers_the_terminal() {
    let sandbox = Sandbox::new();
    let steers = r"\1b[2J\07\u{202e}\u{9b}31m";
    let facts = ["version", "description", "authors", "licenses", "source"];
    let facts = facts.map(|fact| format!(r#"(@custom "{fact}" "told{steers}")"#));
    let docs = r#"(@custom "package-docs" "\01{\22docs\22:\22told\\u001b[2J\22}")"#;
    let of = |import: &str| {
        let facts = facts.join("");
        format!(
            r#"(component ${{"name{steers}"}} {facts} {docs}
            (@producers (language "Rust{steers}" "1{steers}") (sdk "kit{steers}" ""))
            (import "{import}" (instance)))"#
        )
        .replace("${", "$")
        .replace("\"}", "\"")
    };
    for text in [
        of("a:b/c@0.1.0"),
        of(&format!("url=<https://example.org/{steers}>")),
        of(&format!("a:b/c{steers}")),
    ] {
        sandbox.write("x.wasm", wasm(&text));
        for how in ["inspect", "inspect --json", "inspect --wit", "--strategy"] {
            let said = sandbox.run(&format!("{how} ./x.wasm"));
            let told = said.stdout + &said.stderr;
            assert!(!told.is_empty() && !told.contains("panicked"), "{told}");
            let steers = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
            assert!(!told.contains(steers), "{how}: {told:?}");
        }
    }
    let said = sandbox.run("inspect ./x.wasm");
    assert_eq!(line(&said, "name"), Some("name [2J   31m"));
    assert_eq!(line(&said, "authors"), Some("told [2J   31m"));
    assert_eq!(line(&said, "sdk"), Some("kit [2J   31m"));
}

/// A home of its own: the strategies of this project, and no component yet.
fn home() -> Sandbox {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let root = root.canonicalize().unwrap();
    let sandbox = Sandbox::new();
    symlink(root.join("wit"), sandbox.path("wit")).unwrap();
    let copy = format!(
        "mkdir strategies && cp -rL '{}/strategies/examples/cas-rust' strategies/cas && rm -rf strategies/cas/target",
        root.display()
    );
    assert_eq!(sandbox.shell(&copy).code, 0);
    sandbox
}

fn listed(sandbox: &Sandbox, name: &str) -> Value {
    let said = sandbox.run("list --json");
    assert_eq!(said.code, 0, "{}", said.stderr);
    let json: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(json["form"], 1);
    let all = json["strategies"].as_array().unwrap();
    let found = all.iter().find(|one| one["name"] == name).cloned();
    found.unwrap_or_else(|| panic!("no {name}: {}", said.stdout))
}

#[test]
fn every_strategy_is_listed_with_what_it_needs_and_whether_it_is_built() {
    let sandbox = home();
    let said = sandbox.run("list");
    let described = "Compare-and-swap: one conditional UPDATE";
    let row = |said: &Finished| {
        let found = said.stdout.lines().find(|line| line.starts_with("cas "));
        let words = found.unwrap().split_whitespace();
        words.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(row(&said), format!("cas - - missing - {described}"));
    assert_eq!(listed(&sandbox, "cas")["needs"], Value::Null);
    assert!(!sandbox.path("target").exists(), "something was built");

    let built = sandbox.run("build cas");
    assert_eq!(built.code, 0, "{}", built.stderr);
    let cas = listed(&sandbox, "cas");
    assert_eq!(cas["component"], "fresh");
    assert_eq!(cas["kind"], "volume-state");
    assert_eq!(cas["needs"], json!(["db", "timing"]));
    let digest = inspected(&sandbox, "cas").1["digest"].clone();
    assert_eq!(cas["digest"], digest);
    let short = &digest.as_str().unwrap()["sha256:".len()..][..12];
    let expected = format!("cas volume-state db timing fresh {short} {described}");
    assert_eq!(row(&sandbox.run("list")), expected);

    let component = sandbox.path("target/strategies/cas.wasm");
    let before = SystemTime::now() - Duration::from_secs(1_000_000_000);
    let file = File::options().write(true).open(&component).unwrap();
    file.set_modified(before).unwrap();
    assert_eq!(listed(&sandbox, "cas")["component"], "stale");

    sandbox.write("target/strategies/cas.wasm", wasm(OTHER_VERSION));
    let foreign = ["contend:strategy/db@0.1.0", "wasi:filesystem/types@0.3.0"];
    assert_eq!(listed(&sandbox, "cas")["needs"], json!(foreign));
    sandbox.write("target/strategies/cas.wasm", "no component");
    assert_eq!(listed(&sandbox, "cas")["needs"], Value::Null);
}
