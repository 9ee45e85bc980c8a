//! A third kind of workload, which is here alone: workers increment rows, and every ok increment must
//! be in the sum. It runs in every world, and shows that a kind is one folder and a line in the registry.

mod kind;

use self::kind::{Counters, Increments, integer};
use crate::support::lab::lab;
use async_trait::async_trait;
use contend::backend::tenancy;
use contend::backend::url::DatabaseUrl;
use contend::capability::clock::Clock;
use contend::capability::database::{Database, Session};
use contend::capability::sql_policy::SqlPolicy;
use contend::capability::strategy::{Allocated, Call, Capabilities, Death, Instance, Strategy};
use contend::explore::case::Case;
use contend::explore::simulation::Simulation;
use contend::model::error::{CallError, ErrorCount, ErrorKind};
use contend::model::topology::Topology;
use contend::model::value::Value;
use contend::model::verdict::{Judgement, Verdict};
use contend::plan::{Plan, SimulatedWorld, workload_file};
use contend::run_dir::{ANY_SIZE_MIB, RunDir};
use contend::trial::interrupts::Interrupts;
use contend::trial::real::RealWorld;
use contend::trial::{self, Rules, Shared, Trial};
use contend::workload::final_state::{FinalState, OfNodes};
use contend::workload::{Workload, WorkloadKind, kinds};
use contend_dst::Recording;
use serde_json::json;
use std::sync::Arc;

const MS: u64 = 1_000_000;

/// A strategy without a component.
#[derive(Debug, Clone, Copy)]
enum Adder {
    /// Increments in one statement.
    Right,
    /// Reads, and writes one more than it read.
    ReadsAndWrites,
    /// Reports an increment that it did not make.
    SaysOk,
    /// Increments by two.
    Twice,
}

struct Adding {
    adder: Adder,
    session: Box<dyn Session>,
    policy: Arc<SqlPolicy>,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Strategy for Adder {
    async fn instantiate(&self, given: Capabilities) -> Result<Box<dyn Instance>, Death> {
        Ok(Box::new(Adding {
            adder: *self,
            session: given.first_session.expect("it was opened"),
            policy: given.sql_policy,
            clock: given.clock,
        }))
    }
}

#[async_trait]
impl Instance for Adding {
    async fn call(&mut self, call: Call) -> Result<Result<Option<Allocated>, CallError>, Death> {
        let Call::Change(change) = call else {
            panic!("{call:?} is no increment")
        };
        let row = [Value::from(change.row)];
        loop {
            match self.add(&row).await {
                Err(error) if error.kind == ErrorKind::Conflict => self.clock.sleep(MS).await,
                added => return Ok(added.map(|()| None)),
            }
        }
    }

    fn take_errors(&mut self) -> Vec<ErrorCount> {
        Vec::new()
    }

    async fn end(self: Box<Self>) {
        self.session.close().await;
    }
}

impl Adding {
    async fn add(&mut self, row: &[Value]) -> Result<(), CallError> {
        let n = match self.adder {
            Adder::Right => "n + 1".to_owned(),
            Adder::ReadsAndWrites => {
                let read = self.policy.admit("SELECT n FROM counters WHERE id = ?")?;
                let found = self.session.query(&read, row).await?;
                self.clock.sleep(MS).await;
                let n: i64 = found.into_iter().flatten().map(integer).sum();
                (n + 1).to_string()
            }
            Adder::SaysOk => return Ok(()),
            Adder::Twice => "n + 2".to_owned(),
        };
        let write = format!("UPDATE counters SET n = {n} WHERE id = ?");
        let write = self.policy.admit(&write)?;
        self.session.execute(&write, row).await.map(|_| ())
    }
}

/// The workload, from a file as a user writes it.
fn workload() -> Workload {
    kinds::add(&Increments);
    let file = "kind = \"increments\"\nrows = 2\nworkers_per_row = 3\nhold_ms = 0\n";
    workload_file::part(file).unwrap().workload().unwrap()
}

/// A plan as a folder has it.
fn plan(database: DatabaseUrl, seed: u64) -> Plan {
    let is_simulated = matches!(database, DatabaseUrl::Sim(_));
    let recorded = json!({
        "runner_version": "0",
        "contract": "none",
        "workload_name": "2x3",
        "workload": serde_json::to_value(workload()).unwrap(),
        "trials": [{"name": "adder", "component": "none", "digest": "none", "imports": []}],
        "database": "sim",
        "autocommit_writes": "prepared",
        "locks": "memory",
        "settings": {},
        "seed": seed,
        "memory_mib": 64,
        "computing_ms": 1000,
        "change_timeout_s": 60,
        "time_limit_s": null,
    });
    Plan {
        simulated: is_simulated.then(|| SimulatedWorld {
            model: None,
            topology: Topology::default(),
            faults: Vec::new(),
        }),
        // As JSON it would be without its password.
        database,
        ..serde_json::from_value(recorded).unwrap()
    }
}

/// Runs it in the world of its database, and judges what its folder says.
async fn run(plan: Plan, adder: Adder) -> Judgement {
    let parent = tempfile::tempdir().unwrap();
    let run = RunDir::create(&parent.path().join("run"), &plan).unwrap();
    let folder = run.create_trial("adder").unwrap();
    let (strategy, interrupts): (Arc<dyn Strategy>, _) = (Arc::new(adder), Interrupts::never());
    if let Some(world) = &plan.simulated {
        let case = Case::planned(&plan, &plan.trials[0], world);
        let history = folder.begin_history().unwrap();
        let simulation = Simulation::new(&case, &strategy, history, Recording::Off);
        simulation.run().unwrap().record.write(&folder).unwrap();
    } else {
        let (url, nodes, options) = (&plan.database, &plan.nodes, plan.session_options());
        let is_taken =
            async |database: &dyn Database| plan.workload.has_taken_tables(database).await;
        let reserved = tenancy::reserve(url, nodes, options, is_taken).await;
        let tenancy = reserved.unwrap().unwrap();
        let trial = Trial {
            plan: &plan,
            planned: &plan.trials[0],
            strategy,
            shared: Shared {
                interrupts: &interrupts,
                lab: None,
                tenancy: &tenancy,
            },
        };
        let world = RealWorld::open(&trial, &folder, &|_| ()).await.unwrap();
        let rules = Rules {
            workload: &plan.workload,
            interrupts: &interrupts,
            time_limit_s: None,
            stuck_after_s: 0,
            whole_from: 0,
        };
        let record = |record: trial::record::Record| record.write(&folder);
        trial::run(&world, &rules, record).await.unwrap();
        tenancy.end().await;
    }
    let (run, plan) = RunDir::open(run.path(), ANY_SIZE_MIB).unwrap();
    let record = run.trial("adder").load().unwrap().unwrap();
    let ok = record
        .history
        .changes
        .iter()
        .filter(|change| change.is_ok());
    assert_eq!(ok.count(), 60);
    record.judge(&plan.workload)
}

/// Asserts that the right adder is right on this database and the wrong ones are found out.
async fn finds_lost_increments(database: &str) {
    for seed in 1..=3 {
        let judged = async |adder| {
            let plan = plan(database.parse().unwrap(), seed);
            run(plan, adder).await
        };
        let right = judged(Adder::Right).await;
        assert_eq!(right.verdict, Verdict::Valid, "{right:#?}");
        for adder in [Adder::ReadsAndWrites, Adder::SaysOk, Adder::Twice] {
            let wrong = judged(adder).await;
            assert!(matches!(wrong.verdict, Verdict::Violated(_)), "{wrong:#?}");
            let answer = &wrong.answers[0];
            let why = answer.verdict.why().unwrap_or_default();
            assert!(why.contains("of its increments 30 ended ok"), "{wrong:#?}");
            assert!(answer.about.is_some());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_increment_is_found_on_sqlite() {
    finds_lost_increments("sqlite").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_increment_is_found_on_the_cluster() {
    finds_lost_increments(&lab().endpoint_url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_increment_is_found_in_the_simulator() {
    finds_lost_increments("sim").await;
}

#[test]
fn key_of_another_kind_is_refused() {
    workload();
    let file = workload_file::part("kind = \"increments\"\naudit = true\n").unwrap();
    let refused = file.workload().unwrap_err().to_string();
    assert!(refused.contains("this one is increments"), "{refused}");
}

#[test]
fn nodes_that_differ_are_found() {
    let nodes = [("n1", 1), ("n2", 2)].map(|(node, n)| Counters {
        node: node.to_owned(),
        rows: vec![n],
    });
    let found = FinalState::own(OfNodes {
        nodes: nodes.into(),
        silent: Vec::new(),
        unseen: 0,
        has_primary: false,
        breakdowns: Vec::new(),
    });
    let judged = Increments.judge(&workload(), &[], Some(&found), None);
    let agree = &judged.answers[1].verdict;
    assert!(matches!(agree, Verdict::Violated(_)), "{judged:#?}");
}
