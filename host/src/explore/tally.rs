//! What all simulations of a search came to together.

use super::case::Case;
use super::outcome::Simulated;
use crate::model::change::Nanos;
use crate::model::sim_fault::Harm;
use crate::model::verdict::Verdict;
use serde::Serialize;
use std::collections::BTreeMap;

/// A strategy may make up a code for each fault; beyond so many they are counted together.
const MOST_CODES: usize = 50;

/// Sums, so that a million seeds take no more memory than one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Tally {
    pub seeds: u64,
    /// Seeds whose verdict was unknown, and the reason of the first that was counted.
    pub unknown: u64,
    pub unknown_why: Option<String>,
    pub simulated_ns: Nanos,
    pub statements: u64,
    pub changes: u64,
    pub ok: u64,
    pub indeterminate: u64,
    /// What strategies were told on the way, by kind and code: `conflict 1213`.
    pub faults_met: BTreeMap<String, u64>,
    /// What the schedules did, by its word.
    pub faults: BTreeMap<String, u64>,
}

impl Tally {
    pub fn add(&mut self, case: &Case, simulated: &Simulated) {
        self.seeds += 1;
        if let Verdict::Unknown(why) = &simulated.judgement.verdict {
            self.unknown += 1;
            self.unknown_why.get_or_insert_with(|| why.clone());
        }
        self.simulated_ns = self.simulated_ns.saturating_add(simulated.total_time);
        self.statements += simulated.statements;
        for change in &simulated.changes {
            self.changes += 1;
            self.ok += u64::from(change.is_ok());
            self.indeterminate += u64::from(change.is_indeterminate());
            for fault in change.steps().flat_map(|step| &step.faults) {
                let name = format!("{} {}", fault.kind.word(), fault.code);
                count(&mut self.faults_met, name, u64::from(fault.count));
            }
        }
        for fault in &case.faults {
            count(&mut self.faults, word(&fault.what).to_owned(), 1);
        }
    }
}

fn count(counts: &mut BTreeMap<String, u64>, name: String, more: u64) {
    let is_full = counts.len() >= MOST_CODES && !counts.contains_key(&name);
    let name = if is_full { "others".to_owned() } else { name };
    *counts.entry(name).or_default() += more;
}

fn word(harm: &Harm) -> &'static str {
    match harm {
        Harm::PauseWorker { .. } => "worker paused",
        Harm::CrashWorker { .. } => "worker crashed",
        Harm::CrashNode { .. } => "node crashed",
        Harm::Partition { .. } => "partition",
        Harm::CutCommit { .. } => "connection cut at commit",
        Harm::DelayApply { .. } => "apply delayed",
        Harm::BlindProxy { .. } => "proxy blind",
        Harm::RestartLocks { .. } => "lock service restarted",
        Harm::FailoverLocks => "lock service failed over",
        Harm::SkewLocks { .. } => "lock service's clock off",
    }
}
