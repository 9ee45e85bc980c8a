//! The name of a run, from which another run can determine if it is over.
//!
//! A name identifies the process that made it: the boot of the machine, the process's number, and the
//! start time of that process. So on the same machine the name shows with certainty if the run goes on,
//! even after `kill -9`; on another machine the name shows nothing.
//!
//! ```text
//! contend_run_6f1c09ab_4711_981223_2
//!             machine  pid  start  the second name of this process
//! ```

use procfs_core::FromRead;
use procfs_core::process::Stat;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Every name begins with this, and nothing else of ours does.
pub const PREFIX: &str = "contend_run_";

/// The state of a run, as far as its name shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    Running,
    Over,
    /// The run is on another machine, or in another container on this one.
    Elsewhere,
}

static MACHINE: LazyLock<String> = LazyLock::new(machine);
static NAMES: AtomicU32 = AtomicU32::new(0);

/// A name that no other run has, here or elsewhere: small letters, digits and `_`, less than 64.
pub fn new_name() -> String {
    let pid = std::process::id();
    let start = start_of(pid).unwrap_or(0);
    let number = NAMES.fetch_add(1, Ordering::Relaxed);
    format!("{PREFIX}{}_{pid}_{start}_{number}", *MACHINE)
}

/// The state of the run of this name; `None` if it is not the name of a run.
pub fn run_state(name: &str) -> Option<RunState> {
    let mut parts = name.strip_prefix(PREFIX)?.split('_');
    let machine = parts.next()?;
    let pid = parts.next()?.parse::<u32>().ok()?;
    let start = parts.next()?.parse::<u64>().ok()?;
    parts.next()?.parse::<u32>().ok()?;
    if parts.next().is_some() {
        return None;
    }
    Some(match start_of(pid) {
        _ if machine != *MACHINE => RunState::Elsewhere,
        Some(now) if now == start => RunState::Running,
        _ => RunState::Over,
    })
}

/// The number of the process that made a name.
pub fn pid(name: &str) -> Option<&str> {
    name.strip_prefix(PREFIX)?.split('_').nth(1)
}

/// The host name, for messages.
pub fn host() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().chars().take(64).collect()
}

/// The boot of the machine and the namespace of process numbers. If the kernel reports neither, a
/// unique number: then no run is ever taken for one that is over.
fn machine() -> String {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id");
    let space = fs::read_link("/proc/self/ns/pid");
    let name = match (boot, space) {
        (Ok(boot), Ok(space)) => format!("{boot}{}", space.display()),
        _ => RandomState::new().hash_one(std::process::id()).to_string(),
    };
    let mut text = String::new();
    for byte in Sha256::digest(name.as_bytes()).iter().take(4) {
        write!(text, "{byte:02x}").expect("writing to a string can't fail");
    }
    text
}

/// The time when a living process was started, in clock ticks since the machine was. A process that has ended
/// and was not reaped by its parent has no start time any more: its claims are released.
fn start_of(pid: u32) -> Option<u64> {
    let stat = Stat::from_file(format!("/proc/{pid}/stat")).ok()?;
    (!matches!(stat.state, 'Z' | 'X')).then_some(stat.starttime)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn name_of_this_process_is_of_a_run_that_goes_on() {
        let (one, other) = (new_name(), new_name());
        assert_ne!(one, other);
        assert!(one.len() < 64, "{one}");
        assert_eq!(run_state(&one), Some(RunState::Running));
        assert_eq!(pid(&one), Some(&*std::process::id().to_string()));
    }

    #[test]
    fn name_of_a_process_that_ended_is_over_and_its_number_in_other_hands_too() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let pid = child.id();
        let start = start_of(pid).unwrap();
        let name = format!("{PREFIX}{}_{pid}_{start}_0", *MACHINE);
        let reused = format!("{PREFIX}{}_{pid}_{}_0", *MACHINE, start - 1);
        assert_eq!(run_state(&name), Some(RunState::Running));
        assert_eq!(run_state(&reused), Some(RunState::Over));
        child.kill().unwrap();
        while start_of(pid).is_some() {
            std::thread::yield_now();
        }
        assert_eq!(run_state(&name), Some(RunState::Over), "not fetched yet");
        child.wait().unwrap();
        assert_eq!(run_state(&name), Some(RunState::Over));
    }

    #[test]
    fn other_names_are_no_runs_and_other_machines_say_nothing() {
        assert_eq!(
            run_state("contend_run_00000000_1_1_0"),
            Some(RunState::Elsewhere)
        );
        for name in [
            "contend",
            "contend_run_",
            "contend_run_a_b_c_d",
            "contend_run_a_1_2_3_4",
        ] {
            assert_eq!(run_state(name), None, "{name}");
        }
    }
}
