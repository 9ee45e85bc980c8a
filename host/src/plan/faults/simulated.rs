//! Faults of the simulator, as schedules write them.

use super::FaultOption;
use crate::model::change::Nanos;
use crate::model::sim_fault::{Cut, FaultAction, SimFault};
use crate::model::topology::Topology;

/// The parts of a simulation that a fault can hit.
#[derive(Debug, Clone, Copy)]
struct Targets {
    nodes: u32,
    workers: u32,
    has_standbys: bool,
}

const ACTIONS: &str = "pause worker-N, crash worker-N, crash nN, partition nN,nN, \
                       cut-before-commit worker-N, cut-in-commit worker-N, cut-after-commit worker-N, \
                       delay-apply nN, promote standby, blind proxy, restart locks, failover locks and skew locks";

/// The longest time of a schedule: a week, as for a change.
const MOST: Nanos = 7 * 86_400 * 1_000_000_000;

/// The simulator's schedule, in the order of time. A fault that nothing there can have is an error that
/// says what there is.
pub fn sim_schedule(
    options: &[FaultOption],
    topology: &Topology,
    workers: u32,
) -> Result<Vec<SimFault>, String> {
    let targets = Targets {
        nodes: topology.nodes,
        workers,
        has_standbys: topology.has_standbys(),
    };
    let read = |option: &FaultOption| {
        let fault = sim_fault(option, targets);
        fault.map_err(|why| format!("{option}: {why}"))
    };
    let mut schedule = options.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    schedule.sort_by_key(|fault| fault.at);
    Ok(schedule)
}

fn sim_fault(option: &FaultOption, targets: Targets) -> Result<SimFault, String> {
    Ok(SimFault {
        at: time("at", &option.at)?,
        what: action(option, targets)?,
    })
}

fn action(option: &FaultOption, targets: Targets) -> Result<FaultAction, String> {
    let (action, target) = (option.action.as_str(), option.target.as_str());
    if let Ok(cut) = action.parse::<Cut>() {
        let worker = targets.worker(target)?;
        return at_once(option, FaultAction::CutCommit { worker, cut });
    }
    match (action, target) {
        ("pause", _) => Ok(FaultAction::PauseWorker {
            worker: targets.worker(target)?,
            lasts: lasting(option)?,
        }),
        ("crash", _) if target.starts_with("worker") => {
            let worker = targets.worker(target)?;
            at_once(option, FaultAction::CrashWorker { worker })
        }
        ("crash", _) => Ok(FaultAction::CrashNode {
            node: targets.node(target)?,
            lasts: lasting(option)?,
        }),
        ("partition", _) => Ok(FaultAction::Partition {
            nodes: targets.side(target)?,
            lasts: lasting(option)?,
        }),
        ("delay-apply", _) => Ok(FaultAction::DelayApply {
            node: targets.node(target)?,
            lasts: lasting(option)?,
        }),
        ("promote", "standby") if targets.has_standbys => Ok(FaultAction::Promote {
            lasts: lasting(option)?,
        }),
        ("promote", "standby") => Err("this cluster has no standby; \
             sim:kind=postgres has, from two nodes on"
            .to_owned()),
        ("blind", "proxy") => Ok(FaultAction::BlindProxy {
            lasts: lasting(option)?,
        }),
        ("restart", "locks") => Ok(FaultAction::RestartLocks {
            lasts: lasting(option)?,
        }),
        ("failover", "locks") => at_once(option, FaultAction::FailoverLocks),
        ("skew", "locks") => Ok(FaultAction::SkewLocks {
            ahead: lasting(option)?,
        }),
        _ => Err(format!(
            "the simulator has no fault {action:?} of {target:?}; it has {ACTIONS}"
        )),
    }
}

impl Targets {
    fn worker(self, target: &str) -> Result<u32, String> {
        let number = target.strip_prefix("worker-").and_then(|n| n.parse().ok());
        match number {
            Some(worker) if worker < self.workers => Ok(worker),
            _ => Err(format!(
                "there is no worker {target:?}; there are {}",
                range("worker-", 0, self.workers - 1)
            )),
        }
    }

    fn node(self, target: &str) -> Result<u32, String> {
        let number = target.strip_prefix('n').and_then(|n| n.parse::<u32>().ok());
        match number {
            Some(node) if (1..=self.nodes).contains(&node) => Ok(node - 1),
            _ => Err(format!(
                "there is no node {target:?}; there are {}",
                range("n", 1, self.nodes)
            )),
        }
    }

    /// The nodes of one side of a partition, sorted.
    fn side(self, target: &str) -> Result<Vec<u32>, String> {
        let nodes = target.split(',').map(|name| self.node(name));
        let mut nodes = nodes.collect::<Result<Vec<_>, _>>()?;
        nodes.sort_unstable();
        nodes.dedup();
        match nodes.len() < self.nodes as usize {
            true => Ok(nodes),
            false => Err("a partition leaves at least one node on the other side".to_owned()),
        }
    }
}

/// `n1 to n3`, or `n1` alone.
fn range(prefix: &str, first: u32, last: u32) -> String {
    match first == last {
        true => format!("{prefix}{first}"),
        false => format!("{prefix}{first} to {prefix}{last}"),
    }
}

fn lasting(option: &FaultOption) -> Result<Nanos, String> {
    match &option.lasts {
        Some(text) => time("for", text),
        None => Err("say for how long, as in 'for 5s'".to_owned()),
    }
}

fn at_once(option: &FaultOption, action: FaultAction) -> Result<FaultAction, String> {
    match option.lasts {
        None => Ok(action),
        Some(_) => Err(format!(
            "{} is done at once: leave out `for`",
            option.action
        )),
    }
}

fn time(key: &str, text: &str) -> Result<Nanos, String> {
    let parsed = humantime::parse_duration(text)
        .map_err(|error| format!("{key} = {text:?}: {error}; write 2s or 500ms"))?;
    let nanos = u64::try_from(parsed.as_nanos()).ok();
    nanos
        .filter(|nanos| *nanos <= MOST)
        .ok_or_else(|| format!("{key} = {text:?}: a week is the most"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::ClusterKind;

    fn with_standbys() -> Topology {
        Topology {
            kind: ClusterKind::Postgres,
            ..Topology::default()
        }
    }

    fn read(text: &str) -> Result<SimFault, String> {
        let option = FaultOption::parse(text)?;
        Ok(sim_schedule(&[option], &with_standbys(), 4)?.remove(0))
    }

    #[test]
    fn read_text_is_written_the_same() {
        for text in [
            "20ms pause worker-3 for 15s",
            "1s crash worker-3",
            "1s crash n2 for 5s",
            "1s partition n1,n2 for 8s",
            "0s cut-before-commit worker-2",
            "1234us cut-in-commit worker-0",
            "1ns cut-after-commit worker-2",
            "1s delay-apply n2 for 300ms",
            "1s promote standby for 5s",
            "0s blind proxy for 5s",
            "1s restart locks for 2s",
            "2s failover locks",
            "1500ms skew locks for 8s",
        ] {
            assert_eq!(read(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_schedule_is_in_the_order_of_time() {
        let given = ["3s failover locks", "20ms:pause:worker-1:for:15s"];
        let given = given.map(|text| FaultOption::parse(text).unwrap());
        let schedule = sim_schedule(&given, &with_standbys(), 4).unwrap();
        assert_eq!(schedule[0].at, 20_000_000);
        assert_eq!(schedule[0].over(), 15_020_000_000);
        assert_eq!(schedule[1].over(), 3_000_000_000);
    }

    #[test]
    fn where_there_is_no_standby_none_is_promoted() {
        let promote = FaultOption::parse("1s promote standby for 5s").unwrap();
        for topology in [
            Topology::default(),
            Topology {
                nodes: 1,
                ..with_standbys()
            },
        ] {
            let error = sim_schedule(std::slice::from_ref(&promote), &topology, 4).unwrap_err();
            assert!(error.contains("no standby"), "{error}");
        }
    }

    #[test]
    fn nonsense_is_refused_with_the_allowed_form() {
        for (text, says) in [
            ("1s pause worker-4 for 5s", "there are worker-0 to worker-3"),
            ("1s pause n1 for 5s", "no worker \"n1\""),
            (
                "1s crash n4 for 5s",
                "there is no node \"n4\"; there are n1 to n3",
            ),
            ("1s crash n0 for 5s", "there are n1 to n3"),
            (
                "1s partition n1,n2,n3 for 5s",
                "at least one node on the other side",
            ),
            (
                "1s burn n1 for 5s",
                "no fault \"burn\" of \"n1\"; it has pause worker-N",
            ),
            ("1s restart n1 for 5s", "it has pause worker-N"),
            ("1s crash n1", "n1: say for how long, as in 'for 5s'"),
            ("1s crash worker-1 for 2s", "leave out `for`"),
            ("soon crash worker-1", "write 2s or 500ms"),
            ("9days crash worker-1", "a week is the most"),
            ("1s crash n1 for ever", "write 2s or 500ms"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
