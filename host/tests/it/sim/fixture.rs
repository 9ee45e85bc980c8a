//! A simulated cluster with a table, and tasks on it in virtual time.

use contend::capability::database::{Database, Freshness, Session, Target};
use contend::capability::sql_policy::SqlPolicy;
use contend::capability::statement::{Action, Statement};
use contend::model::change::Nanos;
use contend::model::counters::NodeCounters;
use contend::model::error::{CallError, ErrorKind};
use contend::model::sim_fault::{FaultAction, SimFault};
use contend::model::topology::{Spread, Topology};
use contend::model::value::{Row, Value};
use contend::sim::cluster::Cluster;
use contend::sim::database::SimDatabase;
use contend::sim::event::{Actor, Event, What};
use contend::sim::kernel::{Executor, Kernel};
use contend::sim::world::World;
use contend_dst::Recording;
use std::fmt::Debug;
use std::sync::Arc;

pub(super) const MS: Nanos = 1_000_000;

pub(super) const ADD_ONE: &str = "UPDATE things SET n = n + 1 WHERE id = 1";
pub(super) const READ: &str = "SELECT n FROM things WHERE id = 1";
pub(super) const READ_LOCKED: &str = "SELECT n FROM things WHERE id = 1 FOR UPDATE";

/// A cluster with a table `things` of three rows, all with `n` = 0, on every node.
#[derive(Clone)]
pub(super) struct Lab {
    pub(super) kernel: Kernel,
    pub(super) cluster: Arc<Cluster>,
    pub(super) database: Arc<SimDatabase>,
}

pub(super) struct Client(pub(super) Box<dyn Session>);

/// Everything takes exactly so long: what happens first is what was meant to.
pub(super) fn exact() -> Topology {
    let exactly = |p50_us| Spread {
        p50_us,
        p99_us: p50_us,
    };
    Topology {
        latency: exactly(1000.0),
        client_latency: exactly(10.0),
        statement: exactly(100.0),
        commit: exactly(100.0),
        apply: exactly(500.0),
        processors: 0,
        ..Topology::default()
    }
}

/// Runs a task on a cluster, and gives what happened.
pub(super) fn run<F, T>(topology: &Topology, task: impl FnOnce(Lab) -> F) -> (T, Vec<Event>)
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    suffering(topology, &[], task)
}

/// The same under a schedule, whose times count from the begin of the task. When the task is over,
/// the schedule is too, and everything is made whole; then all nodes come to the same.
pub(super) fn suffering<F, T>(
    topology: &Topology,
    schedule: &[SimFault],
    task: impl FnOnce(Lab) -> F,
) -> (T, Vec<Event>)
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let kernel = Kernel::new(Recording::Keep);
    let cluster = Arc::new(Cluster::new(kernel.clone(), topology, 1));
    let world = World::new(kernel.clone(), cluster.clone(), None, schedule.to_vec());
    let lab = Lab {
        kernel: kernel.clone(),
        database: Arc::new(SimDatabase::new(cluster.clone(), true)),
        cluster,
    };
    let mut executor = Executor::new(kernel.clone());
    let made = lab.clone();
    executor.spawn(Actor::Host, async move { made.make().await });
    executor.run(&world, 1_000 * MS).unwrap();
    world.begin_schedule();
    let joined = executor.spawn(Actor::Worker(0), task(lab.clone()));
    executor.run(&world, 1_000_000 * MS).unwrap();
    let told = joined.take().expect("the task is over");
    if !schedule.is_empty() {
        world.make_whole();
        let whole = executor.spawn(Actor::Host, async move {
            lab.sleep(100_000).await;
            assert_eq!(lab.database.members().await, Ok(lab.database.nodes().len()));
            lab.n().await
        });
        executor.run(&world, 2_000_000 * MS).unwrap();
        assert!(whole.take().is_some());
    }
    let entries = kernel.take_log().into_entries();
    (told, entries.into_iter().map(Into::into).collect())
}

impl Lab {
    async fn make(&self) {
        let mut session = self.client(0).await;
        let create = "CREATE TABLE things (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, \
                      label VARCHAR(20) UNIQUE)";
        let create = Statement::of_host(create, Action::Define);
        session.0.execute(&create, &[]).await.unwrap();
        let insert = "INSERT INTO things (id, n) VALUES (1, 0), (2, 0), (3, 0)";
        session.write(insert).await.unwrap();
        for node in self.database.nodes() {
            self.read_at(node, Freshness::Causal).await.unwrap();
        }
        session.0.close().await;
    }

    /// On the node of this number.
    pub(super) async fn client(&self, node: usize) -> Client {
        let node = Target::Node(self.database.nodes()[node].clone());
        Client(self.database.connect(&node).await.unwrap())
    }

    pub(super) async fn read_at(&self, node: &str, freshness: Freshness) -> Result<i64, CallError> {
        let statement = statement(READ);
        let read = self.database.read(node, freshness, &statement, &[]);
        read.await.map(|rows| integer(&rows))
    }

    /// The rows of every node, in the end.
    pub(super) async fn n(&self) -> i64 {
        let mut seen = Vec::new();
        for node in self.database.nodes() {
            seen.push(self.read_at(node, Freshness::Causal).await.unwrap());
        }
        assert!(seen.iter().all(|n| *n == seen[0]), "{seen:?}");
        seen[0]
    }

    pub(super) async fn sleep(&self, ms: u64) {
        self.kernel.sleep(ms * MS).await;
    }

    /// The time that something takes, in ms.
    pub(super) async fn ms<T>(&self, doing: impl Future<Output = T>) -> (u64, T) {
        let began = self.kernel.now();
        let told = doing.await;
        ((self.kernel.now() - began) / MS, told)
    }

    /// A fault for so long.
    pub(super) async fn suffer(&self, harm: FaultAction, ms: u64) {
        self.cluster.begin(&harm);
        self.sleep(ms).await;
        self.cluster.end(&harm);
    }

    pub(super) async fn counted(&self, pick: fn(&NodeCounters) -> Option<u64>) -> u64 {
        let counters = self.database.counters().await;
        counters.iter().filter_map(pick).sum()
    }
}

fn statement(text: &str) -> Statement {
    SqlPolicy::new(&["things"], "mysql").admit(text).unwrap()
}

pub(super) fn integer(rows: &[Row]) -> i64 {
    match rows {
        [row] => match row.as_slice() {
            [Value::Integer(integer)] => *integer,
            other => panic!("not one integer: {other:?}"),
        },
        other => panic!("not one row: {other:?}"),
    }
}

impl Client {
    pub(super) async fn write(&mut self, text: &str) -> Result<u64, CallError> {
        self.0.execute(&statement(text), &[]).await
    }

    pub(super) async fn query(&mut self, text: &str) -> Result<Vec<Row>, CallError> {
        self.0.query(&statement(text), &[]).await
    }

    pub(super) async fn n(&mut self) -> i64 {
        integer(&self.query(READ).await.unwrap())
    }

    pub(super) async fn begin(&mut self) {
        self.0.begin().await.unwrap();
    }
}

#[track_caller]
pub(super) fn assert_error<T: Debug>(result: Result<T, CallError>, kind: ErrorKind, code: &str) {
    let error = result.expect_err("an error");
    assert_eq!((error.kind, error.code.as_str()), (kind, code), "{error}");
}

pub(super) fn count(events: &[Event], is_it: fn(&What) -> bool) -> usize {
    events.iter().filter(|event| is_it(&event.what)).count()
}
