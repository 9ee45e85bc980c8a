//! The events of the cluster, and what they name.

/// A step of a connection. What was planned for a step that is over is void: each has its own mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket {
    pub(super) slot: u32,
    pub(super) mark: u64,
}

/// A connection: its place, and a number that no other one ever has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionId {
    pub(super) slot: u32,
    pub(super) serial: u64,
}

/// An event of the cluster.
#[derive(Debug)]
pub enum ClusterEvent {
    /// A call has come to its server.
    Arrived(Ticket),
    /// The processor is done with it, or a lock that it waited for is there.
    Served(Ticket),
    /// Its node has heard from every member.
    GroupHeard(Ticket),
    /// A write set failed certification, and its node knows.
    Refused(Ticket),
    /// An answer has come to its client.
    Replied(ConnectionId),
    /// The server sees that the client is gone.
    Left(ConnectionId),
    /// Some wait may have lasted too long.
    Timeouts,
    /// A statement has waited for so long that its server looks for a deadlock.
    DeadlockCheck(Ticket),
    /// The primary hears that a standby has everything up to a position.
    Received {
        position: u64,
        primary: u32,
        incarnation: u32,
    },
    /// Every member has a write set.
    Ordered { pending: u32, mark: u64 },
    /// A node may go on applying.
    Deliver { node: u32, incarnation: u32 },
    /// A node is done with applying one write set.
    Applied { node: u32, incarnation: u32 },
    /// Some node was silent long enough to be shut out.
    Suspect,
    /// A node has caught up.
    Rejoin { node: u32, incarnation: u32 },
}
