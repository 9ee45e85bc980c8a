//! What surrounds a trial, read before and after it.

use crate::capability::database::Database;
use crate::model::background::Background;
use crate::model::conditions::{Conditions, Usage};
use crate::model::counters::NodeCounters;
use crate::model::fault::Fault;
use crate::model::lateness::Lateness;
use crate::model::schedule::FaultEvent;
use procfs_core::FromRead;
use procfs_core::process::{Stat, Status};
use std::collections::BTreeMap;
use std::fs;

/// The kernel counts processor time in hundredths of a second, on every machine that Linux runs on.
const NANOS_PER_TICK: u64 = 10_000_000;

/// A process of the lab.
#[derive(Debug, Clone)]
pub struct Server {
    pub name: String,
    pub pid: i32,
}

/// What there was when the workers were let go.
pub struct Before {
    server: BTreeMap<String, String>,
    counters: Vec<NodeCounters>,
    runner_cpu_ns: Option<u64>,
    servers: Vec<(Server, Option<u64>)>,
}

impl Before {
    /// `servers` are those whose processor time is to be counted.
    pub async fn read(database: &dyn Database, servers: Vec<Server>) -> Result<Self, Fault> {
        // From here on the peak is this trial's own. Where that can't be had, it is the process's.
        fs::write("/proc/self/clear_refs", "5").ok();
        let with_cpu = |server: Server| {
            let cpu = cpu_ns(&server.pid.to_string());
            (server, cpu)
        };
        Ok(Self {
            server: database.describe().await?,
            counters: database.counters().await,
            servers: servers.into_iter().map(with_cpu).collect(),
            runner_cpu_ns: cpu_ns("self"),
        })
    }

    /// The usage until now: to be asked when the workers have ended, before anything else is done.
    pub fn usage(&self) -> Usage {
        let since = |now: Option<u64>, then: Option<u64>| Some(now?.saturating_sub(then?));
        let used = |(server, then): &(Server, Option<u64>)| {
            // One that was killed or started anew in between has no figure, and then there is none
            // of all of them.
            let used = since(cpu_ns(&server.pid.to_string()), *then)?;
            Some((server.name.clone(), used))
        };
        Usage {
            runner_cpu_ns: since(cpu_ns("self"), self.runner_cpu_ns),
            runner_peak_kib: peak_kib(),
            servers_cpu_ns: self
                .servers
                .iter()
                .map(used)
                .collect::<Option<_>>()
                .unwrap_or_default(),
        }
    }

    pub async fn conditions(
        self,
        database: &dyn Database,
        usage: Usage,
        background: Option<Background>,
        faults: Vec<FaultEvent>,
        lateness: Lateness,
    ) -> Conditions {
        let now = database.counters().await;
        let grown = now.iter().filter_map(|now| {
            let before = self.counters.iter().find(|then| then.node == now.node);
            before.map(|before| now.since(before))
        });
        Conditions {
            counters: grown.collect(),
            nodes: database.membership(),
            server: self.server,
            background,
            usage,
            faults,
            lateness: Some(lateness),
            simulated: None,
            settings_unread: Vec::new(),
        }
    }
}

/// Processor time of a process, user and system.
fn cpu_ns(process: &str) -> Option<u64> {
    let stat = Stat::from_file(format!("/proc/{process}/stat")).ok()?;
    Some((stat.utime + stat.stime) * NANOS_PER_TICK)
}

fn peak_kib() -> Option<u64> {
    Status::from_file("/proc/self/status").ok()?.vmhwm
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_works_uses_processor_time() {
        let before = cpu_ns("self").unwrap();
        let mut sum = 0u64;
        while cpu_ns("self").unwrap() == before {
            sum = sum.wrapping_add(std::hint::black_box(1));
        }
        assert!(peak_kib().unwrap() > 1000, "{sum}");
        assert_eq!(cpu_ns("0"), None);
    }
}
