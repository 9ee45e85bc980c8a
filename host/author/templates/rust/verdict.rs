//! Is it correct? The verdict of `runner`, which has to be on the PATH: exit code 0 is `valid`.

use std::process::Command;

const STRATEGY: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn it_is_valid_on_an_embedded_database_with_rivals() {
    runner(&["--strategy", STRATEGY], "{contention} --require valid");
}

#[test]
fn it_is_valid_on_a_simulated_cluster_with_faults() {
    runner(&["check", STRATEGY], "--time 5s");
}

fn runner(strategy: &[&str], options: &str) {
    let mut command = Command::new("runner");
    command.args(strategy).args(options.split(' '));
    let output = command.current_dir(env!("CARGO_TARGET_TMPDIR")).output();
    let output = output.expect("runner is on the PATH");
    let report = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{report}{errors}");
}
