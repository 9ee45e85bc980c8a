//! The few moments of a simulation that show why it went wrong, side by side.

use super::change::Nanos;
use serde::Serialize;
use std::fmt;

/// The place of a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lane {
    Worker(u32),
    /// From 0.
    Node(u32),
    Proxy,
    Locks,
}

crate::words! {
    /// The meaning of a moment, for a reader to see at a glance.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Tone {
        /// Something that happened as it should.
        Plain = "plain",
        /// A worker has what it asked for.
        Gained = "gained",
        /// Something was refused, rolled back or lost.
        Lost = "lost",
        /// A fault of the schedule.
        Fault = "fault",
    }
}

/// One of at most twelve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TimelineEntry {
    /// Since the workers were let go.
    pub at: Nanos,
    pub lane: Lane,
    pub tone: Tone,
    pub text: String,
    /// The cause of this moment, as an index of an earlier one: a message, or the order of write
    /// sets.
    pub after: Option<usize>,
}

/// A time that lasts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stretch {
    pub lane: Lane,
    pub from: Nanos,
    pub to: Nanos,
    pub kind: StretchKind,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StretchKind {
    /// A worker was answered that it has the row, and has not given it back.
    Holds,
    /// A fault lasts.
    Fault,
}

/// The moments in the order of time, on the lanes that they need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Timeline {
    /// Workers, then nodes, the proxy, the lock service.
    pub lanes: Vec<Lane>,
    pub moments: Vec<TimelineEntry>,
    pub stretches: Vec<Stretch>,
    /// For each abort its cause: node, transaction, key, position in the order.
    pub aborts: Vec<String>,
}

impl Lane {
    /// The lane of the node with this name, as [`Lane::Node`] writes it.
    pub fn of_node(name: &str) -> Option<Self> {
        let number: u32 = name.strip_prefix('n')?.parse().ok()?;
        number.checked_sub(1).map(Self::Node)
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Worker(worker) => write!(f, "worker {worker}"),
            Self::Node(node) => write!(f, "n{}", node + 1),
            Self::Proxy => f.write_str("proxy"),
            Self::Locks => f.write_str("lock service"),
        }
    }
}
