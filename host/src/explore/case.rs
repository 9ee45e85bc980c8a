//! Input that decides a simulation.

use crate::backend::session_options::{AffectedRows, SessionSettings};
use crate::backend::url::{AutocommitWrites, LockUrl};
use crate::model::endpoint::Endpoint;
use crate::model::prose::counted;
use crate::model::sim_fault::SimFault;
use crate::model::sim_locks::SimLocks;
use crate::model::topology::Topology;
use crate::plan::{Plan, PlannedTrial, SimulatedWorld};
use crate::workload::Workload;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything that decides a simulation, beside the strategy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    pub seed: u64,
    pub workload: Workload,
    pub topology: Topology,
    /// None for locks in the runner's memory, which cost nothing and never fail.
    pub locks: Option<SimLocks>,
    pub settings: BTreeMap<String, String>,
    pub faults: Vec<SimFault>,
    /// Writes that commit by themselves are sent as text, so that the server tries them again.
    pub autocommit_as_text: bool,
    /// A write counts the rows that it found, changed or not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub counts_found_rows: bool,
    /// Settings of the sessions of workers.
    #[serde(default, skip_serializing_if = "SessionSettings::is_none")]
    pub session: SessionSettings,
    /// Of simulated time.
    pub change_timeout_s: u64,
    /// Of simulated time, in which nothing moves; 0 for ever.
    #[serde(default)]
    pub stuck_after_s: u64,
    /// Of simulated time; then the changes under way are finished and no more begun.
    pub time_limit_s: Option<u64>,
}

impl Case {
    /// The simulation of a trial, as its plan has it.
    pub fn planned(plan: &Plan, planned: &PlannedTrial, world: &SimulatedWorld) -> Self {
        Self {
            seed: plan.seed,
            workload: plan.workload.clone(),
            topology: world.topology.clone(),
            locks: match plan.locks {
                LockUrl::Sim(kind) => Some(kind),
                _ => None,
            },
            settings: plan.settings_of(planned),
            faults: world.faults.clone(),
            autocommit_as_text: plan.autocommit_writes == AutocommitWrites::Text,
            counts_found_rows: plan.affected_rows == AffectedRows::Found,
            session: plan.session,
            change_timeout_s: plan.change_timeout_s,
            stuck_after_s: plan.stuck_after_s,
            time_limit_s: plan.time_limit_s,
        }
    }

    /// Describes the case in words: `seed 7, 1 row × 2 workers × 1 change, …`.
    pub fn prose(&self) -> String {
        let workload = &self.workload;
        let mut parts = vec![
            format!("seed {}", self.seed),
            format!(
                "{} × {} × {}",
                counted(workload.rows, "row"),
                counted(workload.workers_per_row, "worker"),
                counted(workload.changes_per_worker, "change")
            ),
            format!("pause {} ms", workload.pause_ms),
            format!("hold {} ms", workload.hold_ms),
            counted(self.topology.nodes, "node"),
        ];
        if self.topology.endpoint == Endpoint::OneWriter {
            parts.push("one writer".to_owned());
        }
        if let Some(locks) = self.locks {
            parts.push(format!("locks {}", locks.as_str()));
        }
        let faults: Vec<_> = self
            .faults
            .iter()
            .map(|fault| format!("“{fault}”"))
            .collect();
        parts.push(match &faults[..] {
            [] => "no faults".to_owned(),
            [one] => format!("one fault: {one}"),
            several => format!("faults: {}", several.join(", ")),
        });
        parts.join(", ")
    }
}
