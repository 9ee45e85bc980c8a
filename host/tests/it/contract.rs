//! The contract, seen from the inside of a component.

use crate::support::{Sandbox, count, tour};

#[test]
fn every_function_of_the_contract_answers_as_it_promises() {
    for locks in ["memory", "file:locks"] {
        let sandbox = Sandbox::new();
        let arguments = format!(
            "--strategy {} --rows 1 --changes-per-worker 2 --set given=7 --lock {locks}",
            tour().display()
        );
        let (_, trial) = sandbox.trial(&arguments);
        let history = std::fs::read_dir(sandbox.path("results/runs"))
            .unwrap()
            .next()
            .unwrap();
        let history = history.unwrap().path().join("tour/history.jsonl");
        let told = std::fs::read_to_string(history).unwrap();
        assert_eq!(count(&trial, "ok"), 2, "{told}");
    }
}
