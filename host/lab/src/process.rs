//! A process of ours, known so well that no other is ever taken for it.
//!
//! A number alone is given to another process some day; number and start time together are not, as
//! long as the machine is not started again (which `record` looks after). A signal goes through a
//! descriptor of the process that was opened before its start time was read, so that it can't reach
//! a successor.

use procfs_core::FromRead;
use procfs_core::process::Stat;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};
use std::fs;
use std::os::fd::OwnedFd;
use std::thread;
use std::time::{Duration, Instant};

/// Interval at which a wait looks at the process.
const LOOK: Duration = Duration::from_millis(10);

/// Timeout for the effect of a signal.
const SIGNALLED: Duration = Duration::from_secs(5);

/// One process, on this boot of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Process {
    pub(super) pid: i32,
    /// Its start time, in clock ticks since the boot.
    start_ticks: u64,
}

crate::model::words! {
    /// State of a process.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum ProcessState {
        Running = "running",
        /// Stopped by SIGSTOP until SIGCONT.
        Paused = "paused",
        Dead = "dead",
    }
}

impl Process {
    /// The process that has this number now.
    pub(super) fn with_pid(pid: i32) -> Option<Self> {
        let start_ticks = stat(pid)?.starttime;
        Some(Self { pid, start_ticks })
    }

    pub(super) fn state(self) -> ProcessState {
        match stat(self.pid) {
            Some(stat) if stat.starttime == self.start_ticks => process_state(&stat),
            _ => ProcessState::Dead,
        }
    }

    pub(super) fn lives(self) -> bool {
        self.state() != ProcessState::Dead
    }

    /// Sends a signal to this process, if it lives, and never to another.
    pub(super) fn signal(self, signal: Signal) {
        if let Some(descriptor) = self.open() {
            // It may have ended since; the caller looks at its state.
            pidfd_send_signal(descriptor, signal).ok();
        }
    }

    /// A descriptor of this very process.
    fn open(self) -> Option<OwnedFd> {
        let pid = Pid::from_raw(self.pid)?;
        let descriptor = pidfd_open(pid, PidfdFlags::empty()).ok()?;
        self.lives().then_some(descriptor)
    }

    /// Waits until it has ended; returns false after the limit.
    pub(super) fn ends_within(self, limit: Duration) -> bool {
        self.is_within(limit, |state| state == ProcessState::Dead)
    }

    /// Waits until it is in a state; returns false after the limit.
    pub(super) fn is_within(self, limit: Duration, wanted: impl Fn(ProcessState) -> bool) -> bool {
        let deadline = Instant::now() + limit;
        loop {
            if wanted(self.state()) {
                return true;
            }
            if Instant::now() >= deadline {
                return false;
            }
            thread::sleep(LOOK);
        }
    }

    /// Makes it stand still, with its helpers. False if it does not take the signal.
    pub(super) fn pause(self) -> bool {
        self.signal(Signal::STOP);
        // From here on it starts no more of them.
        let paused = self.shows(ProcessState::Paused);
        let helpers = self.helpers();
        for helper in &helpers {
            helper.signal(Signal::STOP);
        }
        let stand = |helper: &Process| helper.is_within(SIGNALLED, |s| s != ProcessState::Running);
        paused && helpers.iter().all(stand)
    }

    /// Makes it go on after a pause, with its helpers. False if it does not take the signal.
    pub(super) fn resume(self) -> bool {
        for helper in self.helpers() {
            helper.signal(Signal::CONT);
        }
        self.signal(Signal::CONT);
        self.shows(ProcessState::Running)
    }

    fn shows(self, state: ProcessState) -> bool {
        let ended = |now| now == ProcessState::Dead;
        self.is_within(SIGNALLED, |now| now == state || ended(now)) && self.state() == state
    }

    /// Ends it: in order if it does so within the limit, else by force; then what it had started
    /// and left. False if it lives even then.
    pub(super) fn end(self, in_order: Signal, limit: Duration) -> bool {
        // Seen while it lives: once a leader is gone, the number of its session is worth nothing.
        let helpers = self.helpers();
        self.resume();
        self.signal(in_order);
        match self.ends_within(limit) {
            true => self.buried(&helpers),
            false => self.kill(),
        }
    }

    /// Ends it and its helpers at once. False if it lives even then.
    pub(super) fn kill(self) -> bool {
        Self::kill_together(&[self])
    }

    /// Ends all of these and their helpers at once: none does anything after another is dead. False if
    /// one lives even then.
    pub(super) fn kill_together(all: &[Self]) -> bool {
        // While they stand still, they start no helper that would not be seen.
        for process in all {
            process.signal(Signal::STOP);
        }
        for process in all {
            process.is_within(SIGNALLED, |now| now != ProcessState::Running);
        }
        let helpers: Vec<_> = all.iter().map(|process| process.helpers()).collect();
        for process in all {
            process.signal(Signal::KILL);
        }
        let gone = all.iter().zip(&helpers);
        // No short cut: each has helpers to be ended.
        gone.fold(true, |before, (process, helpers)| {
            process.buried(helpers) && before
        })
    }

    fn buried(self, helpers: &[Process]) -> bool {
        let limit = Duration::from_secs(10);
        let gone = self.ends_within(limit);
        for helper in helpers {
            helper.signal(Signal::KILL);
        }
        gone && helpers.iter().all(|helper| helper.ends_within(limit))
    }

    /// Its children, and the other processes of the session that it leads: PostgreSQL has a process for
    /// each of its clients, and a MariaDB node that receives a copy has some.
    fn helpers(self) -> Vec<Process> {
        if !self.lives() {
            return Vec::new();
        }
        let ours = |pid: i32| {
            let stat = stat(pid)?;
            let start_ticks = stat.starttime;
            let member = [stat.session, stat.ppid].contains(&self.pid) && pid != self.pid;
            (member && start_ticks >= self.start_ticks).then_some(Process { pid, start_ticks })
        };
        let found = all_pids().into_iter().filter_map(ours).collect();
        // Its number was its own for as long as we looked.
        if self.lives() { found } else { Vec::new() }
    }
}

/// The living processes of a program whose command line has exactly this argument. (An editor may
/// have it too.)
pub(super) fn with_argument(program: &str, argument: &str) -> Vec<Process> {
    let has_it = |pid: i32| {
        let stat = stat(pid).filter(|stat| stat.comm == program)?;
        let start_ticks = stat.starttime;
        let process = Process { pid, start_ticks };
        let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let has = line
            .split(|&byte| byte == 0)
            .any(|a| a == argument.as_bytes());
        (has && process.lives()).then_some(process)
    };
    all_pids().into_iter().filter_map(has_it).collect()
}

/// Processor time of a process and of all children that it has or had, in clock ticks; `None` if it has
/// ended. A client of PostgreSQL is served by a child.
pub fn cpu_ticks(pid: i32) -> Option<u64> {
    let own = stat(pid)?;
    let children = all_pids().into_iter().filter_map(stat);
    let children = children.filter(|child| child.ppid == pid);
    let living: u64 = children.map(|child| child.utime + child.stime).sum();
    let ended = u64::try_from(own.cutime + own.cstime).unwrap_or_default();
    Some(own.utime + own.stime + ended + living)
}

fn all_pids() -> Vec<i32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let pid = |entry: fs::DirEntry| entry.file_name().to_str()?.parse().ok();
    entries.flatten().filter_map(pid).collect()
}

fn stat(pid: i32) -> Option<Stat> {
    Stat::from_file(format!("/proc/{pid}/stat")).ok()
}

fn process_state(stat: &Stat) -> ProcessState {
    match stat.state {
        // Ended, and not yet asked for by its parent. Its threads may still be ending.
        'Z' | 'X' => {
            let tasks = fs::read_dir(format!("/proc/{}/task", stat.pid));
            match tasks.map_or(0, Iterator::count) {
                0 | 1 => ProcessState::Dead,
                _ => ProcessState::Running,
            }
        }
        'T' => ProcessState::Paused,
        _ => ProcessState::Running,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::process::{Child, Command, Stdio};

    fn sleeper() -> (Child, Process) {
        let child = Command::new("sleep").arg("600").spawn().unwrap();
        let process = Process::with_pid(child.id() as i32).unwrap();
        (child, process)
    }

    #[test]
    fn a_process_whose_name_has_brackets_is_paused_too() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("a) b) T 1");
        std::os::unix::fs::symlink("/bin/sleep", &program).unwrap();
        let mut child = Command::new(program).arg("600").spawn().unwrap();
        let process = Process::with_pid(child.id() as i32).unwrap();
        assert_eq!(process.state(), ProcessState::Running);
        assert_eq!(stat(process.pid).unwrap().comm, "a) b) T 1");
        assert!(process.kill());
        child.wait().unwrap();
    }

    #[test]
    fn a_process_is_paused_resumed_and_ended() {
        let (mut child, process) = sleeper();
        assert_eq!(process.state(), ProcessState::Running);
        assert!(process.pause());
        assert_eq!(process.state(), ProcessState::Paused);
        assert!(process.end(Signal::TERM, Duration::from_secs(5)));
        assert!(!process.lives(), "a zombie counts as dead");
        child.wait().unwrap();
    }

    /// As a server that has a process for each of its clients.
    #[test]
    fn children_are_paused_resumed_and_killed_with_their_parent() {
        let script = "setsid sleep 600 & setsid sleep 600 & wait";
        let mut parent = Command::new("sh").args(["-c", script]).spawn().unwrap();
        let process = Process::with_pid(parent.id() as i32).unwrap();
        let deadline = Instant::now() + Duration::from_secs(5);
        while process.helpers().len() < 2 && Instant::now() < deadline {
            thread::sleep(LOOK);
        }
        let children = process.helpers();
        let states = || {
            children
                .iter()
                .map(|child| child.state())
                .collect::<Vec<_>>()
        };
        let paused = (process.pause(), states());
        let resumed = (process.resume(), states());
        let killed = (process.kill(), states());
        // None is left if one of these is not so.
        assert_eq!(paused, (true, vec![ProcessState::Paused; 2]));
        assert_eq!(resumed, (true, vec![ProcessState::Running; 2]));
        assert_eq!(killed, (true, vec![ProcessState::Dead; 2]));
        parent.wait().unwrap();
    }

    #[test]
    fn another_process_with_the_same_number_is_never_signalled() {
        let (mut child, process) = sleeper();
        let before = Process {
            start_ticks: process.start_ticks - 1,
            ..process
        };
        assert_eq!(before.state(), ProcessState::Dead);
        before.signal(Signal::KILL);
        assert!(before.kill());
        thread::sleep(LOOK);
        assert!(process.lives());
        process.signal(Signal::KILL);
        child.wait().unwrap();
    }

    #[test]
    fn processor_time_is_also_that_of_children() {
        let script =
            "sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done'; exec 1>&-; sleep 600";
        let mut parent = Command::new("sh")
            .args(["-c", script])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let process = Process::with_pid(parent.id() as i32).unwrap();
        // Its end says that the busy child has ended.
        let mut output = parent.stdout.take().unwrap();
        let while_it_lived = thread::spawn(move || output.read_to_end(&mut Vec::new()));
        let mut most = None;
        while !while_it_lived.is_finished() {
            most = most.max(cpu_ticks(process.pid));
            thread::sleep(LOOK);
        }
        let afterwards = cpu_ticks(process.pid);
        assert!(process.kill());
        assert!(
            most >= Some(5) && afterwards >= most,
            "{most:?}, {afterwards:?}"
        );
        parent.wait().unwrap();
        assert_eq!(cpu_ticks(process.pid), None);
    }

    #[test]
    fn search_finds_a_process_by_a_whole_argument_only() {
        let mut child = Command::new("sleep")
            .args(["600.0625", "1"])
            .spawn()
            .unwrap();
        let found = || with_argument("sleep", "600.0625").len();
        // Until it runs `sleep`, the child has our command line.
        let deadline = Instant::now() + Duration::from_secs(5);
        while found() == 0 && Instant::now() < deadline {
            thread::sleep(LOOK);
        }
        assert_eq!(found(), 1);
        assert_eq!(with_argument("sleep", "600.062").len(), 0);
        assert_eq!(with_argument("vim", "600.0625").len(), 0);
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
