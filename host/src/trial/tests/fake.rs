//! A world without servers, in virtual time: it does as a test says and notes what is asked of it.

mod database;

use self::database::FakeDatabase;
use crate::backend::lock_memory::MemoryLocks;
use crate::capability::clock::Clock;
use crate::capability::database::Database;
use crate::capability::strategy::{Capabilities, Death, Instance, Strategy};
use crate::lab::LabError;
use crate::model::change::Nanos;
use crate::model::conditions::Conditions;
use crate::record::journal::Journal;
use crate::run_dir::RunDirError;
use crate::trial::interrupts::Interrupts;
use crate::trial::record::Record;
use crate::trial::world::{Role, Step, Work, World};
use crate::trial::{NANOS_PER_S, Rules, TrialError, run};
use crate::worker::TrialContext;
use crate::worker::posts::Post;
use crate::workload::Workload;
use crate::workload::stop::{Stop, Stopper};
use async_trait::async_trait;
use contend_dst::{ActorId, Executor, Kernel, Recording, Spawner};
use futures_util::FutureExt;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::future::pending;
use std::io;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// The calls and the workers' actions, in order, each with its second: `10 s: worker 1 finishes`.
#[derive(Clone)]
pub(super) struct Notes {
    kernel: Kernel<()>,
    all: Arc<Mutex<Vec<String>>>,
}

impl Notes {
    fn add(&self, what: &str) {
        let second = self.kernel.now() / NANOS_PER_S;
        let mut all = self.all.lock().unwrap();
        all.push(format!("{second} s: {what}"));
    }

    pub(super) fn has(&self, what: &str) -> bool {
        self.all().iter().any(|note| note == what)
    }

    pub(super) fn all(&self) -> Vec<String> {
        self.all.lock().unwrap().clone()
    }
}

#[async_trait]
impl Clock for Notes {
    fn now(&self) -> Nanos {
        self.kernel.now()
    }

    async fn sleep(&self, duration: Nanos) {
        self.kernel.sleep(duration).await;
    }
}

/// The part that does not work.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Broken {
    Nothing,
    Tables,
    /// No worker is ever ready.
    Workers,
    BackgroundHangs,
    BackgroundPanics,
    Healing,
    Reading,
    Record,
}

pub(super) struct FakeWorld {
    broken: Broken,
    database: Arc<FakeDatabase>,
    workload: Workload,
    spawner: Spawner,
    notes: Notes,
    workers: RefCell<Vec<MakeWork>>,
}

/// Makes a worker, once there is a context.
type MakeWork = Box<dyn FnOnce(Hand) -> Work>;

impl World for FakeWorld {
    type Gauges = ();
    type Faults = ();

    fn database(&self) -> &dyn Database {
        &*self.database
    }

    fn spawn<T: Send + 'static>(
        &self,
        _: Role,
        task: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = Result<T, String>> {
        let text = |panic: Box<dyn Any + Send>| panic.downcast_ref::<&str>().unwrap().to_string();
        let task = AssertUnwindSafe(task).catch_unwind();
        let task = self.spawner.spawn(ActorId(1), task);
        task.map(move |ended| ended.map_err(text))
    }

    fn enter(&self, step: Step<'_>) {
        self.notes.add(match step {
            Step::SetUp => "set up",
            Step::Prepare => "prepare",
            Step::Run(_) => "run",
            Step::Read => "read all",
        });
    }

    async fn context(&self) -> Result<(TrialContext, Stopper), TrialError> {
        self.notes.add("context");
        let clock = Arc::new(self.notes.clone());
        Ok(TrialContext::new(
            self.workload.clone(),
            Arc::new(NoStrategy),
            self.database.clone(),
            Arc::new(MemoryLocks::new(clock.clone())),
            clock,
            Arc::new(Journal::in_memory()),
        ))
    }

    async fn workers(&self, context: &Arc<TrialContext>) -> Vec<Work> {
        if self.broken == Broken::Workers {
            return pending().await;
        }
        let hand = |number| Hand {
            number,
            context: context.clone(),
            notes: self.notes.clone(),
        };
        let workers = (0..).zip(self.workers.take());
        workers.map(|(number, make)| make(hand(number))).collect()
    }

    fn start(&self) -> ((), ()) {
        self.notes.add("start");
        ((), ())
    }

    async fn stopped(&self, (): (), _: &mut Conditions) {
        self.notes.add("stopped");
    }

    async fn heal(&self, (): (), conditions: &mut Conditions) -> Result<(), TrialError> {
        self.notes.add("heal");
        conditions.simulated = Some(Default::default());
        self.database.heal();
        match self.broken {
            Broken::Healing => Err(TrialError::Lab(LabError::NoLab("lab".into()))),
            _ => Ok(()),
        }
    }
}

/// Workers are made without it.
struct NoStrategy;

#[async_trait]
impl Strategy for NoStrategy {
    async fn instantiate(&self, _: Capabilities) -> Result<Box<dyn Instance>, Death> {
        unreachable!("no worker has an instance")
    }
}

/// The equipment of a worker of a test.
pub(super) struct Hand {
    pub(super) number: u32,
    pub(super) context: Arc<TrialContext>,
    pub(super) notes: Notes,
}

impl Hand {
    pub(super) fn note(&self, what: &str) {
        self.notes.add(&format!("worker {} {what}", self.number));
    }

    pub(super) fn stop(&self) -> &Stop {
        &self.context.stop
    }

    pub(super) fn enter(&self, post: Post) {
        self.context.posts.enter(self.number, post);
    }

    pub(super) async fn sleep(&self, seconds: u64) {
        self.context.clock.sleep(seconds * NANOS_PER_S).await;
    }
}

/// A trial in a fake world, with two workers at most.
pub(super) struct FakeTrial {
    executor: Executor<()>,
    world: FakeWorld,
    pub(super) notes: Notes,
    pub(super) time_limit_s: Option<u64>,
    pub(super) stuck_after_s: u64,
    interrupts: (Rc<watch::Sender<u32>>, Interrupts),
}

impl FakeTrial {
    pub(super) fn new(broken: Broken) -> Self {
        let kernel = Kernel::new(Recording::Off);
        let executor = Executor::new(kernel.clone());
        let all = Arc::default();
        let notes = Notes { kernel, all };
        let database = FakeDatabase::new(broken, notes.clone());
        let workload = Workload {
            rows: 1,
            workers_per_row: 2,
            background_generators: 1,
            audit: false,
            ..Workload::default()
        };
        let world = FakeWorld {
            broken,
            database: Arc::new(database),
            workload,
            spawner: executor.spawner(),
            notes: notes.clone(),
            workers: RefCell::default(),
        };
        let (counts, counted) = watch::channel(0);
        Self {
            executor,
            world,
            notes,
            time_limit_s: None,
            stuck_after_s: 0,
            interrupts: (Rc::new(counts), Interrupts(counted)),
        }
    }

    pub(super) fn worker<F>(&mut self, work: impl FnOnce(Hand) -> F + 'static)
    where
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        let make = |hand| work(hand).boxed();
        self.world.workers.borrow_mut().push(Box::new(make));
    }

    /// A worker that ends when it is asked to, but not its step: that must be abandoned.
    pub(super) fn hanging_worker(&mut self) {
        self.worker(|it| async move {
            it.stop().requested().await;
            it.note("finishes");
            it.stop().abandoned().await;
            it.note("abandons");
            Ok(())
        });
    }

    /// The user asks for the end at this second.
    pub(super) fn interrupt_at(&self, second: u64) {
        let (kernel, counts) = (self.notes.kernel.clone(), self.interrupts.0.clone());
        self.world.spawner.spawn(ActorId(2), async move {
            kernel.sleep_until(second * NANOS_PER_S).await;
            counts.send_modify(|count| *count += 1);
        });
    }

    /// Runs it; the record is what was recorded, also where it ended with an error.
    pub(super) fn run(mut self) -> (Result<(), TrialError>, Option<Record>) {
        let recorded = Rc::new(Cell::new(None));
        let (kept, notes) = (recorded.clone(), self.notes.clone());
        let trial = self.executor.spawn(ActorId(0), async move {
            let rules = Rules {
                workload: &self.world.workload,
                interrupts: &self.interrupts.1,
                time_limit_s: self.time_limit_s,
                stuck_after_s: self.stuck_after_s,
                whole_from: 0,
            };
            let record = |record| {
                notes.add("record");
                kept.set(Some(record));
                match self.world.broken {
                    Broken::Record => Err(RunDirError::NameTaken("full".to_owned())),
                    _ => Ok(()),
                }
            };
            run(&self.world, &rules, record).await
        });
        let horizon = 1_000 * NANOS_PER_S;
        self.executor.run(&|()| {}, horizon).expect("it never ends");
        (trial.take().expect("it has ended"), recorded.take())
    }
}
