//! Processor time and memory while the workers run.

use crate::lab::{Lab, cpu_ticks};
use crate::model::change::Nanos;
use crate::model::conditions::Usage;
use procfs_core::FromRead;
use procfs_core::process::{Stat, Status};
use std::fs;

/// The kernel counts processor time in hundredths of a second, on every machine that Linux runs on.
const NANOS_PER_TICK: u64 = 10_000_000;

/// The resources that were used when the workers were let go.
pub struct UsedBefore {
    runner: Option<Nanos>,
    /// Each process of the lab, with its name and number.
    servers: Vec<(String, i32, Option<Nanos>)>,
}

impl UsedBefore {
    pub fn read(lab: Option<&Lab>) -> Self {
        // From here on the peak is this trial's own. Where that can't be had, it is the process's.
        fs::write("/proc/self/clear_refs", "5").ok();
        let processes = lab.map(Lab::processes).unwrap_or_default();
        let servers = processes
            .into_iter()
            .map(|(name, pid)| (name, pid, server_cpu_ns(pid)));
        Self {
            servers: servers.collect(),
            runner: runner_cpu_ns(),
        }
    }

    /// The usage until now: to be asked when the workers have ended, before anything else is done.
    pub fn usage(&self) -> Usage {
        let since = |now: Option<Nanos>, then: Option<Nanos>| Some(now?.saturating_sub(then?));
        let servers = self.servers.iter().map(|(name, pid, then)| {
            // One that was killed or started anew in between has no figure, and then there is none
            // of all of them.
            Some((name.clone(), since(server_cpu_ns(*pid), *then)?))
        });
        Usage {
            runner_cpu_ns: since(runner_cpu_ns(), self.runner),
            runner_peak_kib: peak_kib(),
            servers_cpu_ns: servers.collect::<Option<_>>().unwrap_or_default(),
        }
    }
}

fn server_cpu_ns(pid: i32) -> Option<Nanos> {
    Some(cpu_ticks(pid)? * NANOS_PER_TICK)
}

/// Processor time of this process, user and system.
fn runner_cpu_ns() -> Option<Nanos> {
    let stat = Stat::from_file("/proc/self/stat").ok()?;
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
        let before = runner_cpu_ns().unwrap();
        let mut sum = 0u64;
        while runner_cpu_ns().unwrap() == before {
            sum = sum.wrapping_add(std::hint::black_box(1));
        }
        assert!(peak_kib().unwrap() > 1000, "{sum}");
        assert_eq!(server_cpu_ns(0), None);
    }
}
