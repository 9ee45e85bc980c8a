//! Limits of time.

use crate::support::{Sandbox, count, hostile, verdict};

#[test]
fn a_time_limit_ends_the_trial_in_order() {
    let sandbox = Sandbox::new();
    let arguments = "--strategy cas --rows 2 --workers-per-row 2 --changes-per-worker 100000 \
                     --pause-ms 1 --hold-ms 1 --time-limit-s 1";
    let (code, trial) = sandbox.trial(arguments);
    assert_eq!((verdict(&trial).as_str(), code), ("valid", 0), "{trial:#}");
    assert_eq!(trial["ended"], "time-limit");
    assert!(count(&trial, "ok") > 10);
    assert_eq!(count(&trial, "errors"), 0, "changes under way may finish");
}

#[test]
fn a_step_that_never_ends_is_abandoned_when_the_run_is_to_end() {
    let sandbox = Sandbox::new();
    let arguments = format!(
        "--strategy {} --set attack=sleep-forever --rows 1 --workers-per-row 2 --time-limit-s 1",
        hostile().display()
    );
    let (code, trial) = sandbox.trial(&arguments);
    assert_eq!(code, 2);
    assert_eq!(trial["reasons"]["run-stopped"], 2, "{trial:#}");
    assert_eq!(count(&trial, "indeterminate"), 2);
}
