//! Does a strategy keep the contract? One worker makes three changes in a small simulated world. The
//! first is disturbed, by one fault at one call or by a service that is away; the same instance makes
//! the second; another one makes the third, while the first instance is still there.

mod database;
mod injector;
mod judge;
mod locks;
mod watched;

pub use self::injector::{Away, Logged, MOST_LOGGED, Script};
pub use self::judge::LATER_CHANGES;

use self::injector::{Injector, Seen};
use self::judge::judge;
use self::watched::Watched;
use super::case::Case;
use super::outcome::Simulated;
use super::simulate::simulate;
use crate::capability::strategy::Strategy;
use crate::model::change::StepKind;
use crate::model::injection::Injection;
use crate::model::resource_usage::ResourceUsage;
use crate::model::topology::Topology;
use crate::trial::TrialError;
use crate::workload::Workload;
use contend_dst::Recording;
use std::sync::Arc;

/// The result of one script.
pub struct Conducted {
    /// The first violation, in prose; `None` if all was right.
    pub wrong: Option<String>,
    /// The calls of the strategy, with their answers; of each step the first [`MOST_LOGGED`].
    pub log: Vec<Logged>,
    pub spent: ResourceUsage,
    /// The fault of the script was given at least once.
    pub is_injected: bool,
    /// The change time-out ended a step.
    pub is_timed_out: bool,
}

/// The smallest world that has all that is asked about: one row or pool, one node, one worker.
/// No worker competes, so the same script finds the same calls.
pub fn small_world(case: &Case) -> Case {
    let mut workload = Workload {
        workers_per_row: 1,
        changes_per_worker: 1 + LATER_CHANGES,
        pause_ms: 0,
        hold_ms: 1,
        check_tries: 0,
        background_generators: 0,
        audit: true,
        ..case.workload.clone()
    };
    workload.set_rows(1);
    if let Some(releasing) = workload.kind.releasing() {
        workload.kind = releasing.into();
    }
    Case {
        seed: 1,
        workload,
        topology: Topology {
            nodes: 1,
            latency_ms: None,
            // There is no standby that a commit could wait for.
            synchronous: false,
            ..case.topology.clone()
        },
        faults: Vec::new(),
        time_limit_s: None,
        ..case.clone()
    }
}

/// Runs the script in this world, and judges what came of it.
pub fn conduct(
    world: &Case,
    strategy: &Arc<dyn Strategy>,
    script: Script,
) -> Result<Conducted, TrialError> {
    let injector = Injector::new(script);
    let watched: Arc<dyn Strategy> = Arc::new(Watched {
        strategy: strategy.clone(),
        injector: injector.clone(),
    });
    // In an outage the strategy waits for what is away, and the change time-out is to end it.
    let stuck_after_s = match script {
        Script::Away { .. } => 0,
        Script::Undisturbed | Script::Once(_) => world.stuck_after_s,
    };
    let world = &Case {
        stuck_after_s,
        ..world.clone()
    };
    let simulated: Simulated = simulate(world, &watched, Recording::Off)?;
    let seen: Seen = injector.take();
    Ok(Conducted {
        wrong: judge(world, script, &simulated, &seen),
        log: seen.log,
        spent: seen.spent,
        is_injected: seen.is_injected,
        is_timed_out: judge::is_timed_out(&simulated),
    })
}

/// Every fault that can be given at each call of the first change, in the order of the calls.
pub fn injections(undisturbed: &[Logged]) -> Vec<Injection> {
    let of_first = undisturbed.iter().filter(|logged| logged.place.change == 0);
    let each = of_first.flat_map(|logged| {
        let faults = logged.called.can_give(logged.in_transaction).iter();
        faults.map(|&fault| Injection {
            step: logged.place.step,
            number: logged.number,
            call: logged.called,
            fault,
        })
    });
    each.collect()
}

/// The scripts in which something is away for good; locks only where any are asked for.
pub fn outages(undisturbed: &[Logged]) -> Vec<Script> {
    let asks_locks = undisturbed.iter().any(|logged| logged.called.is_of_locks());
    let who: &[Away] = match asks_locks {
        true => &[Away::Database, Away::Locks, Away::Everything],
        false => &[Away::Database],
    };
    let steps = [StepKind::Acquire, StepKind::Release];
    let each = steps
        .into_iter()
        .flat_map(|step| who.iter().map(move |&who| Script::Away { step, who }));
    each.collect()
}

#[cfg(test)]
mod tests;
