//! Description of this machine, as far as the system reports it.

use crate::run_dir::Machine;
use procfs_core::{CpuInfo, FromRead, Meminfo};
use std::fs;

pub fn describe() -> Machine {
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease");
    let processors = CpuInfo::from_file("/proc/cpuinfo").ok();
    let memory = Meminfo::from_file("/proc/meminfo").ok();
    Machine {
        os: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        kernel: kernel.ok().map(|text| text.trim().to_owned()),
        processor: processors.and_then(|all| Some(all.model_name(0)?.to_owned())),
        processors: std::thread::available_parallelism().map_or(1, usize::from),
        memory_kib: memory.map(|memory| memory.mem_total / 1024),
    }
}
