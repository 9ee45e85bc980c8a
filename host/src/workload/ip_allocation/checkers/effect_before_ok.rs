//! Was each allocation and each release that ended ok in the tables before it said so?

use super::evidence::Evidence;
use super::prose::Plain;
use crate::check::parts::nothing_came_through;
use crate::check::parts::{Findings, Ms, Witness};
use crate::model::change::{Change, Step};
use crate::model::pool::pool_id;
use crate::model::seen::{Seen, Sight};
use crate::model::verdict::Answer;

/// Judges by what the host read right after a step (`model/seen.rs`): an allocation that ended ok has a
/// row that is ALLOCATED with its marker until its own worker gives it back, and none afterwards. Needs
/// no contention. Linear.
pub fn answer(evidence: &Evidence) -> Answer {
    let mut findings = Findings::default();
    for change in evidence.changes {
        let steps = [
            (Some(&change.acquire), true),
            (change.release.as_ref(), false),
        ];
        for (step, allocates) in steps {
            let step = step.filter(|step| step.outcome.is_ok());
            let Some((step, seen)) = step.and_then(|it| Some((it, it.seen.as_deref()?))) else {
                continue;
            };
            if matches!(&seen.found, Sight::Address(found) if found.is_some() != allocates) {
                findings.add(Some(step.returned), || {
                    describe(change, step, allocates, seen)
                });
            }
        }
    }
    let missing = evidence.missing().map(str::to_owned);
    let unknown = missing.or_else(|| nothing_came_through(evidence.changes));
    let question = "was each step that ended ok in the tables before it said so?";
    findings.answer("effect-before-ok", question, unknown.as_deref())
}

fn describe(change: &Change, step: &Step, allocates: bool, seen: &Seen) -> Witness {
    let (worker, marker, pool) = (change.worker, change.marker(), pool_id(change.row));
    let verb = match allocates {
        true => "allocation from",
        false => "release to",
    };
    let found = match &seen.found {
        Sight::Address(Some(address)) => format!("{} still ALLOCATED", Plain(address)),
        Sight::Address(None) | Sight::Row(_) => "no address ALLOCATED".to_owned(),
    };
    let prose = format!(
        "worker {worker} said at {} that its {verb} {pool} ({marker}) had ended ok, but its effect was \
         not there: a causal reading of node {}, begun at {}, found {found} with that marker",
        Ms(step.returned),
        seen.node,
        Ms(seen.began)
    );
    Witness::about(prose, change.row, [Some(marker)])
}

#[cfg(test)]
mod tests {
    use super::super::synthetic::history;
    use super::*;
    use crate::model::outcome::{Outcome, Reason};
    use crate::model::pool::Pool;
    use crate::model::verdict::Verdict;
    use crate::workload::ip_allocation::tables::Allocations;

    fn judge(pools: &[Pool], changes: &[Change], found: Option<&Allocations>) -> Answer {
        answer(&Evidence {
            pools,
            changes,
            found,
        })
    }

    fn seen(address: Option<&str>) -> Option<Box<Seen>> {
        Some(Box::new(Seen {
            node: "n2".to_owned(),
            began: 2_000_000,
            ended: 2_300_000,
            found: Sight::Address(address.map(str::to_owned)),
        }))
    }

    #[test]
    fn reading_that_shows_the_effect_is_no_lie() {
        let (pools, mut changes, found) = history(4, 2, 2);
        for change in &mut changes {
            change.acquire.seen = seen(Some("10.0.0.1"));
            if let Some(release) = &mut change.release {
                release.seen = seen(None);
            }
        }
        let answer = judge(&pools, &changes, Some(&found));
        assert_eq!(answer.verdict, Verdict::Valid);
    }

    #[test]
    fn allocation_that_is_not_in_the_tables_after_its_ok_is_reported() {
        let (pools, mut changes, found) = history(4, 2, 2);
        changes[3].acquire.seen = seen(None);
        let answer = judge(&pools, &changes, Some(&found));
        assert_eq!(
            answer.verdict,
            Verdict::Violated(
                "worker 3 said at 1.400 ms that its allocation from pool-1 (3_0) had ended ok, but its \
                 effect was not there: a causal reading of node n2, begun at 2.000 ms, found no address \
                 ALLOCATED with that marker"
                    .to_owned()
            )
        );
    }

    #[test]
    fn release_that_leaves_the_row_is_reported() {
        let (pools, mut changes, found) = history(4, 2, 2);
        let released = changes.iter_mut().find_map(|it| it.release.as_mut());
        released.unwrap().seen = seen(Some("10.0.0.1"));
        let answer = judge(&pools, &changes, Some(&found));
        let why = answer.verdict.why().unwrap();
        assert!(why.contains("release to pool-0 (0_0)"), "{why}");
        assert!(why.contains("10.0.0.1 still ALLOCATED"), "{why}");
    }

    #[test]
    fn run_in_which_nothing_came_through_is_unknown() {
        let (pools, mut changes, found) = history(4, 2, 2);
        for change in &mut changes {
            change.acquire.outcome = Outcome::Failed(Box::new(Reason {
                code: "1213".to_owned(),
                message: String::new(),
            }));
        }
        let answer = judge(&pools, &changes, Some(&found));
        let why = answer.verdict.why().unwrap();
        assert_eq!(answer.verdict.as_str(), "unknown");
        assert!(why.contains("of 8 changes none came through"), "{why}");
        assert!(why.contains("acquires that did not end ok: 8"), "{why}");
        assert_eq!(judge(&pools, &changes, None).verdict.as_str(), "unknown");
    }
}
