//! What machine this is, as far as it can be told.

use crate::run_dir::Machine;
use std::fs;

pub fn describe() -> Machine {
    let line_value = |file: &str, key: &str| {
        let text = fs::read_to_string(file).ok()?;
        let line = text.lines().find(|line| line.starts_with(key))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease");
    let memory = line_value("/proc/meminfo", "MemTotal");
    Machine {
        os: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        kernel: kernel.ok().map(|text| text.trim().to_owned()),
        processor: line_value("/proc/cpuinfo", "model name"),
        processors: std::thread::available_parallelism().map_or(1, usize::from),
        memory_kib: memory.and_then(|text| text.split_whitespace().next()?.parse().ok()),
    }
}
