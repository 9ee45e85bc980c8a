//! One worker on one row, with a strategy that does as it is told.

use super::cluster::{Cluster, Reads};
use async_trait::async_trait;
use contend::backend::clock::RealClock;
use contend::backend::lock_memory::MemoryLocks;
use contend::capability::clock::Clock;
use contend::capability::database::{Database, Freshness, Session, Target};
use contend::capability::statement::{Action, Statement};
use contend::capability::strategy::{Allocated, Call, Capabilities, Death, Instance, Strategy};
use contend::model::change::{Change, Nanos};
use contend::model::error::{CallError, ErrorCount};
use contend::model::value::Value;
use contend::record::journal::{self, Journal};
use contend::worker::posts::Posts;
use contend::worker::{TrialContext, Worker};
use contend::workload::Workload;
use contend::workload::site::Site;
use contend::workload::stop::Stopper;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

/// The effect of a step on the row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Effect {
    Happens,
    No,
    /// It asks its session, and writes nothing.
    Asks,
    /// Written in a transaction that is never committed.
    LeftOpen,
    /// Another worker takes the row over.
    TakenOver,
    /// It happens, and then another worker takes the row over.
    HappensAndTakenOver,
}

/// The answer to the worker.
#[derive(Debug, Clone)]
pub(super) enum Say {
    Ok,
    Error(CallError),
    Death,
    /// Nothing, ever.
    Nothing,
}

/// The steps that instances will make, all together; what comes after them happens and is told.
pub(super) struct Script {
    steps: Arc<Mutex<Vec<(Effect, Say)>>>,
    /// Making an instance takes for ever.
    pub(super) never_made: bool,
}

impl Script {
    pub(super) fn of(steps: &[(Effect, Say)]) -> Self {
        let mut steps = steps.to_vec();
        steps.reverse();
        Self {
            steps: Arc::new(Mutex::new(steps)),
            never_made: false,
        }
    }
}

#[async_trait]
impl Strategy for Script {
    async fn instantiate(
        &self,
        mut capabilities: Capabilities,
    ) -> Result<Box<dyn Instance>, Death> {
        if self.never_made {
            std::future::pending::<()>().await;
        }
        Ok(Box::new(Scripted {
            session: capabilities.first_session.take().unwrap(),
            steps: self.steps.clone(),
        }))
    }
}

struct Scripted {
    session: Box<dyn Session>,
    steps: Arc<Mutex<Vec<(Effect, Say)>>>,
}

impl Scripted {
    async fn write(&mut self, row: &str, status: &str, marker: &str) {
        let write = "UPDATE volumes SET status = ?, attach_status = ? WHERE id = ?";
        let write = Statement::of_host(write, Action::Write);
        let values = [status, marker, row].map(Value::from);
        self.session.execute(&write, &values).await.unwrap();
    }
}

#[async_trait]
impl Instance for Scripted {
    async fn call(&mut self, call: Call) -> Result<Result<Option<Allocated>, CallError>, Death> {
        let Call::Change(t) = call else {
            // No allocation ever ends here.
            return std::future::pending().await;
        };
        let next = self.steps.lock().unwrap().pop();
        let (effect, say) = next.unwrap_or((Effect::Happens, Say::Ok));
        if effect == Effect::LeftOpen {
            self.session.begin().await.unwrap();
        }
        if effect == Effect::Asks {
            let look = Statement::of_host("SELECT status FROM volumes", Action::Read);
            self.session.query(&look, &[]).await.unwrap();
        }
        if !matches!(effect, Effect::No | Effect::Asks | Effect::TakenOver) {
            self.write(&t.row, &t.to, &t.marker).await;
        }
        if matches!(effect, Effect::TakenOver | Effect::HappensAndTakenOver) {
            self.write(&t.row, "deleting", "9_9").await;
        }
        match say {
            Say::Ok => Ok(Ok(None)),
            Say::Error(error) => Ok(Err(error)),
            Say::Death => Err(Death {
                code: "trap",
                message: "scripted".to_owned(),
            }),
            Say::Nothing => std::future::pending().await,
        }
    }

    fn take_errors(&mut self) -> Vec<ErrorCount> {
        Vec::new()
    }

    async fn end(self: Box<Self>) {
        self.session.close().await;
    }
}

/// Waits are so many times shorter than they should be.
const HURRY: u64 = 100;

struct Hurried(RealClock);

#[async_trait]
impl Clock for Hurried {
    fn now(&self) -> Nanos {
        self.0.now()
    }

    async fn sleep(&self, duration: Nanos) {
        tokio::time::sleep(Duration::from_nanos(duration / HURRY)).await;
    }
}

/// The state when the worker has ended.
pub(super) struct Left {
    pub(super) changes: Vec<Change>,
    /// The row's status.
    pub(super) status: String,
    /// Sessions that were opened before the clock started, and altogether.
    pub(super) sessions: (u32, u32),
}

/// Lets one worker run to its end. `meanwhile` is called with what can stop it.
pub(super) async fn run<F: Future<Output = ()>>(
    strategy: impl Strategy + 'static,
    reads: Reads,
    workload: Workload,
    meanwhile: impl FnOnce(Stopper) -> F,
) -> Left {
    let terms = Terms {
        settings: BTreeMap::new(),
        change_timeout: Duration::from_secs(1),
    };
    run_on(terms, strategy, reads, workload, meanwhile).await
}

/// The context of a worker besides its workload.
pub(super) struct Terms {
    pub(super) settings: BTreeMap<String, String>,
    /// In the time of this machine.
    pub(super) change_timeout: Duration,
}

/// As [`run`], on other terms.
pub(super) async fn run_on<F: Future<Output = ()>>(
    terms: Terms,
    strategy: impl Strategy + 'static,
    reads: Reads,
    workload: Workload,
    meanwhile: impl FnOnce(Stopper) -> F,
) -> Left {
    let stage = Stage::set(terms, strategy, reads, workload).await;
    let (worker, before_the_clock) = stage.worker().await;
    let (ended, ()) = tokio::join!(worker.run(), meanwhile(stage.stopper));
    ended.unwrap();
    let look = Statement::of_host("SELECT status FROM volumes", Action::Read);
    let database = &stage.database;
    let mut rows = database
        .database
        .read("sqlite", Freshness::AsItIs, &look, &[])
        .await
        .unwrap();
    Left {
        sessions: (before_the_clock, database.connects.load(Ordering::Relaxed)),
        changes: journal::read(&stage.history).unwrap().changes,
        status: rows.remove(0).remove(0).into_text().unwrap(),
    }
}

/// The world of one worker.
pub(super) struct Stage {
    pub(super) context: Arc<TrialContext>,
    pub(super) stopper: Stopper,
    database: Arc<Cluster>,
    clock: Arc<Hurried>,
    history: PathBuf,
    _folder: TempDir,
}

impl Stage {
    pub(super) async fn set(
        terms: Terms,
        strategy: impl Strategy + 'static,
        reads: Reads,
        workload: Workload,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let history = folder.path().join("history.jsonl");
        let database = Arc::new(Cluster::open(reads).await);
        workload.prepare(&database.database).await.unwrap();
        let clock = Arc::new(Hurried(RealClock::new()));
        let (context, stopper) = TrialContext::new(
            workload,
            Arc::new(strategy),
            database.clone(),
            Arc::new(MemoryLocks::new(clock.clone())),
            clock.clone(),
            Arc::new(Journal::create(&history).unwrap()),
        );
        let context = Arc::new(TrialContext {
            settings: Arc::new(terms.settings),
            change_timeout_ns: terms.change_timeout.as_nanos() as u64 * HURRY,
            posts: Posts::new(1),
            site: Arc::new(Site {
                patience_ns: 0,
                ..Site::clone(&context.site)
            }),
            ..context
        });
        Self {
            context,
            stopper,
            database,
            clock,
            history,
            _folder: folder,
        }
    }

    /// The worker, with the clock started, and how many sessions were opened before that.
    pub(super) async fn worker(&self) -> (Worker, u32) {
        let connects = &self.database.connects;
        connects.store(0, Ordering::Relaxed);
        let worker = Worker::prepare(self.context.clone(), 0).await;
        let before_the_clock = connects.load(Ordering::Relaxed);
        self.clock.0.start();
        (worker, before_the_clock)
    }

    /// Writes to the row by a session of its own.
    pub(super) async fn write(&self, marker: &str) {
        let write = "UPDATE volumes SET attach_status = ?";
        let write = Statement::of_host(write, Action::Write);
        let database = &self.database.database;
        let mut session = database.connect(&Target::Endpoint).await.unwrap();
        session
            .execute(&write, &[Value::from(marker)])
            .await
            .unwrap();
        session.close().await;
    }
}
