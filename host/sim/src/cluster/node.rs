//! One server.

use super::event::Ticket;
use super::row_locks::RowLocks;
use crate::model::change::Nanos;
use std::collections::VecDeque;

/// Counters of a node.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Counts {
    pub(super) commits: u64,
    pub(super) certification_failures: u64,
    pub(super) brute_force_aborts: u64,
    pub(super) replays: u64,
    pub(super) flow_control_pauses: u64,
}

pub(super) struct Node {
    pub(super) locks: RowLocks,
    /// Everything up to this position is committed here.
    pub(super) applied: u64,
    /// Of the write sets behind that, when each can be applied at the earliest.
    pub(super) queue: VecDeque<Nanos>,
    /// The write set behind `applied` is being applied.
    pub(super) is_applying: bool,
    /// A fault keeps it from applying.
    pub(super) is_delayed: bool,
    /// Another one after each crash and each return. What was planned for another is void.
    pub(super) incarnation: u32,
    pub(super) is_up: bool,
    /// It is in the primary component, and has caught up with it.
    pub(super) is_primary: bool,
    /// Steps that wait for a position.
    pub(super) causal: Vec<(u64, Ticket)>,
    /// The latest positions, with when they were applied; kept for the window of snapshot isolation.
    pub(super) recent: VecDeque<(u64, Nanos)>,
    pub(super) counts: Counts,
}

impl Default for Node {
    fn default() -> Self {
        Self {
            locks: RowLocks::default(),
            applied: 0,
            queue: VecDeque::new(),
            is_applying: false,
            is_delayed: false,
            incarnation: 0,
            is_up: true,
            is_primary: true,
            causal: Vec::new(),
            recent: VecDeque::new(),
            counts: Counts::default(),
        }
    }
}

impl Node {
    pub(super) fn has_to_apply(&self) -> bool {
        self.is_primary || !self.queue.is_empty()
    }

    /// Write sets that have come and are not applied.
    pub(super) fn backlog(&self, now: Nanos) -> usize {
        self.queue.partition_point(|&at| at <= now)
    }

    /// The next position is committed.
    pub(super) fn advance(&mut self, now: Nanos, remember_for: Option<Nanos>) {
        self.applied += 1;
        self.queue.pop_front();
        if let Some(window) = remember_for {
            self.recent.push_back((self.applied, now));
            while self
                .recent
                .front()
                .is_some_and(|(_, at)| at + window <= now)
            {
                self.recent.pop_front();
            }
        }
    }

    /// Was this position applied within the window?
    pub(super) fn is_recent(&self, position: u64, now: Nanos, window: Nanos) -> bool {
        let mut recent = self.recent.iter();
        recent.any(|(applied, at)| *applied == position && at + window > now)
    }

    /// The process is another one, or holds what another one gave it: nothing is under way.
    pub(super) fn start_over(&mut self) {
        self.incarnation += 1;
        self.locks.clear();
        self.queue.clear();
        self.is_applying = false;
        self.recent.clear();
    }
}
