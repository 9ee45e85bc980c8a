//! One cycle of a worker on its row, as the history keeps it.

use super::error::ErrorCount;
use super::marker::Marker;
use super::nodes::NodeSet;
use super::outcome::Outcome;
use super::purpose::Purpose;
use super::seen::Seen;
use super::statements::Statements;
use serde::{Deserialize, Serialize};

/// A nanosecond count since the run began.
pub type Nanos = u64;

/// One change: acquire, check, hold, release. Written to the history when it is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    pub worker: u32,
    /// The row's number; its `id` is the workload's business.
    pub row: u32,
    /// The change's number within its worker, from 0.
    pub number: u32,
    pub acquire: Step,
    /// The check on all nodes after acquire; absent when there was nothing to check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<Check>,
    /// Absent when acquire had no effect, or when settling found that the row was taken over since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<Step>,
    /// The action by which the host gave the row back, where the strategy had not.
    #[serde(default, skip_serializing_if = "Restored::is_no")]
    pub restored: Restored,
    /// The nodes on which the strategy's sessions worked in this change; left out where none did, and
    /// in histories of earlier versions.
    #[serde(default, skip_serializing_if = "NodeSet::is_empty")]
    pub nodes: NodeSet,
    /// Details of an allocation; absent where no address is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allocation: Option<Box<Allocation>>,
    /// The purpose of a visit; absent in the other kinds of workload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
}

/// Of a change that takes an address from a pool, and perhaps gives it back.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Allocation {
    /// The address that the strategy reported; or, where the step did not end ok, the one that
    /// settling found.
    pub address: Option<String>,
    /// The number of addresses that the strategy reports it tried; absent where it did not end ok.
    pub attempts: Option<u32>,
    /// The statements that the strategy executed, acquire and release together.
    pub statements: Statements,
}

crate::words! {
    /// The two steps of a change; for an allocation they are called the same.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum StepKind {
        Acquire = "acquire",
        Release = "release",
    }
}

/// Says whether the host gave a row back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Restored {
    /// It had no need to, or found nothing to give back, or could not.
    #[default]
    No,
    Yes,
    /// It tried, and the answer was lost: it may have happened once.
    Unclear,
}

impl Restored {
    fn is_no(&self) -> bool {
        *self == Self::No
    }
}

/// One timed transition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub invoked: Nanos,
    pub returned: Nanos,
    pub outcome: Outcome,
    /// The errors that the strategy met on the way, the retried ones included.
    #[serde(default, skip_serializing_if = "Vec::is_empty", alias = "faults")]
    pub errors: Vec<ErrorCount>,
    /// The locks that the strategy gave back and did not hold any more.
    #[serde(default, skip_serializing_if = "LostLocks::is_none")]
    pub lost_locks: LostLocks,
    /// The result of settling; absent when the step ended ok.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<Settled>,
    /// A causal reading after the step ended ok, where there was a reason to doubt its effect. It was
    /// over before the next call of the same instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Box<Seen>>,
}

/// The numbers of locks found lost at their release, by cause. That is no error: the release did what
/// it could, and the host reported the loss to the strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LostLocks {
    pub not_owner: u32,
    pub expired: u32,
}

impl LostLocks {
    fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// The effect, according to the data, of a step that ended failed or indeterminate. Each conclusion
/// is proven: by the row as the step leaves it, or by the audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Settled {
    TookEffect,
    NoEffect,
    /// The nodes did not answer, or did not agree, within the check's patience; or another worker has
    /// the row, and no audit shows whether it came after the step or took the row away.
    Unknown,
}

/// The reading of a row on all nodes after acquire.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Check {
    pub began: Nanos,
    pub ended: Nanos,
    /// Readings of all nodes, the last one included.
    pub tries: u32,
    /// Every node held the row with this change's marker at the last try.
    pub agreed: bool,
}

impl Check {
    /// True if all nodes were read, and one of them did not have the marker.
    pub fn disagreed(&self) -> bool {
        !self.agreed && self.tries > 0
    }

    /// True if some node never answered, so that nothing is known of the marker.
    pub fn is_unread(&self) -> bool {
        !self.agreed && self.tries == 0
    }
}

impl Change {
    pub fn marker(&self) -> Marker {
        Marker {
            worker: self.worker,
            number: self.number,
        }
    }

    /// The worker held the row, whatever its steps reported.
    pub fn held(&self) -> bool {
        self.acquire.took_effect()
    }

    /// All of its steps ended ok and the check found the marker on every node: what the reference
    /// harness counts as a success. What is taken for good has no release.
    pub fn is_ok(&self) -> bool {
        self.acquire.outcome.is_ok()
            && self.check.is_none_or(|check| check.agreed)
            && self.release.as_ref().is_none_or(|it| it.outcome.is_ok())
    }

    /// The outcome of some step is unknown.
    pub fn is_indeterminate(&self) -> bool {
        let unclear = |step: &Step| matches!(step.outcome, Outcome::Indeterminate(_));
        unclear(&self.acquire) || self.release.as_ref().is_some_and(unclear)
    }

    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        std::iter::once(&self.acquire).chain(&self.release)
    }

    pub fn step(&self, kind: StepKind) -> Option<&Step> {
        match kind {
            StepKind::Acquire => Some(&self.acquire),
            StepKind::Release => self.release.as_ref(),
        }
    }
}

impl Step {
    /// A step that ended ok and met nothing on its way.
    pub fn ok(invoked: Nanos, returned: Nanos) -> Self {
        Self {
            invoked,
            returned,
            outcome: Outcome::Ok,
            errors: Vec::new(),
            lost_locks: LostLocks::default(),
            settled: None,
            seen: None,
        }
    }

    pub fn duration(&self) -> Nanos {
        self.returned.saturating_sub(self.invoked)
    }

    /// Reported ok, or found in the data although reported otherwise.
    pub fn took_effect(&self) -> bool {
        self.outcome.is_ok() || self.settled == Some(Settled::TookEffect)
    }
}
