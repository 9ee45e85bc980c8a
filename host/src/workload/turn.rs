//! The parts of a worker that a kind of workload borrows for the life of one change.

use super::site::Site;
use crate::capability::strategy::{Allocated, Call};
use crate::model::change::{Change, Restored, Step, StepKind};
use crate::model::marker::Marker;
use crate::model::nodes::NodeSet;
use crate::model::statements::Statements;
use async_trait::async_trait;
use std::sync::Arc;

/// The phase of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Between two changes, or holding what it took.
    Pause,
    Acquire,
    /// The check on every node after acquire.
    Check,
    Release,
    /// Finding out, or undoing, what a step did that did not end ok.
    Settle,
    Ended,
}

impl Phase {
    /// Every one, in the order of their numbers.
    pub const ALL: [Self; 6] = [
        Self::Pause,
        Self::Acquire,
        Self::Check,
        Self::Release,
        Self::Settle,
        Self::Ended,
    ];
}

/// A step, and what came of it beside.
pub struct Stepped {
    pub step: Step,
    /// The address, where one was asked for and the step ended ok.
    pub allocated: Option<Allocated>,
    /// The statements that the strategy executed, where they are counted.
    pub statements: Statements,
    /// The nodes on which its sessions worked.
    pub nodes: NodeSet,
    /// It ended ok, and its effect may not be there.
    pub is_doubtful: bool,
}

impl Stepped {
    /// A step that ended ok in the moment in which it began, with nothing beside.
    pub fn begun(invoked: u64) -> Self {
        Self {
            step: Step::ok(invoked, invoked),
            allocated: None,
            statements: Statements::default(),
            nodes: NodeSet::default(),
            is_doubtful: false,
        }
    }
}

/// A worker at one change.
#[async_trait]
pub trait Turn: Send {
    fn site(&self) -> Arc<Site>;

    /// The row that this worker competes for.
    fn row(&self) -> u32;

    /// The marker of the change.
    fn marker(&self) -> Marker;

    /// Shows what the worker is doing.
    fn enter(&self, phase: Phase);

    /// One timed step in the strategy's hands.
    async fn step(&mut self, step: StepKind, call: Call) -> Stepped;

    /// The change as its acquire left it: nothing checked, nothing released.
    fn begun(&self, acquire: Step, nodes: NodeSet) -> Change {
        let Marker { worker, number } = self.marker();
        Change {
            worker,
            row: self.row(),
            number,
            acquire,
            check: None,
            release: None,
            restored: Restored::No,
            nodes,
            allocation: None,
            purpose: None,
        }
    }
}
