//! Surroundings of a trial: the servers and their counters, the other load, the resources used.

use super::background::Background;
use super::change::Nanos;
use super::counters::NodeCounters;
use super::data::{Breakdown, BreakdownCause};
use super::lab_fault::{ALL, LabAction};
use super::lateness::Lateness;
use super::membership::Membership;
use super::schedule::FaultEvent;
use super::sim_fault::{Fate, FaultAction, SimFaultEvent};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Everything beside the workers that bears on a trial's figures.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Conditions {
    /// Settings and versions of the database, as a strategy's session found them.
    pub server: BTreeMap<String, String>,
    /// The growth of each node's counters while the workers ran.
    pub counters: Vec<NodeCounters>,
    /// Which nodes were looked at; empty in conditions of earlier versions.
    #[serde(default)]
    pub nodes: Membership,
    /// Absent where there was none.
    pub background: Option<Background>,
    pub usage: Usage,
    /// Faults injected into the lab's servers, in the order of time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<FaultEvent>,
    /// Absent in the simulator, where no real time passes, and in records of before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lateness: Option<Lateness>,
    /// Absent where the world was real.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub simulated: Option<Simulated>,
    /// The settings that were given and that no instance asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settings_unread: Vec<UnreadSetting>,
}

/// An answer that the old primary had sent has come to its client after this.
const ON_ITS_WAY: Nanos = 1_000_000_000;

impl Conditions {
    /// The times in which the database may have lost commits: in a lab, and in a simulation.
    pub fn breakdowns(&self) -> Vec<Breakdown> {
        let real = self.faults.iter().filter(|event| event.error.is_none());
        let real = real.filter_map(|event| {
            let cause = match (event.fault.action, event.fault.target.as_str()) {
                (LabAction::Kill, ALL) => BreakdownCause::AllKilled,
                (LabAction::Promote, _) => BreakdownCause::Promoted,
                _ => return None,
            };
            Some(Breakdown {
                began: event.began,
                ended: event.ended,
                cause,
            })
        });
        let simulated = self
            .simulated
            .iter()
            .flat_map(|simulated| &simulated.faults);
        let promoted = simulated.filter(|event| {
            let is_promotion = matches!(event.fault.what, FaultAction::Promote { .. });
            is_promotion && event.fate == Fate::Came
        });
        let promoted = promoted.map(|event| Breakdown {
            began: event.fault.at,
            ended: event.fault.at.saturating_add(ON_ITS_WAY),
            cause: BreakdownCause::Promoted,
        });
        real.chain(promoted).collect()
    }
}

/// A setting that was given and had no effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadSetting {
    pub name: String,
    /// The most similar name that was asked for, if one is similar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nearest: Option<String>,
}

impl fmt::Display for UnreadSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        write!(
            f,
            "the strategy never asked for the setting {name:?}, so it had no effect"
        )?;
        match &self.nearest {
            Some(nearest) => write!(f, "; did you mean {nearest:?}?"),
            None => Ok(()),
        }
    }
}

/// Facts about a simulation beside its figures, which are all in virtual time.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Simulated {
    /// Statements that the simulated nodes executed.
    pub statements: u64,
    /// Real time that the simulation took.
    pub took_ns: Nanos,
    /// The schedule, in the order of time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<SimFaultEvent>,
}

/// Processor time and memory while the workers ran.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Of the runner's whole process, background load included.
    pub runner_cpu_ns: Option<Nanos>,
    /// The most memory that the runner had in use.
    pub runner_peak_kib: Option<u64>,
    /// Of each server of the lab, by its name; empty where the servers are not the lab's, or where one
    /// of them did not live through the trial.
    pub servers_cpu_ns: BTreeMap<String, Nanos>,
}
