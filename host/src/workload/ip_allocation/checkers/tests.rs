use super::synthetic::{history, refused};
use super::*;
use crate::model::change::Change;
use crate::model::pool::Pool;
use crate::model::verdict::Verdict;
use crate::workload::ip_allocation::tables::Allocations;

fn judged(pools: &[Pool], changes: &[Change], found: Option<&Allocations>) -> Judgement {
    let evidence = Evidence {
        pools,
        changes,
        found,
    };
    judge(&evidence, None)
}

#[test]
fn a_right_history_is_valid_by_every_checker_in_any_order() {
    let (pools, mut changes, mut found) = history(12, 3, 5);
    let judgement = judged(&pools, &changes, Some(&found));
    assert_eq!(judgement.verdict, Verdict::Valid, "{judgement:#?}");
    let checkers: Vec<_> = judgement.answers.iter().map(|a| &*a.checker).collect();
    assert_eq!(
        checkers,
        [
            "unique-allocation",
            "every-change-counted",
            "effect-before-ok",
            "nothing-pending",
            "ranges-agree",
            "exhaustion",
            "nodes-agree"
        ]
    );
    let remarks = judgement.answers.iter().filter_map(|a| a.remark.as_deref());
    let remarks: Vec<_> = remarks.collect();
    assert_eq!(remarks, ["trivial: no pool was ever called exhausted"]);

    changes.reverse();
    for node in &mut found.nodes {
        node.requests.reverse();
        node.ranges.reverse();
    }
    let judgement = judged(&pools, &changes, Some(&found));
    assert_eq!(judgement.verdict, Verdict::Valid, "{judgement:#?}");
}

#[test]
fn a_right_history_gives_addresses_anew() {
    let (_, changes, found) = history(12, 3, 5);
    let of = |change: &Change| change.allocation.as_ref().unwrap().address.clone().unwrap();
    let mut addresses: Vec<_> = changes.iter().map(of).collect();
    addresses.sort_unstable();
    addresses.dedup();
    assert!(addresses.len() < changes.len());
    assert!(addresses.len() >= found.nodes[0].requests.len());
    assert!(addresses.iter().any(|address| address.contains(':')));
}

#[test]
fn a_simulation_is_also_asked_whether_all_came_to_an_end() {
    let (pools, changes, found) = history(12, 3, 5);
    let evidence = Evidence {
        pools: &pools,
        changes: &changes,
        found: Some(&found),
    };
    let judgement = judge(&evidence, Some(0));
    assert_eq!(judgement.verdict, Verdict::Valid);
    assert_eq!(judgement.answers[7].checker, "progress");
}

#[test]
fn a_run_without_data_or_changes_is_no_proof() {
    let (pools, changes, found) = history(12, 3, 5);
    for (changes, found) in [(&changes[..], None), (&[], Some(&found)), (&[], None)] {
        let judgement = judged(&pools, changes, found);
        for answer in &judgement.answers[..3] {
            assert_ne!(answer.verdict, Verdict::Valid, "{answer:?}");
        }
    }
    let judgement = judged(&pools, &changes, None);
    let is_unknown = |answer: &Answer| answer.verdict.as_str() == "unknown";
    assert!(judgement.answers.iter().all(is_unknown), "{judgement:#?}");
}

#[test]
fn without_contention_only_what_needs_none_is_reported() {
    let (pools, changes, found) = history(2, 2, 5);
    let judgement = judged(&pools, &changes, Some(&found));
    let words: Vec<_> = judgement
        .answers
        .iter()
        .map(|a| a.verdict.as_str())
        .collect();
    assert_eq!(
        words,
        [
            "unknown", "valid", "valid", "valid", "valid", "valid", "valid"
        ]
    );
    assert!(judgement.verdict.why().unwrap().contains("contended"));
}

#[test]
fn a_clear_failure_is_no_violation() {
    let (pools, mut changes, found) = history(12, 3, 5);
    changes.push(refused(12, 0, 0, [0, 9], "attempts-exhausted"));
    let judgement = judged(&pools, &changes, Some(&found));
    assert_eq!(judgement.verdict, Verdict::Valid, "{judgement:#?}");
}
