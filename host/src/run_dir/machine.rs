//! Description of this machine, as far as the system reports it.

use procfs_core::{CpuInfo, FromRead, Meminfo};
use serde::{Deserialize, Serialize};
use std::fs;

/// The machine of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    pub os: String,
    pub kernel: Option<String>,
    pub processor: Option<String>,
    pub processors: usize,
    pub memory_kib: Option<u64>,
}

impl Machine {
    /// The machine of this process.
    pub fn this() -> Self {
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease");
        let processors = CpuInfo::from_file("/proc/cpuinfo").ok();
        let memory = Meminfo::from_file("/proc/meminfo").ok();
        Self {
            os: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            kernel: kernel.ok().map(|text| text.trim().to_owned()),
            processor: processors.and_then(|all| Some(all.model_name(0)?.to_owned())),
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            memory_kib: memory.map(|memory| memory.mem_total / 1024),
        }
    }
}
