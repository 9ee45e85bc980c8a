//! Outcome of one simulation.

use super::case::Case;
use crate::model::change::{Change, Nanos};
use crate::model::verdict::{Answer, Judgement, Verdict};
use crate::sim::event::Event;

/// A simulation that is over, and judged.
#[derive(Debug, Clone)]
pub struct Simulated {
    pub judgement: Judgement,
    pub changes: Vec<Change>,
    /// Empty unless they were to be kept.
    pub events: Vec<Event>,
    /// The time when the workers were let go, on the clock of the events.
    pub let_go: Nanos,
    /// From then to the end of the last worker.
    pub total_time: Nanos,
    /// SQL statements that the nodes executed.
    pub statements: u64,
}

impl Simulated {
    /// The first checker that was violated, in the order of the judgement.
    pub fn violation(&self) -> Option<&Answer> {
        let mut answers = self.judgement.answers.iter();
        answers.find(|answer| matches!(answer.verdict, Verdict::Violated(_)))
    }

    /// Says whether this checker was violated.
    pub fn violates(&self, checker: &str) -> bool {
        let mut answers = self.judgement.answers.iter();
        answers.any(|a| a.checker == checker && matches!(a.verdict, Verdict::Violated(_)))
    }
}

/// The usual lease of a lock, and after what time a session that is not heard of ends.
const LEASE_MS: u64 = 10_000;

const NANOS_PER_MS: u64 = 1_000_000;

/// After what time a lock is given to another at the latest, if its holder is not heard of.
pub fn lease(case: &Case) -> Nanos {
    // A strategy's own, if the user gave one by the name that all of ours read.
    let given = case.settings.get("lease-ms").and_then(|ms| ms.parse().ok());
    given.unwrap_or(LEASE_MS).saturating_mul(NANOS_PER_MS)
}

/// Everything catches up within this, when it works again.
const CATCHING_UP_MS: u64 = 3_000;

/// The moment from which everything works, so that a strategy has no excuse any more: all faults are
/// over, and what they left behind is undone.
pub fn whole_from(case: &Case) -> Nanos {
    let Some(over) = case.faults.iter().map(|fault| fault.over()).max() else {
        return 0;
    };
    let topology = &case.topology;
    let checks = u64::from(topology.health_check_fall) + 1;
    let left_behind = [
        topology.suspect_timeout_ms,
        topology.rejoin_ms,
        topology.health_check_ms.saturating_mul(checks),
        CATCHING_UP_MS,
    ];
    let ms = left_behind.into_iter().fold(0, u64::saturating_add);
    over.saturating_add(ms.saturating_mul(NANOS_PER_MS))
        .saturating_add(lease(case))
}
