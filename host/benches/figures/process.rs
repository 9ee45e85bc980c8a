//! Use and limits of this process.

use serde::{Deserialize, Serialize};
use std::fs;
use std::mem::{MaybeUninit, size_of};

/// Processor time of all threads, ended ones included, user and system, in seconds.
pub fn cpu_seconds() -> f64 {
    let mut used = MaybeUninit::uninit();
    // SAFETY: the kernel fills in the whole of it if it says 0.
    let used = unsafe {
        let status = libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, used.as_mut_ptr());
        assert_eq!(status, 0, "Linux has this clock");
        used.assume_init()
    };
    used.tv_sec as f64 + used.tv_nsec as f64 / 1e9
}

/// The same of the processes that this one has started and waited for.
pub fn children_cpu_seconds() -> f64 {
    let mut usage = MaybeUninit::<libc::rusage>::uninit();
    // SAFETY: the kernel fills in the whole of it if it says 0.
    let usage = unsafe {
        let status = libc::getrusage(libc::RUSAGE_CHILDREN, usage.as_mut_ptr());
        assert_eq!(status, 0, "Linux has it");
        usage.assume_init()
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

/// Use of all threads together up to now.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct Used {
    /// User and system, in seconds.
    pub cpu: f64,
    /// The user part, in seconds. The kernel estimates how `cpu` is divided, so this says something
    /// over seconds only.
    pub user: f64,
    /// The number of times that a processor went from one thread to another.
    pub switches: f64,
}

impl Used {
    pub fn now() -> Self {
        let mut usage = MaybeUninit::<libc::rusage>::uninit();
        // SAFETY: the kernel fills in the whole of it if it says 0.
        let usage = unsafe {
            assert_eq!(libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr()), 0);
            usage.assume_init()
        };
        Self {
            cpu: cpu_seconds(),
            user: usage.ru_utime.tv_sec as f64 + usage.ru_utime.tv_usec as f64 / 1e6,
            switches: (usage.ru_nvcsw + usage.ru_nivcsw) as f64,
        }
    }

    pub fn since(self, before: Self) -> Self {
        Self {
            cpu: self.cpu - before.cpu,
            user: self.user - before.user,
            switches: self.switches - before.switches,
        }
    }
}

/// From here on, this thread and those that it starts run on the first core only.
pub fn stay_on_one_core() {
    // SAFETY: a set of processors is an array of bits, and none is a value.
    let status = unsafe {
        let mut one: libc::cpu_set_t = MaybeUninit::zeroed().assume_init();
        libc::CPU_SET(0, &mut one);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &one)
    };
    assert_eq!(status, 0, "the first core can't be had alone");
}

/// A line of `/proc/self/status` that is in KiB, in millions of bytes: `VmRSS`, `VmHWM`, `VmPTE`.
pub fn megabytes(key: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = status.lines().find(|line| line.starts_with(key));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    kib.expect("a number of KiB") * 1024.0 / 1e6
}

/// The number of mappings of this process, and their limit.
pub fn maps() -> (usize, usize) {
    let maps = fs::read_to_string("/proc/self/maps").expect("Linux has it");
    let most = fs::read_to_string("/proc/sys/vm/max_map_count").expect("Linux has it");
    (maps.lines().count(), most.trim().parse().expect("a number"))
}
