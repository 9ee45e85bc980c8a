//! One competitor: pause, acquire, check, hold, release, record; and again.

pub mod background;
mod check;
mod contender;
pub mod dealing;
mod ip_allocation;
mod look;
mod nodes;
pub mod posts;
pub mod settle;
pub mod stop;
pub mod stuck;
mod volume_state;
pub mod watched;
mod whereabouts;

use self::contender::{Contender, Stepped};
use self::dealing::FirstSession;
use self::posts::{Post, Posts};
use self::stop::{Stop, Stopper};
use self::watched::{Counters, Phase, Watched};
use crate::capability::beside::Beside;
use crate::capability::budget::Shares;
use crate::capability::clock::Clock;
use crate::capability::database::{Database, Target};
use crate::capability::lock::LockService;
use crate::capability::printed::{Printed, Unread};
use crate::capability::sql_policy::SqlPolicy;
use crate::capability::strategy::{Call, Strategy};
use crate::model::change::Change;
use crate::model::marker::Marker;
use crate::model::stuck::WaitingStep;
use crate::record::journal::Journal;
use crate::workload::Workload;
use crate::workload::ip_allocation::{AllocationAccess, Connect};
use crate::workload::volume_state::RowAccess;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

const NANOS_PER_MS: u64 = 1_000_000;

/// What all workers of a trial are given. They only read it.
pub struct Arena {
    pub workload: Workload,
    pub strategy: Arc<dyn Strategy>,
    pub database: Arc<dyn Database>,
    pub sql_policy: Arc<SqlPolicy>,
    pub locks: Arc<dyn LockService>,
    pub clock: Arc<dyn Clock>,
    /// Where checks and settling run.
    pub beside: Beside,
    pub settings: Arc<BTreeMap<String, String>>,
    pub printed: Arc<dyn Printed>,
    /// What each instance may take of what all share.
    pub shares: Shares,
    pub seed: u64,
    pub change_timeout_ns: u64,
    /// Time for which the check and settling retry where nodes do not answer: `settle::PATIENCE`.
    pub patience_ns: u64,
    pub stop: Stop,
    pub journal: Arc<Journal>,
    pub posts: Posts,
    pub watched: Counters,
    pub rows: RowAccess,
    pub allocations: AllocationAccess,
}

/// One worker, ready to run.
pub struct Worker {
    arena: Arc<Arena>,
    number: u32,
    row: u32,
    contender: Contender,
}

impl Worker {
    /// Makes the worker's instance and opens its session, so that no timed change pays for it. What
    /// goes wrong here is told by the first change.
    pub async fn prepare(arena: Arc<Arena>, number: u32) -> Self {
        let endpoint = arena.endpoint_of(number);
        let session = arena.database.connect(&endpoint).await;
        Self::prepare_with(arena, number, session).await
    }

    /// As [`Worker::prepare`], with a session that is there already.
    pub async fn prepare_with(arena: Arc<Arena>, number: u32, session: FirstSession) -> Self {
        let contender = Contender::prepare(arena.clone(), number, session).await;
        Self {
            row: arena.workload.row_of(number),
            arena,
            number,
            contender,
        }
    }

    /// Makes this worker's changes until they are done or the run is stopped. An error means that
    /// a change could not be recorded, and that nothing later was done.
    pub async fn run(mut self) -> io::Result<()> {
        let mut result = Ok(());
        for number in 0..self.arena.workload.changes_per_worker {
            self.arena.wait(self.arena.workload.pause_ms).await;
            if self.arena.stop.is_requested() {
                break;
            }
            let change = self.change(number).await;
            result = self.arena.journal.append(&change);
            if result.is_err() {
                break;
            }
            self.watched().count();
            self.watched().set(Phase::Pause);
        }
        self.watched().set(Phase::Ended);
        self.contender.end().await;
        self.arena.posts.enter(self.number, Post::Ended);
        result
    }

    fn watched(&self) -> &Watched {
        &self.arena.watched.all()[self.number as usize]
    }

    /// One step in the strategy's hands.
    async fn step(&mut self, step: WaitingStep, number: u32, call: Call) -> Stepped {
        self.arena.posts.enter(self.number, Post::In(step, number));
        let stepped = self.contender.step(call).await;
        self.arena.posts.enter(self.number, Post::Between);
        stepped
    }

    /// What a worker does not always do is boxed: there may be a hundred thousand of them, and most
    /// of the time they wait for their turn.
    async fn change(&mut self, number: u32) -> Change {
        let marker = Marker {
            worker: self.number,
            number,
        };
        let arena = self.arena.clone();
        match &arena.workload.ip_allocation {
            None => self.volume_change(marker).await,
            Some(kind) => Box::pin(self.allocation(kind, marker)).await,
        }
    }
}

impl Arena {
    /// Makes an arena for strategies without settings, and what stops its workers.
    pub fn new(
        workload: Workload,
        strategy: Arc<dyn Strategy>,
        database: Arc<dyn Database>,
        locks: Arc<dyn LockService>,
        clock: Arc<dyn Clock>,
        journal: Arc<Journal>,
    ) -> (Self, Stopper) {
        let (stopper, stop) = stop::channel();
        let arena = Self {
            sql_policy: Arc::new(SqlPolicy::new(workload.kind().tables(), database.dialect())),
            posts: Posts::new(workload.workers()),
            watched: Counters::new(workload.workers()),
            workload,
            strategy,
            database,
            locks,
            clock,
            beside: Beside::Here,
            settings: Arc::default(),
            printed: Arc::new(Unread),
            shares: Shares::default(),
            seed: 1,
            change_timeout_ns: u64::MAX,
            patience_ns: settle::PATIENCE,
            stop,
            journal,
            rows: RowAccess::default(),
            allocations: AllocationAccess::default(),
        };
        (arena, stopper)
    }

    /// Does work of the host where no strategy is in its way. Boxed: there may be a hundred thousand
    /// workers, and most of the time none of them does this.
    async fn beside<T, F>(self: &Arc<Self>, work: impl FnOnce(Arc<Self>) -> F) -> T
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        Box::pin(self.beside.run(work(self.clone()))).await
    }

    /// Where this worker's sessions go when they go to the endpoint.
    fn endpoint_of(&self, worker: u32) -> Target {
        let nodes = self.database.nodes();
        match &self.workload.ip_allocation {
            Some(kind) if kind.connect == Connect::Nodes => {
                let seat = self.workload.seat_of(worker) as usize;
                Target::Node(nodes[seat % nodes.len()].clone())
            }
            _ => Target::Endpoint,
        }
    }

    /// Waits, but not beyond the moment when the run is to stop.
    async fn wait(&self, ms: u64) {
        if ms == 0 {
            return;
        }
        tokio::select! {
            biased;
            () = self.stop.requested() => {}
            () = self.clock.sleep(ms * NANOS_PER_MS) => {}
        }
    }
}
