//! One worker on one row, with a strategy and a cluster that do as they are told.

use async_trait::async_trait;
use contend::backend::clock::RealClock;
use contend::backend::lock_memory::MemoryLocks;
use contend::backend::sqlite::{Sqlite, SqliteLocation};
use contend::capability::beside::Beside;
use contend::capability::clock::Clock;
use contend::capability::database::{Database, Freshness, Session, Target};
use contend::capability::gate::Gate;
use contend::capability::printed::Unread;
use contend::capability::statement::{Action, Statement};
use contend::model::change::{Change, Nanos};
use contend::model::fault::{Fault, FaultCount};
use contend::model::value::{Row, Value};
use contend::record::journal::{self, Journal};
use contend::strategy::{Allocated, Call, Capabilities, Death, Instance, Strategy};
use contend::worker::posts::Posts;
use contend::worker::stop::{self, Stopper};
use contend::worker::{Arena, Worker};
use contend::workload::Workload;
use contend::workload::ip_allocation::AllocationAccess;
use contend::workload::volume_state::{self, RowAccess};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What becomes of the row in a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Effect {
    Happens,
    No,
    /// Written in a transaction that is never committed.
    LeftOpen,
    /// Another worker takes the row over.
    TakenOver,
    /// It happens, and then another worker takes the row over.
    HappensAndTakenOver,
}

/// What the worker is told of it.
#[derive(Debug, Clone)]
pub(super) enum Say {
    Ok,
    Fault(Fault),
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
    async fn call(&mut self, call: Call) -> Result<Result<Option<Allocated>, Fault>, Death> {
        let Call::Change(t) = call else {
            panic!("of volume-state");
        };
        let next = self.steps.lock().unwrap().pop();
        let (effect, say) = next.unwrap_or((Effect::Happens, Say::Ok));
        if effect == Effect::LeftOpen {
            self.session.begin().await.unwrap();
        }
        if !matches!(effect, Effect::No | Effect::TakenOver) {
            self.write(&t.row, &t.to, &t.marker).await;
        }
        if matches!(effect, Effect::TakenOver | Effect::HappensAndTakenOver) {
            self.write(&t.row, "deleting", "9_9").await;
        }
        match say {
            Say::Ok => Ok(Ok(None)),
            Say::Fault(fault) => Ok(Err(fault)),
            Say::Death => Err(Death {
                code: "trap",
                message: "scripted".to_owned(),
            }),
            Say::Nothing => std::future::pending().await,
        }
    }

    fn take_faults(&mut self) -> Vec<FaultCount> {
        Vec::new()
    }

    async fn end(self: Box<Self>) {
        self.session.close().await;
    }
}

/// How the nodes answer when they are read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Reads {
    Right,
    /// No node answers.
    Never,
    /// No row is found by so many readings.
    NotAtFirst(u32),
    /// The second node stands still and answers nobody. The cluster has that many members.
    OneStandsStill(usize),
    /// They are right, but whoever else connects than the worker never gets an answer to a write that
    /// took effect.
    RightButWritesOfTheHostAreLost,
}

/// Two nodes that are one database.
struct Cluster {
    database: Sqlite,
    nodes: [String; 2],
    reads: Reads,
    count: AtomicU32,
    connects: AtomicU32,
}

#[async_trait]
impl Database for Cluster {
    fn dialect(&self) -> &'static str {
        self.database.dialect()
    }

    fn nodes(&self) -> &[String] {
        &self.nodes
    }

    fn name_transactions(&self) -> &'static str {
        self.database.name_transactions()
    }

    async fn connect(&self, target: &Target) -> Result<Box<dyn Session>, Fault> {
        let before = self.connects.fetch_add(1, Ordering::Relaxed);
        let session = self.database.connect(target).await?;
        Ok(match self.reads {
            Reads::RightButWritesOfTheHostAreLost if before > 0 => Box::new(Lossy(session)),
            _ => session,
        })
    }

    async fn members(&self) -> Result<usize, Fault> {
        Ok(match self.reads {
            Reads::OneStandsStill(members) => members,
            _ => self.nodes.len(),
        })
    }

    async fn read(
        &self,
        node: &str,
        freshness: Freshness,
        statement: &Statement,
        of: &[Value],
    ) -> Result<Vec<Row>, Fault> {
        let before = self.count.fetch_add(1, Ordering::Relaxed);
        match self.reads {
            Reads::Never => Err(Fault::unavailable("away", "this node is away")),
            Reads::OneStandsStill(_) if node == "b" => std::future::pending().await,
            Reads::NotAtFirst(readings) if before < readings => Ok(Vec::new()),
            _ => self.database.read("sqlite", freshness, statement, of).await,
        }
    }

    async fn close(&self) {
        self.database.close().await;
    }
}

/// Does what it is told, and loses the answers to what it wrote.
struct Lossy(Box<dyn Session>);

#[async_trait]
impl Session for Lossy {
    async fn execute(&mut self, statement: &Statement, of: &[Value]) -> Result<u64, Fault> {
        self.0.execute(statement, of).await?;
        Err(Fault::indefinite("lost", "the answer was lost"))
    }

    async fn query(&mut self, statement: &Statement, of: &[Value]) -> Result<Vec<Row>, Fault> {
        self.0.query(statement, of).await
    }

    async fn begin(&mut self) -> Result<(), Fault> {
        self.0.begin().await
    }

    async fn commit(&mut self) -> Result<(), Fault> {
        self.0.commit().await
    }

    async fn rollback(&mut self) -> Result<(), Fault> {
        self.0.rollback().await
    }

    async fn sync(&mut self) -> Result<(), Fault> {
        self.0.sync().await
    }

    async fn close(self: Box<Self>) {
        self.0.close().await;
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

/// What is left when the worker has ended.
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

/// What a worker is given besides its workload.
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
    let folder = tempfile::tempdir().unwrap();
    let history = folder.path().join("history.jsonl");
    let database = Arc::new(Cluster {
        database: Sqlite::open(SqliteLocation::Memory).await.unwrap(),
        nodes: ["a", "b"].map(str::to_owned),
        reads,
        count: AtomicU32::new(0),
        connects: AtomicU32::new(0),
    });
    workload.prepare(&database.database).await.unwrap();
    let clock = Arc::new(Hurried(RealClock::new()));
    let (stopper, stop) = stop::channel();
    let arena = Arc::new(Arena {
        workload,
        strategy: Arc::new(strategy),
        database: database.clone(),
        gate: Arc::new(Gate::new(volume_state::TABLES, "sqlite")),
        locks: Arc::new(MemoryLocks::new(clock.clone())),
        clock: clock.clone(),
        beside: Beside::Here,
        settings: Arc::new(terms.settings),
        printed: Arc::new(Unread),
        shares: Default::default(),
        seed: 1,
        change_timeout_ns: terms.change_timeout.as_nanos() as u64 * HURRY,
        stop,
        posts: Posts::new(1),
        journal: Arc::new(Journal::create(&history).unwrap()),
        patience_ns: 0,
        rows: RowAccess::default(),
        allocations: AllocationAccess::default(),
    });
    database.connects.store(0, Ordering::Relaxed);
    let worker = Worker::prepare(arena, 0, Arc::default()).await;
    let before_the_clock = database.connects.load(Ordering::Relaxed);
    clock.0.start();
    let (ended, ()) = tokio::join!(worker.run(), meanwhile(stopper));
    ended.unwrap();
    let look = Statement::of_host("SELECT status FROM volumes", Action::Read);
    let mut rows = database
        .database
        .read("sqlite", Freshness::AsItIs, &look, &[])
        .await
        .unwrap();
    Left {
        sessions: (before_the_clock, database.connects.load(Ordering::Relaxed)),
        changes: journal::read(&history).unwrap().changes,
        status: rows.remove(0).remove(0).into_text().unwrap(),
    }
}
