//! Plans that were read from a file, whose origin is unknown: what the command line would refuse
//! is refused there, too.

use super::faults::{FaultOption, sim_schedule};
use super::{Plan, PlanError, topology};
use crate::backend::url::DatabaseUrl;
use crate::wasm::clean;
use std::collections::BTreeSet;
use std::path::{Component, Path};

/// Says whether a name can be that of a file in a folder, and nothing else.
pub fn is_plain_name(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    let is_normal = matches!(parts.next(), Some(Component::Normal(part)) if part == name);
    is_normal && parts.next().is_none() && !name.contains('\0')
}

impl Plan {
    /// An error unless `decide` could have made it, on some machine.
    pub fn check_recorded(&self) -> Result<(), PlanError> {
        self.validate()?;
        self.check_names().map_err(PlanError::Recorded)?;
        let checked = self.workload.kind.check(self.workload.rows);
        checked.map_err(PlanError::Recorded)?;
        self.check_world()
    }

    /// Names become those of folders, and are shown.
    fn check_names(&self) -> Result<(), String> {
        let trials = self.trials.iter().map(|trial| &trial.name);
        for name in trials.clone().chain([&self.workload_name]) {
            if !is_plain_name(name) || clean(name) != *name {
                return Err(format!("{name:?} is no name of a strategy or a workload"));
            }
        }
        let different: BTreeSet<_> = trials.clone().collect();
        match different.len() == self.trials.len() {
            true => Ok(()),
            false => Err("it has a strategy twice".to_owned()),
        }
    }

    fn check_world(&self) -> Result<(), PlanError> {
        let is_sim = matches!(self.database, DatabaseUrl::Sim(_));
        if is_sim != self.simulated.is_some() {
            let why = "it is of the simulator, and it is not".to_owned();
            return Err(PlanError::Recorded(why));
        }
        let Some(world) = &self.simulated else {
            return Ok(());
        };
        topology::check_recorded(&world.topology).map_err(PlanError::Options)?;
        // A schedule is what it is written as; reading that again finds what can't be.
        let options = world.faults.iter();
        let options = options.map(|fault| FaultOption::parse(&fault.to_string()));
        let options = options.collect::<Result<Vec<_>, _>>();
        let read = options
            .and_then(|options| sim_schedule(&options, &world.topology, self.workload.workers()));
        match read.map_err(PlanError::Fault)? == world.faults {
            true => Ok(()),
            false => Err(PlanError::Fault("they are not in order".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::url::LockUrl;
    use crate::model::sim_fault::{FaultAction, SimFault};
    use crate::model::sim_locks::SimLocks;
    use crate::model::topology::Topology;
    use crate::plan::{PlannedTrial, SimulatedWorld};
    use crate::workload::Chosen;
    use crate::workload::Workload;
    use crate::workload::ip_allocation::{Connect, IpAllocation};

    fn plan() -> Plan {
        let trial = |name: &str| PlannedTrial {
            name: name.to_owned(),
            component: "cas.wasm".into(),
            digest: "sha256:00".to_owned(),
            imports: Vec::new(),
            reference: None,
            settings: [].into(),
        };
        let fault = |at, what| SimFault { at, what };
        Plan {
            runner_version: "0".to_owned(),
            contract: "c".to_owned(),
            workload_name: "smoke".to_owned(),
            workload: Workload::default(),
            trials: vec![trial("cas"), trial("cas+x=1")],
            database: DatabaseUrl::Sim("nodes=2".to_owned()),
            endpoint: None,
            nodes: Vec::new(),
            autocommit_writes: Default::default(),
            affected_rows: Default::default(),
            session: Default::default(),
            locks: LockUrl::Sim(SimLocks::ALL[0]),
            settings: [].into(),
            seed: 1,
            memory_mib: 64,
            computing_ms: 1000,
            change_timeout_s: 60,
            stuck_after_s: 0,
            faults: Vec::new(),
            simulated: Some(SimulatedWorld {
                model: None,
                topology: Topology {
                    nodes: 2,
                    latency_ms: Some(vec![vec![0.0, 1.5], vec![1.0, 0.0]]),
                    ..Topology::default()
                },
                faults: vec![
                    fault(1, FaultAction::CrashNode { node: 1, lasts: 5 }),
                    fault(2, FaultAction::FailoverLocks),
                ],
            }),
            time_limit_s: None,
            repetition: 1,
        }
    }

    #[test]
    fn decided_plan_passes_and_refused_one_does_not() {
        assert!(
            plan().check_recorded().is_ok(),
            "{:?}",
            plan().check_recorded()
        );
        fn world(plan: &mut Plan) -> &mut SimulatedWorld {
            plan.simulated.as_mut().unwrap()
        }
        type Spoil = fn(&mut Plan);
        let spoilt: [(Spoil, &str); 15] = [
            (|plan| plan.workload.rows = 0, "rows is 0"),
            (|plan| plan.memory_mib = u64::MAX, "memory_mib"),
            (|plan| plan.workload_name = "../x".into(), "no name"),
            (|plan| plan.trials[0].name = "/etc".into(), "no name"),
            (|plan| plan.trials[0].name = "..".into(), "no name"),
            (|plan| plan.trials[0].name = "a\u{1b}[2J".into(), "no name"),
            (|plan| plan.trials[1].name = "cas".into(), "twice"),
            (|plan| plan.simulated = None, "of the simulator"),
            (
                |plan| plan.database = DatabaseUrl::SqliteFresh,
                "of the simulator",
            ),
            (|plan| world(plan).topology.nodes = u32::MAX, "nodes is"),
            (|plan| world(plan).topology.regions = 0, "regions is 0"),
            (
                |plan| world(plan).topology.latency_ms = Some(vec![vec![0.0]]),
                "2 rows of 2 numbers",
            ),
            (
                |plan| {
                    world(plan).faults[0].what = FaultAction::CrashNode {
                        node: u32::MAX,
                        lasts: 5,
                    }
                },
                "no node",
            ),
            (
                |plan| world(plan).faults[1].at = u64::MAX,
                "a week is the most",
            ),
            (|plan| world(plan).faults.reverse(), "not in order"),
        ];
        for (spoil, says) in spoilt {
            let mut plan = plan();
            spoil(&mut plan);
            let error = plan.check_recorded().unwrap_err().to_string();
            assert!(error.contains(says), "{says}: {error}");
        }
    }

    #[test]
    fn the_rows_of_an_allocation_are_its_pools() {
        let mut plan = plan();
        let mut spoilt = IpAllocation::published_pool();
        std::mem::swap(&mut spoilt.first, &mut spoilt.last);
        for (pool, rows, says) in [
            (IpAllocation::published_pool(), 2, "not its pools"),
            (spoilt, 1, "no range"),
        ] {
            plan.workload.rows = rows;
            plan.workload.kind = Chosen::new(IpAllocation {
                pools: vec![pool],
                release: false,
                connect: Connect::Endpoint,
                step_wait_ms: 0,
            });
            let error = plan.check_recorded().unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
