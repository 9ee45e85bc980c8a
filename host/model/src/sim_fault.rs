//! Faults of a simulation's workers, nodes, connections and lock service.

use super::change::Nanos;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One fault at its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimFault {
    /// From the moment when the workers are let go.
    pub at: Nanos,
    pub what: FaultAction,
}

/// An action of a fault. Nodes are numbered from 0 here, and called `n1`, … in texts for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultAction {
    /// The worker's process stands still, as in a long garbage collection.
    PauseWorker { worker: u32, lasts: Nanos },
    /// The worker's process dies; its connections break, what it leased stays leased. Another
    /// instance takes its place.
    CrashWorker { worker: u32 },
    /// The node's process dies, and is started again later.
    CrashNode { node: u32, lasts: Nanos },
    /// These nodes hear the others no more, nor the others them; clients reach both sides.
    Partition { nodes: Vec<u32>, lasts: Nanos },
    /// The connection of the worker's next commit breaks.
    CutCommit { worker: u32, cut: Cut },
    /// The standby that has received most becomes the primary, if there is one. The old primary dies, and
    /// is started again as a standby later.
    Promote { lasts: Nanos },
    /// The node applies nothing.
    DelayApply { node: u32, lasts: Nanos },
    /// The proxy believes what it knew when it began.
    BlindProxy { lasts: Nanos },
    /// The lock service is away, and keeps what it knew.
    RestartLocks { lasts: Nanos },
    /// Another server of the lock service takes over, and knows of no lock.
    FailoverLocks,
    /// The lock service's clock jumps forward.
    SkewLocks { ahead: Nanos },
}

impl FaultAction {
    /// The duration; `None` where the fault has no end that the schedule must bring about.
    pub fn lasts(&self) -> Option<Nanos> {
        match self {
            Self::CrashNode { lasts, .. }
            | Self::Partition { lasts, .. }
            | Self::Promote { lasts }
            | Self::DelayApply { lasts, .. }
            | Self::BlindProxy { lasts }
            | Self::RestartLocks { lasts }
            | Self::PauseWorker { lasts, .. } => Some(*lasts),
            Self::CrashWorker { .. }
            | Self::CutCommit { .. }
            | Self::FailoverLocks
            | Self::SkewLocks { .. } => None,
        }
    }

    /// The time in it that can be longer or shorter.
    pub fn time_mut(&mut self) -> Option<&mut Nanos> {
        match self {
            Self::PauseWorker { lasts, .. }
            | Self::CrashNode { lasts, .. }
            | Self::Partition { lasts, .. }
            | Self::Promote { lasts }
            | Self::DelayApply { lasts, .. }
            | Self::BlindProxy { lasts }
            | Self::RestartLocks { lasts }
            | Self::SkewLocks { ahead: lasts } => Some(lasts),
            Self::CrashWorker { .. } | Self::CutCommit { .. } | Self::FailoverLocks => None,
        }
    }

    /// Says whether the fault hits the lock service.
    pub fn is_of_locks(&self) -> bool {
        match self {
            Self::RestartLocks { .. } | Self::FailoverLocks | Self::SkewLocks { .. } => true,
            Self::PauseWorker { .. }
            | Self::CrashWorker { .. }
            | Self::CrashNode { .. }
            | Self::Partition { .. }
            | Self::Promote { .. }
            | Self::CutCommit { .. }
            | Self::DelayApply { .. }
            | Self::BlindProxy { .. } => false,
        }
    }
}

crate::words! {
    /// The time when the connection breaks.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Cut {
        /// COMMIT never reaches the server.
        Before = "cut-before-commit",
        /// While the server commits.
        During = "cut-in-commit",
        /// After the server committed: only the answer is lost.
        After = "cut-after-commit",
    }
}

impl SimFault {
    /// The time when it is over, so far as it has an end.
    pub fn over(&self) -> Nanos {
        self.at.saturating_add(self.what.lasts().unwrap_or(0))
    }
}

/// A fault of a simulation that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimFaultEvent {
    pub fault: SimFault,
    pub fate: Fate,
}

/// The result of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    Came,
    /// The workers had all ended before its time.
    TooLate,
    /// Its worker sent no commit any more that it could have cut.
    NoCommit,
}

impl fmt::Display for SimFaultEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.fault)?;
        match self.fate {
            Fate::Came => Ok(()),
            Fate::TooLate => f.write_str(" (never came: the trial was over before)"),
            Fate::NoCommit => f.write_str(" (cut nothing: there was no commit any more)"),
        }
    }
}

/// As a schedule writes it: `1s crash n2 for 5s`.
impl fmt::Display for SimFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", Short(self.at), self.what)
    }
}

impl fmt::Display for FaultAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PauseWorker { worker, lasts } => {
                write!(f, "pause worker-{worker} for {}", Short(*lasts))
            }
            Self::CrashWorker { worker } => write!(f, "crash worker-{worker}"),
            Self::CrashNode { node, lasts } => {
                write!(f, "crash {} for {}", name(*node), Short(*lasts))
            }
            Self::Partition { nodes, lasts } => {
                let names: Vec<_> = nodes.iter().map(|node| name(*node)).collect();
                write!(f, "partition {} for {}", names.join(","), Short(*lasts))
            }
            Self::CutCommit { worker, cut } => write!(f, "{} worker-{worker}", cut.as_str()),
            Self::Promote { lasts } => write!(f, "promote standby for {}", Short(*lasts)),
            Self::DelayApply { node, lasts } => {
                write!(f, "delay-apply {} for {}", name(*node), Short(*lasts))
            }
            Self::BlindProxy { lasts } => write!(f, "blind proxy for {}", Short(*lasts)),
            Self::RestartLocks { lasts } => write!(f, "restart locks for {}", Short(*lasts)),
            Self::FailoverLocks => f.write_str("failover locks"),
            Self::SkewLocks { ahead } => write!(f, "skew locks for {}", Short(*ahead)),
        }
    }
}

/// The name of the node of this number, as texts for people have it.
fn name(node: u32) -> String {
    format!("n{}", u64::from(node) + 1)
}

/// A duration in one word, exactly: `1500ms`.
struct Short(Nanos);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us")];
        let whole = units.iter().find(|(size, _)| self.0.is_multiple_of(*size));
        match whole {
            Some((size, unit)) => write!(f, "{}{unit}", self.0 / size),
            None => write!(f, "{}ns", self.0),
        }
    }
}
