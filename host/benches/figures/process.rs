//! What this process has used.

use rustix::time::{ClockId, clock_gettime};
use std::fs;

/// Processor time of all threads, ended ones included, user and system, in seconds.
pub fn cpu_seconds() -> f64 {
    let used = clock_gettime(ClockId::ProcessCPUTime);
    used.tv_sec as f64 + used.tv_nsec as f64 / 1e9
}

/// A line of `/proc/self/status` that is in KiB, in millions of bytes: `VmRSS`, `VmHWM`, `VmPTE`.
pub fn megabytes(key: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = status.lines().find(|line| line.starts_with(key));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    kib.expect("a number of KiB") * 1024.0 / 1e6
}

/// How many mappings this process has, and how many it may have.
pub fn maps() -> (usize, usize) {
    let maps = fs::read_to_string("/proc/self/maps").expect("Linux has it");
    let most = fs::read_to_string("/proc/sys/vm/max_map_count").expect("Linux has it");
    (maps.lines().count(), most.trim().parse().expect("a number"))
}
