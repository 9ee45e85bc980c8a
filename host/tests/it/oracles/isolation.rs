//! Strategies that are right on one InnoDB server because of its locks or its snapshots, and wrong on
//! several nodes. Native ones: neither a component nor its bytes bear on what the model does.

use async_trait::async_trait;
use contend::capability::clock::Clock;
use contend::capability::database::Session;
use contend::capability::statement::{Action, Statement};
use contend::capability::strategy::{
    Allocated, Call, Capabilities, Death, Instance, Strategy, Transition,
};
use contend::explore::case::Case;
use contend::explore::outcome::Simulated;
use contend::explore::simulate::simulate;
use contend::model::error::{CallError, ErrorCount, ErrorKind, count_error};
use contend::model::pool::{Pool, address_at, number};
use contend::model::topology::Topology;
use contend::model::value::Value;
use contend::sim::event::{Weakness, What};
use contend::workload::ip_allocation::{Connect, IpAllocation};
use contend::workload::{Chosen, Workload};
use contend_dst::Recording;
use std::sync::Arc;

const MS: u64 = 1_000_000;

/// Makes of each call transactions, which are tried again after a conflict.
struct Transactions {
    level: &'static str,
    /// The locking clause of what is read before it is written.
    clause: &'static str,
}

struct Worker {
    session: Box<dyn Session>,
    clock: Arc<dyn Clock>,
    clause: &'static str,
    errors: Vec<ErrorCount>,
}

#[async_trait]
impl Strategy for Transactions {
    async fn instantiate(&self, given: Capabilities) -> Result<Box<dyn Instance>, Death> {
        let mut worker = Worker {
            session: given.first_session.expect("it was opened"),
            clock: given.clock,
            clause: self.clause,
            errors: Vec::new(),
        };
        let set = format!("SET SESSION TRANSACTION ISOLATION LEVEL {}", self.level);
        worker.run(&set, &[]).await.map_err(|error| Death {
            code: "trap",
            message: error.to_string(),
        })?;
        Ok(Box::new(worker))
    }
}

#[async_trait]
impl Instance for Worker {
    async fn call(&mut self, call: Call) -> Result<Result<Option<Allocated>, CallError>, Death> {
        for _ in 0..200 {
            let tried = match &call {
                Call::Change(transition) => self.change(transition).await,
                Call::Allocate {
                    pool_id,
                    pool,
                    marker,
                } => self.allocate(pool_id, pool, marker).await,
                Call::Release {
                    address, marker, ..
                } => self.free(address, marker).await,
                other => panic!("{other:?} is none of its calls"),
            };
            match tried {
                Ok(Some(done)) => return Ok(Ok(done)),
                Ok(None) => {}
                Err(error) => {
                    count_error(&mut self.errors, &error);
                    self.session.rollback().await.ok();
                    if error.kind != ErrorKind::Conflict {
                        return Ok(Err(error));
                    }
                }
            }
            self.clock.sleep(5 * MS).await;
        }
        Ok(Err(CallError::conflict("gave-up", "others were quicker")))
    }

    fn take_errors(&mut self) -> Vec<ErrorCount> {
        std::mem::take(&mut self.errors)
    }

    async fn end(self: Box<Self>) {
        self.session.close().await;
    }
}

/// The result of a call; nothing if another one was quicker.
type Tried = Result<Option<Option<Allocated>>, CallError>;

impl Worker {
    async fn run(&mut self, text: &str, values: &[Value]) -> Result<Vec<Vec<Value>>, CallError> {
        let action = match text.split_whitespace().next().unwrap() {
            "SELECT" => Action::Read,
            "SET" => Action::Set,
            _ => Action::Write,
        };
        let statement = Statement::of_host(text, action);
        match action {
            Action::Read => self.session.query(&statement, values).await,
            _ => {
                let affected = self.session.execute(&statement, values).await?;
                Ok(vec![vec![Value::Integer(affected as i64)]])
            }
        }
    }

    /// Reads, then writes, in one transaction.
    async fn change(&mut self, t: &Transition) -> Tried {
        self.session.begin().await?;
        let look = format!("SELECT status FROM volumes WHERE id = ? {}", self.clause);
        let found = self.run(&look, &[t.row.clone().into()]).await?;
        if found != [[Value::from(t.from.clone())]] {
            self.session.rollback().await?;
            return Ok(None);
        }
        let write = "UPDATE volumes SET status = ?, attach_status = ? WHERE id = ?";
        let values = [t.to.clone(), t.marker.clone(), t.row.clone()];
        self.run(write, &values.map(Value::from)).await?;
        self.session.commit().await?;
        Ok(Some(None))
    }

    /// Looks for a free address, and again in the transaction that inserts it.
    async fn allocate(&mut self, pool_id: &str, pool: &Pool, marker: &str) -> Tried {
        let taken = "SELECT address FROM ip_requests WHERE pool_id = ?";
        let taken = self.run(taken, &[pool_id.into()]).await?;
        let places = number(pool.first)..=number(pool.last);
        let mut addresses = places.map(|place| address_at(place, pool.first).unwrap().to_string());
        let is_free = |address: &String| !taken.contains(&vec![Value::from(address.clone())]);
        let Some(address) = addresses.find(is_free) else {
            return Err(CallError::rejected("exhausted", "all are taken"));
        };
        self.session.begin().await?;
        let look = format!(
            "SELECT id FROM ip_requests WHERE address = ? AND subnet_id = ? AND status = 'ALLOCATED' {}",
            self.clause
        );
        let own = [address.clone(), pool.subnet.clone()].map(Value::from);
        if !self.run(&look, &own).await?.is_empty() {
            self.session.rollback().await?;
            return Ok(None);
        }
        let insert = "INSERT INTO ip_requests (id, address, subnet_id, pool_id, status, marker) \
                      VALUES (?, ?, ?, ?, 'ALLOCATED', ?)";
        let values = [marker, &address, &pool.subnet, pool_id, marker];
        self.run(insert, &values.map(Value::from)).await?;
        self.session.commit().await?;
        let attempts = 1;
        Ok(Some(Some(Allocated { address, attempts })))
    }

    async fn free(&mut self, address: &str, marker: &str) -> Tried {
        let free = "DELETE FROM ip_requests WHERE address = ? AND marker = ?";
        self.run(free, &[address, marker].map(Value::from)).await?;
        Ok(Some(None))
    }
}

fn addresses() -> Workload {
    let pool = Pool {
        subnet: "192.168.0.0/28".to_owned(),
        first: [192, 168, 0, 2].into(),
        last: [192, 168, 0, 7].into(),
    };
    Workload {
        rows: 1,
        workers_per_row: 4,
        kind: Chosen::new(IpAllocation {
            pools: vec![pool],
            release: true,
            connect: Connect::Endpoint,
            step_wait_ms: 0,
        }),
        ..volumes()
    }
}

fn volumes() -> Workload {
    Workload {
        rows: 1,
        workers_per_row: 3,
        changes_per_worker: 3,
        pause_ms: 0,
        hold_ms: 1,
        check_tries: 3,
        check_wait_ms: 5,
        ..Workload::default()
    }
}

/// The results of so many seeds.
#[derive(Default)]
struct Found {
    violated: usize,
    /// Of these, those in which the model was weaker than a server, and how.
    weaker: Vec<Weakness>,
    ok: usize,
    conflicts: std::collections::BTreeSet<String>,
}

fn try_seeds(
    seeds: u64,
    strategy: Transactions,
    workload: &Workload,
    topology: &Topology,
) -> Found {
    let strategy: Arc<dyn Strategy> = Arc::new(strategy);
    let mut found = Found::default();
    for seed in 0..seeds {
        let case = Case {
            seed,
            workload: workload.clone(),
            topology: topology.clone(),
            locks: None,
            settings: [].into(),
            faults: Vec::new(),
            autocommit_as_text: false,
            counts_found_rows: false,
            session: Default::default(),
            change_timeout_s: 60,
            stuck_after_s: 0,
            time_limit_s: None,
        };
        found.add(&simulate(&case, &strategy, Recording::Keep).unwrap());
    }
    found
}

impl Found {
    fn add(&mut self, simulated: &Simulated) {
        for change in &simulated.changes {
            self.ok += usize::from(change.is_ok());
            let errors = change.steps().flat_map(|step| &step.errors);
            let conflicts = errors.filter(|error| error.kind == ErrorKind::Conflict);
            self.conflicts
                .extend(conflicts.map(|error| error.code.clone()));
        }
        if simulated.violation().is_some() {
            self.violated += 1;
            let weaker = simulated.events.iter().find_map(|event| match event.what {
                What::Weaker { how, .. } => Some(how),
                _ => None,
            });
            self.weaker.extend(weaker);
        }
    }
}

fn nodes(nodes: u32) -> Topology {
    Topology {
        nodes,
        ..Topology::default()
    }
}

#[test]
fn second_look_that_locks_holds_on_one_server_and_not_on_three() {
    for (level, clause) in [("REPEATABLE READ", "FOR UPDATE"), ("SERIALIZABLE", "")] {
        let strategy = || Transactions { level, clause };
        let one = try_seeds(150, strategy(), &addresses(), &nodes(1));
        assert_eq!(one.violated, 0, "{level} {clause}");
        assert!(one.ok > 0 && one.conflicts.contains("1213"), "{level}");
        let three = try_seeds(150, strategy(), &addresses(), &nodes(3));
        assert!(three.violated > 0, "{level} {clause}");
    }
    // Without gap locks, or without a lock at all, one server is not enough.
    for (level, clause) in [("READ COMMITTED", "FOR UPDATE"), ("REPEATABLE READ", "")] {
        let strategy = Transactions { level, clause };
        let one = try_seeds(150, strategy, &addresses(), &nodes(1));
        assert!(one.violated > 0, "{level} {clause}");
    }
}

#[test]
fn snapshot_isolation_on_one_server_refuses_every_lost_update() {
    let strategy = || Transactions {
        level: "REPEATABLE READ",
        clause: "",
    };
    let with_snapshots = |number| Topology {
        snapshot_isolation: true,
        ..nodes(number)
    };
    let one = try_seeds(300, strategy(), &volumes(), &with_snapshots(1));
    assert_eq!(one.violated, 0);
    assert!(one.ok > 0 && one.conflicts.contains("1020"));
    let without = try_seeds(50, strategy(), &volumes(), &nodes(1));
    assert!(without.violated > 0);
    // What is found on three nodes rests on the race, and says so.
    let three = try_seeds(300, strategy(), &volumes(), &with_snapshots(3));
    assert!(three.violated > 0);
    assert_eq!(three.weaker.len(), three.violated);
    assert!(
        three
            .weaker
            .iter()
            .all(|how| *how == Weakness::SnapshotRace)
    );
}

#[test]
fn serializable_reads_exclude_lost_updates_on_one_server() {
    let strategy = Transactions {
        level: "SERIALIZABLE",
        clause: "",
    };
    let one = try_seeds(150, strategy, &volumes(), &nodes(1));
    assert_eq!(one.violated, 0);
    assert!(one.ok > 0 && one.conflicts.contains("1213"));
}
