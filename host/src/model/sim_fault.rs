//! What a simulation's workers, nodes, connections and lock service are made to suffer.

use super::change::Nanos;
use serde::{Deserialize, Serialize};

/// One fault at its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimFault {
    /// From the moment when the workers are let go.
    pub at: Nanos,
    pub what: Harm,
}

/// What is done. Nodes are numbered from 0 here, and called `n1`, … to people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Harm {
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

/// When the connection breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cut {
    /// COMMIT never reaches the server.
    Before,
    /// While the server commits.
    During,
    /// After the server committed: only the answer is lost.
    After,
}
