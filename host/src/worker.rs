//! One competitor: pause, acquire, check, hold, release, record; and again.

pub mod background;
pub mod dealing;
pub mod posts;
mod strategy_handle;
pub mod stuck;
pub mod watched;
mod whereabouts;

use self::dealing::FirstSession;
use self::posts::{Post, Posts};
use self::strategy_handle::StrategyHandle;
use self::watched::{Counters, Watched};
use crate::capability::beside::Beside;
use crate::capability::budget::Shares;
use crate::capability::clock::Clock;
use crate::capability::database::{Database, Freshness, Session, Target};
use crate::capability::lock::LockService;
use crate::capability::printed::{Printed, Unread};
use crate::capability::sql_policy::SqlPolicy;
use crate::capability::statement::Statement;
use crate::capability::strategy::{Call, Strategy};
use crate::model::change::{Change, StepKind};
use crate::model::error::CallError;
use crate::model::marker::Marker;
use crate::record::journal::Journal;
use crate::workload::site::Site;
use crate::workload::stop::{self, Stopper};
use crate::workload::turn::{Phase, Stepped, Turn};
use crate::workload::{Workload, settle};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::io;
use std::ops::Deref;
use std::sync::Arc;

/// The context that all workers of a trial share. They only read it.
pub struct TrialContext {
    /// The access for the host's own work on the data.
    pub site: Arc<Site>,
    pub strategy: Arc<dyn Strategy>,
    pub sql_policy: Arc<SqlPolicy>,
    pub locks: Arc<dyn LockService>,
    pub settings: Arc<BTreeMap<String, String>>,
    /// Settings of each session of a worker, applied when it is opened.
    pub begins_with: Arc<[Statement]>,
    pub printed: Arc<dyn Printed>,
    /// The share of each instance in the common budgets.
    pub shares: Shares,
    pub seed: u64,
    pub change_timeout_ns: u64,
    pub journal: Arc<Journal>,
    pub posts: Posts,
    pub watched: Counters,
}

/// One worker, ready to run.
pub struct Worker {
    context: Arc<TrialContext>,
    number: u32,
    row: u32,
    handle: StrategyHandle,
    /// The number of its change.
    change: u32,
}

impl Worker {
    /// Makes the worker's instance and opens its session, so that no timed change pays for it. What
    /// goes wrong here is reported by the first change.
    pub async fn prepare(context: Arc<TrialContext>, number: u32) -> Self {
        let session = context.connect(number).await;
        Self::prepare_with(context, number, session).await
    }

    /// As [`Worker::prepare`], with a session that is there already.
    pub async fn prepare_with(
        context: Arc<TrialContext>,
        number: u32,
        session: FirstSession,
    ) -> Self {
        let handle = StrategyHandle::prepare(context.clone(), number, session).await;
        Self {
            row: context.workload.row_of(number),
            context,
            number,
            handle,
            change: 0,
        }
    }

    /// Makes this worker's changes until they are done or the run is stopped. An error means that
    /// a change could not be recorded, and that nothing later was done.
    pub async fn run(mut self) -> io::Result<()> {
        let mut result = Ok(());
        for number in 0..self.context.workload.changes_per_worker {
            self.context.wait(self.context.workload.pause_ms).await;
            if self.context.stop.is_requested() {
                break;
            }
            self.change = number;
            let change = self.change().await;
            result = self.context.journal.append(&change);
            if result.is_err() {
                break;
            }
            self.watched().count();
            self.watched().set(Phase::Pause);
        }
        self.watched().set(Phase::Ended);
        self.handle.end().await;
        self.context.posts.enter(self.number, Post::Ended);
        result
    }

    fn watched(&self) -> &Watched {
        &self.context.watched.all()[self.number as usize]
    }

    async fn change(&mut self) -> Change {
        let kind = self.context.workload.kind.clone();
        kind.change(self).await
    }
}

#[async_trait]
impl Turn for Worker {
    fn site(&self) -> Arc<Site> {
        self.context.site.clone()
    }

    fn row(&self) -> u32 {
        self.row
    }

    fn marker(&self) -> Marker {
        Marker {
            worker: self.number,
            number: self.change,
        }
    }

    fn enter(&self, phase: Phase) {
        self.watched().set(phase);
    }

    async fn step(&mut self, step: StepKind, call: Call) -> Stepped {
        let post = Post::In(step, self.change);
        self.context.posts.enter(self.number, post);
        let stepped = self.handle.step(call).await;
        self.context.posts.enter(self.number, Post::Between);
        stepped
    }
}

impl TrialContext {
    /// Makes a context for strategies without settings, and what stops its workers.
    pub fn new(
        workload: Workload,
        strategy: Arc<dyn Strategy>,
        database: Arc<dyn Database>,
        locks: Arc<dyn LockService>,
        clock: Arc<dyn Clock>,
        journal: Arc<Journal>,
    ) -> (Self, Stopper) {
        let (stopper, stop) = stop::channel();
        let context = Self {
            sql_policy: SqlPolicy::shared(workload.kind.tables(), database.dialect()),
            posts: Posts::new(workload.workers()),
            watched: Counters::new(workload.workers()),
            site: Arc::new(Site {
                workload,
                database,
                clock,
                beside: Beside::Here,
                patience_ns: settle::PATIENCE,
                check_reads: Freshness::AsItIs,
                stop,
            }),
            strategy,
            locks,
            settings: Arc::default(),
            begins_with: Arc::default(),
            printed: Arc::new(Unread),
            shares: Shares::default(),
            seed: 1,
            change_timeout_ns: u64::MAX,
            journal,
        };
        (context, stopper)
    }

    /// Opens a worker's session with the endpoint.
    async fn connect(&self, worker: u32) -> FirstSession {
        let session = self.database.connect(&self.endpoint_of(worker)).await?;
        set_up(session, &self.begins_with).await
    }

    /// The target of this worker's sessions when they go to the endpoint.
    fn endpoint_of(&self, worker: u32) -> Target {
        let nodes = self.database.nodes();
        match self.workload.kind.connects_to_nodes() {
            true => {
                let seat = self.workload.seat_of(worker) as usize;
                Target::Node(nodes[seat % nodes.len()].clone())
            }
            false => Target::Endpoint,
        }
    }
}

/// Tries what the session of a worker begins with, so that a setting which the server lacks is an error
/// before the trial and not one of each change.
pub async fn try_set_up(database: &dyn Database, settings: &[Statement]) -> Result<(), CallError> {
    if !settings.is_empty() {
        let session = database.connect(&Target::Endpoint).await?;
        set_up(session, settings).await?.close().await;
    }
    Ok(())
}

/// Sets what each session of a worker begins with.
async fn set_up(mut session: Box<dyn Session>, settings: &[Statement]) -> FirstSession {
    for setting in settings {
        if let Err(error) = session.execute(setting, &[]).await {
            session.close().await;
            return Err(error);
        }
    }
    Ok(session)
}

impl Deref for TrialContext {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}
