//! The host's side of the contract: one file for each interface, and what they share.

mod db;
mod group;
mod idle;
mod lock;
mod opened;
mod prepared;
mod replication;
mod running;
mod settings;
mod statements;
mod timing;
pub mod wasi;

use super::asked::{Asked, Asking};
use super::bindings::contend::strategy::types;
use super::computing::{Allowance, Computing};
use super::convert;
use super::limits::Limits;
use super::memory::MemoryLimit;
use crate::capability::budget::{Account, Charge, Shares};
use crate::capability::group::Member;
use crate::capability::lock::{Lock, LockSession};
use crate::capability::statement::Statement;
use crate::capability::strategy::Capabilities;
use crate::model::change::{LostLocks, Nanos};
use crate::model::error::{CallError, ErrorCount, count_error};
use crate::model::statements::Statements as Executed;
use idle::Idle;
use opened::Opened;
use prepared::PreparedStatements;
use rand_pcg::Pcg64;
use rand_pcg::rand_core::SeedableRng;
use slab::Slab;
use statements::Statements;
use std::sync::Arc;
use wasi::Wasi;

const MAX_LOCKS: usize = 64;

/// A lock, and what its names take of the instance's share.
struct Named {
    lock: Box<dyn Lock>,
    _names: Charge,
}

/// One instance's capabilities and what it holds of them.
pub struct HostState {
    pub memory: MemoryLimit,
    pub computing: Computing,
    pub allowance: Allowance,
    idle: Idle,
    /// The errors that calls gave since they were last taken.
    pub errors: Vec<ErrorCount>,
    /// The locks that releases found lost since this was last taken.
    pub lost_locks: LostLocks,
    /// The statements that were executed since this was last taken, where they are counted.
    pub executed: Executed,
    pub wasi: Wasi,
    asking: Asking,
    asked: Arc<Asked>,
    capabilities: Capabilities,
    random: Pcg64,
    statements: Statements,
    prepared: PreparedStatements,
    sessions: Slab<Opened>,
    /// Number of sessions that were opened.
    opened: u64,
    /// True if the current call has committed an update of a row.
    has_committed: bool,
    lock_sessions: Slab<Box<dyn LockSession>>,
    locks: Slab<Named>,
    lock_names: Account,
    members: Slab<Member>,
    /// Number of groups that were joined, so that each membership has a name of its own.
    joined: u64,
}

impl HostState {
    /// `asked` receives, at the end, the settings that the guest read.
    pub fn new(limits: Limits, capabilities: Capabilities, asked: Arc<Asked>) -> Self {
        let shares = capabilities.shares;
        Self {
            memory: MemoryLimit {
                bytes: limits.memory_bytes,
                grown: 0,
            },
            computing: Computing::new(limits.computing),
            allowance: Allowance::default(),
            idle: Idle::default(),
            errors: Vec::new(),
            lost_locks: LostLocks::default(),
            executed: Executed::default(),
            wasi: Wasi::default(),
            asking: Asking::default(),
            asked,
            random: random(
                capabilities.seed,
                capabilities.worker,
                capabilities.generation,
            ),
            capabilities,
            statements: Statements::new(shares),
            prepared: PreparedStatements::new(shares),
            sessions: Slab::new(),
            opened: 0,
            has_committed: false,
            lock_sessions: Slab::new(),
            locks: Slab::new(),
            lock_names: Account::new("names of locks", shares.lock_names),
            members: Slab::new(),
            joined: 0,
        }
    }

    pub fn shares(&self) -> &Shares {
        &self.capabilities.shares
    }

    /// The time since the trial began, as the guest sees it.
    pub fn now(&self) -> Nanos {
        self.capabilities.clock.now()
    }

    /// Releases everything that the instance held. Locks last: while a transaction may still be open,
    /// no other worker should believe that the row is free.
    pub async fn end(mut self) {
        let (printed, worker) = (&self.capabilities.printed, self.capabilities.worker);
        let printing = &mut self.wasi.printing;
        printing.end(&mut |line| printed.line(worker, line));
        self.asked.add(std::mem::take(&mut self.asking));
        let unused = self.capabilities.first_session.take();
        let opened = self.sessions.drain().map(|opened| opened.session);
        for session in opened.chain(unused) {
            session.close().await;
        }
        for member in self.members.drain() {
            member.close().await;
        }
        for named in self.locks.drain() {
            named.lock.close().await;
        }
        for session in self.lock_sessions.drain() {
            session.close().await;
        }
    }

    /// A call of the host to the guest begins.
    pub fn call_begins(&mut self) {
        self.has_committed = false;
        self.idle = Idle::default();
    }

    /// True if a call that returned ok may not have had its effect.
    pub fn leaves_doubt(&self) -> bool {
        !self.has_committed || self.sessions.iter().any(|(_, opened)| opened.is_open())
    }

    /// Ends a call: the guest computes again from here, and its errors are counted.
    fn answer<T>(
        &mut self,
        result: Result<T, CallError>,
    ) -> wasmtime::Result<Result<T, types::Error>> {
        self.computing.resume();
        self.idle.answered(&result)?;
        Ok(result.map_err(|error| {
            count_error(&mut self.errors, &error);
            convert::error_to_guest(error)
        }))
    }

    fn statement(&mut self, sql: &str) -> Result<Arc<Statement>, CallError> {
        self.statements.get(sql, &self.capabilities.sql_policy)
    }
}

impl types::Host for HostState {}

/// A stream of random numbers that no other instance of the run has.
fn random(seed: u64, worker: u32, generation: u32) -> Pcg64 {
    let stream = (u128::from(worker) << 32) | u128::from(generation);
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    // The generator ignores the lowest bit of a stream's number.
    key[16..].copy_from_slice(&(stream << 1).to_le_bytes());
    Pcg64::from_seed(key)
}

fn too_many(what: &str, most: usize) -> CallError {
    CallError::rejected(
        "too-many",
        format!("an instance may hold {most} {what} at most; drop one first"),
    )
}

/// A handle that stands for nothing: wasmtime keeps guests from forging one, so this is our error.
fn dangling() -> wasmtime::Error {
    wasmtime::Error::msg("a handle without a resource behind it")
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{Impatient, only_a_clock};
    use super::*;
    use rand_pcg::rand_core::Rng;
    use std::collections::BTreeSet;
    use std::time::Duration;

    #[test]
    fn no_two_instances_draw_the_same_numbers() {
        let instances = (0..20).flat_map(|worker| (0..20).map(move |made| (worker, made)));
        let drawn = instances.map(|(worker, made)| random(7, worker, made).next_u64());
        assert_eq!(drawn.collect::<BTreeSet<_>>().len(), 400);
        assert_eq!(random(7, 1, 1).next_u64(), random(7, 1, 1).next_u64());
        assert_ne!(random(7, 1, 1).next_u64(), random(8, 1, 1).next_u64());
    }

    fn state() -> HostState {
        let limits = Limits {
            memory_bytes: 1 << 20,
            computing: Duration::from_millis(1),
        };
        HostState::new(limits, only_a_clock(Impatient), Arc::default())
    }

    #[test]
    fn calls_without_progress_are_counted_for_each_step() {
        let mut state = state();
        while state.idle.call().is_ok() {}
        state.call_begins();
        assert!(state.idle.call().is_ok());
    }

    #[test]
    fn ok_is_in_doubt_unless_the_call_committed_and_left_nothing_open() {
        let mut state = state();
        state.call_begins();
        assert!(state.leaves_doubt(), "it has committed nothing");
        state.has_committed = true;
        assert!(!state.leaves_doubt());
        let mut opened = Opened::new(Box::new(opened::tests::Idle), 0);
        opened.begun(&Ok(()));
        let session = state.sessions.insert(opened);
        assert!(state.leaves_doubt(), "a transaction is open");
        state.sessions[session].rolled_back();
        assert!(!state.leaves_doubt());
        state.call_begins();
        assert!(state.leaves_doubt(), "that was the call before");
    }

    #[test]
    fn random_numbers_of_an_instance_are_part_of_the_model() {
        let first = random(7, 3, 1).next_u64();
        assert_eq!(
            first, 359_915_954_464_353_126,
            "raise MODEL in plan.rs and pin this"
        );
    }
}
