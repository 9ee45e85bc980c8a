//! Storms: clients at work while nodes die, links break and answers are lost. Whatever happens, what
//! was reported is true, all nodes come to the same, and nothing is left over.

use super::*;
use crate::capability::database::{Database, Freshness, Session, Target};
use crate::capability::statement::{Action, Statement};
use crate::database::SimDatabase;
use crate::event::Actor;
use crate::kernel::Executor;
use crate::model::error::{CallError, ErrorKind};
use crate::model::fault_class::FaultClass;
use crate::model::sim_fault::SimFault;
use crate::model::value::{Row, Value};
use crate::random::Purpose;
use crate::schedule::{Stage, draw};
use crate::world::World;
use contend_dst::{Random, Recording};
use std::sync::Arc;

const MS: u64 = 1_000_000;
const WORKERS: u32 = 6;
const ROWS: u64 = 2;

struct Storm {
    kernel: Kernel,
    cluster: Arc<Cluster>,
    database: Arc<SimDatabase>,
}

/// The number of increments of each row, for certain and perhaps.
#[derive(Debug, Default, Clone, PartialEq)]
struct Reported {
    certain: [i64; ROWS as usize],
    perhaps: [i64; ROWS as usize],
    conflicts: u32,
}

fn write(text: &str) -> Statement {
    Statement::of_host(text, Action::Write)
}

fn read(text: &str) -> Statement {
    Statement::of_host(text, Action::Read)
}

fn integer(rows: &[Row]) -> i64 {
    match rows[0][..] {
        [Value::Integer(integer)] => integer,
        ref other => panic!("{other:?}"),
    }
}

/// One change, in one of three ways that exclude each other across nodes.
async fn change(session: &mut dyn Session, way: u64, row: i64) -> Result<bool, CallError> {
    let id = [Value::Integer(row)];
    let add = write("UPDATE rows_ SET n = n + 1 WHERE id = ?");
    match way {
        0 => Ok(session.execute(&add, &id).await? == 1),
        1 => {
            session.begin().await?;
            let lock = read("SELECT n FROM rows_ WHERE id = ? FOR UPDATE");
            let n = integer(&session.query(&lock, &id).await?);
            let set = write("UPDATE rows_ SET n = ? WHERE id = ?");
            let with = [Value::Integer(n + 1), Value::Integer(row)];
            session.execute(&set, &with).await?;
            session.commit().await?;
            Ok(true)
        }
        _ => {
            let read = read("SELECT n FROM rows_ WHERE id = ?");
            let n = integer(&session.query(&read, &id).await?);
            let swap = write("UPDATE rows_ SET n = ? WHERE id = ? AND n = ?");
            let with = [
                Value::Integer(n + 1),
                Value::Integer(row),
                Value::Integer(n),
            ];
            Ok(session.execute(&swap, &with).await? == 1)
        }
    }
}

async fn work(storm: Arc<Storm>, worker: u32, seed: u64) -> Reported {
    let mut random = Random::new(seed * 1000 + u64::from(worker), Purpose::Start);
    let mut reported = Reported::default();
    let mut session: Option<Box<dyn Session>> = None;
    for _ in 0..25 {
        let pause = random.below(200 * MS);
        storm.kernel.sleep(pause).await;
        if session.is_none() {
            session = storm.database.connect(&Target::Endpoint).await.ok();
        }
        let Some(open) = &mut session else { continue };
        let row = random.below(ROWS) as usize;
        let way = random.below(3);
        let patience = match random.below(8) {
            0 => random.below(2 * MS),
            _ => 60_000 * MS,
        };
        let call = change(&mut **open, way, row as i64);
        let changed = tokio::select! {
            biased;
            changed = call => Some(changed),
            () = storm.kernel.sleep(patience) => None,
        };
        match changed {
            Some(Ok(true)) => reported.certain[row] += 1,
            Some(Ok(false)) => {}
            Some(Err(error)) if error.kind == ErrorKind::Indefinite => reported.perhaps[row] += 1,
            Some(Err(error)) => {
                reported.conflicts += u32::from(error.kind == ErrorKind::Conflict);
                assert_ne!(error.kind, ErrorKind::Rejected, "{error}");
                open.rollback().await.ok();
            }
            // Abandoned: it may have been done, and is over when the session is closed.
            None => {
                reported.perhaps[row] += 1;
                session.take().expect("it was there").close().await;
            }
        }
    }
    match session {
        Some(session) if random.below(2) == 0 => session.close().await,
        session => drop(session),
    }
    reported
}

fn schedule(seed: u64, nodes: u32) -> Vec<SimFault> {
    let stage = Stage {
        nodes,
        workers: WORKERS,
        length: 3_000 * MS,
        calls: Vec::new(),
        has_locks: false,
        has_standbys: false,
        lease: 10_000 * MS,
    };
    draw(seed, &FaultClass::ALL, &stage)
}

async fn make(storm: Arc<Storm>) {
    let mut session = storm.database.connect(&Target::Endpoint).await.unwrap();
    let create = "CREATE TABLE rows_ (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)";
    let create = Statement::of_host(create, Action::Define);
    session.execute(&create, &[]).await.unwrap();
    let insert = write("INSERT INTO rows_ (id, n) VALUES (0, 0), (1, 0)");
    session.execute(&insert, &[]).await.unwrap();
    session.close().await;
}

/// Reads the value of each row, which is the same on every node.
async fn settle(storm: Arc<Storm>) -> Vec<i64> {
    // Until the nodes that were away are back.
    storm.kernel.sleep(40_000 * MS).await;
    let all = read("SELECT n FROM rows_ ORDER BY id");
    let mut seen = Vec::new();
    for node in storm.database.nodes() {
        let rows = storm.database.read(node, Freshness::Causal, &all, &[]);
        let rows = rows.await.unwrap();
        let n = rows.into_iter().map(|row| integer(&[row]));
        seen.push(n.collect::<Vec<_>>());
    }
    assert!(seen.iter().all(|rows| *rows == seen[0]), "{seen:?}");
    seen.swap_remove(0)
}

fn storm(seed: u64) -> (Reported, String) {
    let nodes = [1, 3, 3, 5][seed as usize % 4];
    let topology = Topology {
        nodes,
        retry_autocommit: (seed / 4 % 2) as u32,
        flow_control_limit: 2,
        lock_wait_timeout_ms: 500,
        ..Topology::default()
    };
    let kernel = Kernel::new(Recording::Digest);
    let cluster = Arc::new(Cluster::new(kernel.clone(), &topology, seed));
    let faults = schedule(seed, nodes);
    let over = faults.iter().map(SimFault::over).max().unwrap_or(0);
    let world = World::new(kernel.clone(), cluster.clone(), None, faults);
    let storm = Arc::new(Storm {
        database: Arc::new(SimDatabase::new(cluster.clone(), true)),
        kernel: kernel.clone(),
        cluster,
    });
    let mut executor = Executor::new(kernel.clone());
    let until = 3_600_000 * MS;
    executor.spawn(Actor::Host, make(storm.clone()));
    executor.run(&world, until).unwrap();
    let workers: Vec<_> = (0..WORKERS)
        .map(|worker| executor.spawn(Actor::Worker(worker), work(storm.clone(), worker, seed)))
        .collect();
    world.begin_schedule();
    let last = kernel.sleep(over + MS);
    executor.spawn(Actor::Host, last);
    executor.run(&world, until).unwrap();
    let settled = executor.spawn(Actor::Host, settle(storm.clone()));
    executor.run(&world, until).unwrap();
    let found = settled.take().unwrap();
    let mut reported = Reported::default();
    for worker in workers {
        let one = worker.take().unwrap();
        for row in 0..ROWS as usize {
            reported.certain[row] += one.certain[row];
            reported.perhaps[row] += one.perhaps[row];
        }
        reported.conflicts += one.conflicts;
    }
    for row in 0..ROWS as usize {
        let most = reported.certain[row] + reported.perhaps[row];
        let held = (reported.certain[row]..=most).contains(&found[row]);
        assert!(held, "seed {seed}, row {row}: {found:?}, {reported:?}");
    }
    nothing_is_left(&storm.cluster, seed);
    (reported, kernel.take_log().digest())
}

fn nothing_is_left(cluster: &Cluster, seed: u64) {
    let mut state = cluster.state();
    assert!(state.connections.is_empty(), "seed {seed}: a connection");
    assert!(state.order.sent().is_empty(), "seed {seed}: a write set");
    assert!(state.read_views.is_empty(), "seed {seed}: a view");
    assert!(!state.flow.is_paused(), "seed {seed}: a pause");
    assert_eq!(state.timeouts.due(u64::MAX).0, [], "seed {seed}: a wait");
    for node in &state.nodes {
        assert!(node.locks.is_empty(), "seed {seed}: a lock");
        assert!(node.queue.is_empty(), "seed {seed}: something to apply");
        assert_eq!(node.applied, state.order.last(), "seed {seed}");
    }
}

#[test]
fn in_a_storm_reports_are_true_and_nothing_is_left_over() {
    let reported: Vec<_> = (0..100).map(|seed| storm(seed).0).collect();
    let conflicts: u32 = reported.iter().map(|reported| reported.conflicts).sum();
    let perhaps: i64 = reported.iter().flat_map(|reported| reported.perhaps).sum();
    assert!(conflicts > 50 && perhaps > 50, "{conflicts}, {perhaps}");
}

#[test]
fn one_seed_is_one_storm_and_another_seed_another() {
    let digests: Vec<_> = (0..20).map(|seed| storm(seed).1).collect();
    let again: Vec<_> = (0..20).map(|seed| storm(seed).1).collect();
    assert_eq!(digests, again);
    let different: std::collections::BTreeSet<_> = digests.iter().collect();
    assert_eq!(different.len(), 20);
}
