//! `runner check`: what is wrong is found, told, and told the same again.

use crate::support::{Finished, Sandbox, hostile};
use serde_json::{Value, json};

/// The description of a violation, up to the figures of the search, and the command that repeats it.
fn told(finished: &Finished) -> (String, String) {
    assert_eq!(finished.code, 1, "{}{}", finished.stdout, finished.stderr);
    let (told, rest) = finished.stdout.split_once("replay with:\n").unwrap();
    let command = rest.lines().next().unwrap().trim();
    (told.to_owned(), command.to_owned())
}

fn again(sandbox: &Sandbox, command: &str) -> Finished {
    let arguments = command.strip_prefix("runner ").unwrap();
    sandbox.shell(&format!("$runner {arguments}"))
}

#[test]
fn violation_is_found_and_described_the_same_again() {
    let sandbox = Sandbox::new();
    let found = sandbox.run("check unguarded --faults none --html page.html");
    let (first, command) = told(&found);
    assert!(
        first.starts_with("unguarded: violated (mutual-exclusion)\n"),
        "{first}"
    );
    assert!(first.contains("held row 0 at once"), "{first}");
    assert!(first.contains("1 row × 2 workers × 1 change"), "{first}");
    let moments = first
        .lines()
        .filter(|line| line.trim_start().contains(" ms  "));
    assert!((2..=12).contains(&moments.count()), "{first}");
    assert!(
        first.lines().all(|line| line.chars().count() <= 120),
        "{first}"
    );
    let page = std::fs::read_to_string(sandbox.path("page.html")).unwrap();
    assert!(page.contains("<svg") && page.contains(&command), "{page}");
    assert_eq!(told(&again(&sandbox, &command)), (first, command));
}

#[test]
fn the_command_that_repeats_it_has_every_option_that_decides() {
    let sandbox = Sandbox::new();
    let script = "$runner check lock-only --rows 1 --workers-per-row 4 --hold-ms 3 --db \
                  'sim:nodes=2,latency_ms=[[0,1],[1,0]]' --lock session --faults cut \
                  --fault '1ms delay-apply n2 for 20ms' --set 'note=it is' --set sync=false \
                  --memory-mib 32 --change-timeout-s 50 --seed 15 --jobs 1";
    let (first, command) = told(&sandbox.shell(script));
    for given in [
        "--lock session",
        "'note=it is'",
        "'1ms delay-apply n2 for 20ms'",
    ] {
        assert!(command.contains(given), "{command}");
    }
    assert!(command.contains("--replay 15-"), "{command}");
    assert_eq!(told(&again(&sandbox, &command)), (first, command));
}

#[test]
fn a_token_of_something_else_is_refused_with_what_differs() {
    let sandbox = Sandbox::new();
    let (_, command) = told(&sandbox.run("check unguarded --faults none"));
    let token = command.split(' ').next_back().unwrap();
    for (arguments, says) in [
        ("unguarded --faults none --rows 1", "the options are others"),
        ("unguarded", "the options are others"),
        ("cas --faults none", "the strategy's component is another"),
        ("unguarded cas --faults none", "it is of one strategy"),
    ] {
        let finished = sandbox.run(&format!("check {arguments} --replay {token}"));
        finished.refused_with(&[token, says]);
    }
    let mut parts: Vec<_> = token.split('-').collect();
    let other = if parts[1] == "0000" { "0001" } else { "0000" };
    parts[1] = other;
    let finished = sandbox.run(&format!(
        "check unguarded --faults none --replay {}",
        parts.join("-")
    ));
    finished.refused_with(&["another version of the runner"]);
    // The seed alone asks for nothing but the seed.
    let seed = sandbox.run(&format!(
        "check unguarded --faults none --replay {}",
        parts[0]
    ));
    assert_eq!(seed.code, 1, "{}", seed.stdout);
}

#[test]
fn right_strategy_is_valid_and_another_program_can_read_the_report() {
    let sandbox = Sandbox::new();
    let finished = sandbox.run(
        "check cas for-update --seeds 10 --faults none --json --rows 2 --workers-per-row 3 \
         --changes-per-worker 3",
    );
    assert_eq!(finished.code, 0, "{}{}", finished.stdout, finished.stderr);
    let report: Value = serde_json::from_str(&finished.stdout).unwrap();
    for (checked, name) in report["checked"]
        .as_array()
        .unwrap()
        .iter()
        .zip(["cas", "for-update"])
    {
        assert_eq!(checked["strategy"], name);
        assert_eq!(checked["verdict"], "valid");
        assert_eq!(checked["tally"]["seeds"], 10);
        assert_eq!(checked["tally"]["changes"], 180);
        assert_eq!(checked["witness"], Value::Null);
    }
    let quiet = sandbox.run("check cas --seeds 2 --faults none --quiet");
    assert_eq!((quiet.code, quiet.stdout.as_str()), (0, ""));
}

#[test]
fn nothing_is_valid_where_nothing_is_contended() {
    let finished = Sandbox::new().run("check cas --seeds 3 --workers-per-row 1 --faults none");
    assert_eq!(finished.code, 3);
    assert!(
        finished
            .stdout
            .contains("cas: unknown: nothing was contended"),
        "{}",
        finished.stdout
    );
}

#[test]
fn nonsense_is_refused_before_anything_is_simulated() {
    let sandbox = Sandbox::new();
    sandbox.write("there.html", "mine");
    for (arguments, says) in [
        ("--seeds 0", "seeds is 0; it must be from 1"),
        ("--jobs 0", "jobs is 0; it must be from 1 to 1024"),
        ("--db sqlite", "check and test simulate"),
        ("--db sim:nodes=0", "nodes is 0; it must be from 1 to 1000"),
        ("--db sim:nodse=3", "did you mean `nodes`?"),
        ("--lock redis://h:1", "lock services of its own"),
        (
            "--fault 1s:crash:n9:for:2s",
            "there is no node \"n9\"; there are n1 to n3",
        ),
        (
            "--fault 1s:pause:worker-6:for:2s",
            "there are worker-0 to worker-5",
        ),
        (
            "--lock memory --fault 1s:skew:locks:for:5s",
            "the fault \"1s skew locks for 5s\", and locks in memory suffer none",
        ),
        ("--fault 1s:kill:n1", "the simulator has no fault \"kill\""),
        (
            "--faults lock-failover",
            "nothing of that can happen to cas, which asks no lock service",
        ),
        ("--replay 17-0", "it is a seed, or the token of a violation"),
        ("--html there.html", "name another file with --html"),
    ] {
        sandbox
            .run(&format!("check cas {arguments}"))
            .refused_with(&[says]);
    }
    let unknown = sandbox.run("check cas --faults burn");
    assert!(
        unknown.code == 2 && unknown.stderr.contains("pause, crash-worker"),
        "{}",
        unknown.stderr
    );
    let mine = std::fs::read_to_string(sandbox.path("there.html")).unwrap();
    assert_eq!(mine, "mine");
}

/// Seeds differ in shape: a worker makes up to 24 changes, unless the user says how many.
#[test]
fn error_from_the_seventh_call_on_is_found_by_default() {
    let sandbox = Sandbox::new();
    let lies = format!(
        "check {} --set attack=lie --set every=4 --faults none",
        hostile().display()
    );
    let found = sandbox.run(&format!("{lies} --seeds 1000"));
    told(&found);
    assert!(
        !found.stdout.contains("--changes-per-worker"),
        "{}",
        found.stdout
    );
    let few = sandbox.run(&format!("{lies} --changes-per-worker 3 --seeds 100"));
    assert_eq!(few.code, 0, "{}{}", few.stdout, few.stderr);
    let shapes = few.stdout.lines().find(|line| line.contains("shapes:"));
    assert!(shapes.unwrap().contains("× 3 changes"), "{}", few.stdout);
}

#[test]
fn each_code_comes_with_a_message_that_steers_no_terminal() {
    let sandbox = Sandbox::new();
    let finished = sandbox.run("check cas for-update --faults none --seeds 40 --json");
    let report: Value = serde_json::from_str(&finished.stdout).unwrap();
    let messages = &report["checked"][1]["tally"]["messages"];
    let deadlock = messages["conflict 1213"].as_str().unwrap();
    assert!(deadlock.starts_with("Deadlock found"), "{messages}");
}

/// The conditions of each seed of a search.
fn shapes(arguments: &str) -> Value {
    let searched = Sandbox::new().run(&format!("check {arguments} --faults none --json"));
    assert_eq!(searched.code, 0, "{}{}", searched.stdout, searched.stderr);
    let report: Value = serde_json::from_str(&searched.stdout).unwrap();
    report["checked"][0]["tally"]["shapes"].clone()
}

#[test]
fn given_options_are_the_same_in_every_seed() {
    let given = [
        ("rows", 3),
        ("workers-per-row", 4),
        ("changes-per-worker", 3),
        ("pause-ms", 9),
        ("hold-ms", 7),
    ];
    let fixed = |number: u64| json!({"least": number, "most": number});
    for (flag, number) in given {
        let shapes = shapes(&format!("cas --{flag} {number} --seeds 60"));
        for (other, _) in given {
            let span = &shapes[other.replace('-', "_")];
            match other == flag {
                true => assert_eq!(*span, fixed(number), "{shapes}"),
                false => assert_ne!(span["least"], span["most"], "--{flag}: {shapes}"),
            }
        }
    }
    let of_a_file = shapes("cas --workload smoke --seeds 2");
    assert_eq!(of_a_file["rows"], fixed(5), "{of_a_file}");
    assert_eq!(of_a_file["changes_per_worker"], fixed(20), "{of_a_file}");
    let pools = "--pool 10.0.0.0/24,10.0.0.2-10.0.0.90 --pool 10.0.1.0/24,10.0.1.2-10.0.1.90";
    for (pools, rows) in [("", 1), (pools, 2)] {
        let shapes = shapes(&format!("ip-window {pools} --seeds 20"));
        assert_eq!(shapes["rows"], fixed(rows), "{shapes}");
        assert_ne!(shapes["workers_per_row"], fixed(4), "{shapes}");
    }
}
