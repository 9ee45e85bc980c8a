//! A guest that needs WASI gets a virtual one: the clock and the randomness of the run, a place to
//! print to, and nothing else.

use crate::support::{Finished, Sandbox, count, verdict, wasi};
use serde_json::Value;
use std::fs;

const WORKLOAD: &str = "--rows 2 --workers-per-row 2 --changes-per-worker 3 --pause-ms 1 \
                        --hold-ms 1 --out out";

const CHANGES: u64 = 12;

fn arguments(more: &str) -> String {
    format!("--strategy {} {WORKLOAD} {more}", wasi().display())
}

fn printed(sandbox: &Sandbox) -> String {
    fs::read_to_string(sandbox.path("out/wasi/printed.log")).unwrap_or_default()
}

/// Each instance does this first.
fn doing(what: &str) -> (Sandbox, Value) {
    let sandbox = Sandbox::new();
    let (_, trial) = sandbox.trial(&arguments(&format!("--set do={what}")));
    assert!(trial["reasons"].get("ESCAPED").is_none(), "{trial:#}");
    assert_eq!(count(&trial, "changes"), CHANGES, "{trial:#}");
    (sandbox, trial)
}

#[test]
fn strategy_that_uses_wasi_is_valid_in_both_worlds() {
    for world in ["", "--db sim:nodes=1"] {
        let sandbox = Sandbox::new();
        let (code, trial) = sandbox.trial(&arguments(world));
        assert_eq!((verdict(&trial).as_str(), code), ("valid", 0), "{trial:#}");
        let text = printed(&sandbox);
        let lines = text.lines().filter(|line| line.contains(" 946684800."));
        assert_eq!(lines.count() as u64, 2 * count(&trial, "ok"), "{text}");
    }
}

#[test]
fn the_same_seed_gives_the_same_clock_and_the_same_numbers_in_the_simulator() {
    let simulated = |seed: &str| {
        let sandbox = Sandbox::new();
        sandbox.trial(&arguments(&format!("--db sim --seed {seed}")));
        let history = fs::read_to_string(sandbox.path("out/wasi/history.jsonl")).unwrap();
        (printed(&sandbox), history)
    };
    let (one, other) = (simulated("7"), simulated("7"));
    assert!(one.0.lines().count() > 10, "{}", one.0);
    assert_eq!(one, other);
    let (printed, history) = simulated("8");
    assert_ne!(printed, one.0);
    assert_ne!(history, one.1);
}

/// The lines of the runner's own about what the strategy asked for.
fn notes(finished: &Finished) -> Vec<&str> {
    let lines = finished.stderr.lines();
    lines.filter(|line| line.starts_with("note:")).collect()
}

#[test]
fn an_access_is_refused_and_reported_once() {
    for (what, told) in [
        ("files", "asked for a file (open-at \"etc/ [2Jpasswd\")"),
        ("network", "asked for the network (create-tcp-socket)"),
    ] {
        let run = Sandbox::new().run(&arguments(&format!("--set do={what}")));
        let notes = notes(&run);
        assert!(notes.len() == 1 && notes[0].contains(told), "{notes:?}");
        assert_eq!(run.code, 0, "it may go on without: {}", run.stdout);
    }
    let strategy = wasi().display();
    let check = Sandbox::new().run(&format!("check {strategy} --seeds 20 --set do=files"));
    assert_eq!(
        (notes(&check).len(), check.code),
        (1, 0),
        "{}",
        check.stderr
    );
}

#[test]
fn there_are_no_surroundings() {
    let (_, trial) = doing("surroundings");
    assert_eq!(verdict(&trial), "valid", "{trial:#}");
}

#[test]
fn kept_output_of_a_flood_has_a_limit() {
    let (sandbox, trial) = doing("flood");
    assert_eq!(verdict(&trial), "valid", "{trial:#}");
    let text = printed(&sandbox);
    assert!(text.len() < 4 * 70_000, "{}", text.len());
    assert_eq!(
        text.matches("is left out").count(),
        4,
        "once for each worker"
    );
}

#[test]
fn wasi_calls_of_a_guest_have_limits() {
    for (what, reason) in [
        ("streams", "handle-limit"),
        ("bytes", "random-limit"),
        ("nothing", "trap"),
        ("exit", "exit"),
    ] {
        let (_, trial) = doing(what);
        let reasons = trial["reasons"].as_object().unwrap();
        assert_eq!(reasons.keys().collect::<Vec<_>>(), [reason], "{trial:#}");
    }
}

#[test]
fn last_output_is_shown_with_a_death() {
    let (sandbox, _) = doing("last-words");
    let history = fs::read_to_string(sandbox.path("out/wasi/history.jsonl")).unwrap();
    let told = "it had printed: WrongThing: it is [2J broken";
    assert_eq!(history.matches(told).count() as u64, CHANGES, "{history}");
}

#[test]
fn a_look_at_the_component_says_that_its_wasi_is_virtual() {
    let looked = Sandbox::new().run(&format!("inspect {}", wasi().display()));
    assert!(looked.stdout.contains("WASI: virtual"), "{}", looked.stdout);
    assert!(!looked.stdout.contains("wasi:io"), "{}", looked.stdout);
    assert_eq!(looked.code, 0);
}
