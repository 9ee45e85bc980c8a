//! Pins the model's results of a few cases: a developer who changes them must change the model's
//! version too, or tokens of before would replay other simulations than they were given for.
//!
//! The strategy is no component: neither its bytes nor what computing costs may bear on this.

use super::{Token, digest};
use crate::capability::clock::Clock;
use crate::capability::database::Session;
use crate::capability::lock::{LockSession, Mode, SessionOptions};
use crate::capability::statement::{Action, Statement};
use crate::capability::strategy::{
    Allocated, Call, Capabilities, Death, Instance, Strategy, Transition,
};
use crate::explore::case::Case;
use crate::explore::simulation::Simulation;
use crate::model::endpoint::Endpoint;
use crate::model::error::{CallError, ErrorCount, ErrorKind};
use crate::model::fault_class::FaultClass;
use crate::model::sim_fault::{Cut, FaultAction, SimFault};
use crate::model::sim_locks::SimLocks;
use crate::model::topology::Topology;
use crate::model::value::Value;
use crate::plan::MODEL;
use crate::record::journal::Journal;
use crate::sim::schedule::{self, Stage};
use crate::workload::Workload;
use async_trait::async_trait;
use contend_dst::Recording;
use std::sync::Arc;

const MS: u64 = 1_000_000;

/// Takes a lock of the service, and under it the row: half of the workers by compare-and-swap, the
/// others with a row lock.
struct Native;

struct NativeInstance {
    session: Box<dyn Session>,
    locks: Box<dyn LockSession>,
    clock: Arc<dyn Clock>,
    swaps: bool,
}

#[async_trait]
impl Strategy for Native {
    async fn instantiate(&self, given: Capabilities) -> Result<Box<dyn Instance>, Death> {
        let dead = |error: CallError| Death {
            code: "trap",
            message: error.to_string(),
        };
        let owner = format!("{}/{}", given.worker, given.generation);
        let locks = given.locks.open(owner, SessionOptions::default()).await;
        Ok(Box::new(NativeInstance {
            session: given.first_session.expect("it was opened"),
            locks: locks.map_err(dead)?,
            clock: given.clock,
            swaps: given.worker.is_multiple_of(2),
        }))
    }
}

#[async_trait]
impl Instance for NativeInstance {
    async fn call(&mut self, call: Call) -> Result<Result<Option<Allocated>, CallError>, Death> {
        let Call::Change(transition) = call else {
            unreachable!("a change of a row");
        };
        for _ in 0..50 {
            match self.try_once(&transition).await {
                Ok(true) => return Ok(Ok(None)),
                Ok(false) => {}
                Err(error) => {
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
        Vec::new()
    }

    async fn end(self: Box<Self>) {
        self.session.close().await;
        self.locks.close().await;
    }
}

impl NativeInstance {
    async fn try_once(&mut self, transition: &Transition) -> Result<bool, CallError> {
        let names = vec![transition.row.clone()];
        let mut lock = self.locks.lock(names, Mode::Exclusive)?;
        lock.acquire(60_000 * MS).await?;
        let moved = self.moves(transition).await;
        lock.close().await;
        moved
    }

    async fn moves(&mut self, transition: &Transition) -> Result<bool, CallError> {
        let Transition {
            row,
            from,
            to,
            marker,
        } = transition.clone();
        let row = Value::from(row);
        if self.swaps {
            let swap =
                "UPDATE volumes SET status = ?, attach_status = ? WHERE id = ? AND status = ?";
            let values = [to.into(), marker.into(), row, from.into()];
            let swap = Statement::of_host(swap, Action::Write);
            return Ok(self.session.execute(&swap, &values).await? == 1);
        }
        self.session.begin().await?;
        let read = "SELECT status FROM volumes WHERE id = ? FOR UPDATE";
        let read = Statement::of_host(read, Action::Read);
        let found = self
            .session
            .query(&read, std::slice::from_ref(&row))
            .await?;
        if found != [[Value::from(from)]] {
            self.session.rollback().await?;
            return Ok(false);
        }
        let set = "UPDATE volumes SET status = ?, attach_status = ? WHERE id = ?";
        let set = Statement::of_host(set, Action::Write);
        let values = [to.into(), marker.into(), row];
        self.session.execute(&set, &values).await?;
        self.session.commit().await?;
        Ok(true)
    }
}

/// Each kind of fault, and two that do the same at the same time.
fn faults() -> Vec<SimFault> {
    let (ms, worker, node) = (|ms: u64| ms * MS, 1, 1);
    let all = [
        (
            2,
            FaultAction::PauseWorker {
                worker,
                lasts: ms(300),
            },
        ),
        (20, FaultAction::CrashWorker { worker: 0 }),
        (
            30,
            FaultAction::DelayApply {
                node,
                lasts: ms(40),
            },
        ),
        (
            40,
            FaultAction::CutCommit {
                worker: 2,
                cut: Cut::During,
            },
        ),
        (45, FaultAction::BlindProxy { lasts: ms(3_000) }),
        (50, FaultAction::RestartLocks { lasts: ms(100) }),
        (200, FaultAction::FailoverLocks),
        (220, FaultAction::SkewLocks { ahead: ms(8_000) }),
        (
            240,
            FaultAction::CrashNode {
                node,
                lasts: ms(2_000),
            },
        ),
        (
            250,
            FaultAction::CrashNode {
                node,
                lasts: ms(9_000),
            },
        ),
        (
            300,
            FaultAction::Partition {
                nodes: vec![0],
                lasts: ms(8_000),
            },
        ),
    ];
    all.map(|(at, what)| SimFault { at: ms(at), what }).into()
}

fn case(seed: u64, faults: Vec<SimFault>) -> Case {
    let locks = [SimLocks::Lease, SimLocks::File, SimLocks::Session];
    Case {
        seed,
        workload: Workload {
            rows: 2,
            workers_per_row: 3,
            changes_per_worker: 4,
            pause_ms: 3,
            hold_ms: 2,
            check_wait_ms: 5,
            background_generators: 1,
            ..Workload::default()
        },
        topology: Topology {
            nodes: 3 + 2 * (seed % 2) as u32,
            regions: 1 + (seed % 3) as u32,
            snapshot_isolation: seed == 2,
            retry_autocommit: u32::from(seed == 3),
            ..Topology::default()
        },
        // None of them for seed 3: then they are in memory.
        locks: locks.get(seed as usize).copied(),
        settings: [].into(),
        faults,
        autocommit_as_text: seed == 3,
        counts_found_rows: false,
        session: Default::default(),
        change_timeout_s: 60,
        stuck_after_s: 0,
        time_limit_s: None,
    }
}

fn events(case: &Case) -> u16 {
    let strategy: Arc<dyn Strategy> = Arc::new(Native);
    let journal = Arc::new(Journal::in_memory());
    let simulation = Simulation::new(case, &strategy, journal, Recording::Digest);
    digest(&simulation.run().unwrap().log.digest())
}

/// The faults that seeds draw, which are part of a seed's course too.
fn drawn() -> u16 {
    let call = |worker| schedule::Call {
        worker,
        sent: 1_000 * u64::from(worker),
        answered: 5_000 * u64::from(worker),
    };
    let stage = Stage {
        nodes: 3,
        workers: 6,
        length: 300 * MS,
        calls: (0..6).map(call).collect(),
        has_locks: true,
        has_standbys: false,
        lease: 10_000 * MS,
    };
    let all = (0..100).flat_map(|seed| schedule::draw(seed, &FaultClass::ALL, &stage));
    digest(&all.map(|fault| fault.to_string()).collect::<String>())
}

#[test]
fn a_model_that_takes_another_course_has_another_number() {
    let quiet = [0, 1, 2, 3].map(|seed| events(&case(seed, Vec::new())));
    let faulty = [0, 1, 2].map(|seed| events(&case(seed, faults())));
    let pinned = (7, [50681, 40264, 65284, 57134], [50965, 8554, 24310], 59456);
    let found = (MODEL, quiet, faulty, drawn());
    assert_eq!(
        found, pinned,
        "the same seed takes another course than before: raise MODEL and pin the new digests (left)"
    );
}

#[test]
fn endpoint_is_part_of_a_simulation_and_of_its_token() {
    let all = case(0, Vec::new());
    let mut one = all.clone();
    one.topology.endpoint = Endpoint::OneWriter;
    assert_ne!(events(&one), events(&all));
    let token = |case: &Case| Token::new(case.seed, "component", case);
    assert_eq!(
        token(&one).differences(&token(&all)),
        ["the options are others"]
    );
    // Tokens that were given before there was a choice are still good.
    let text = serde_json::to_string(&all).unwrap();
    assert!(!text.contains("endpoint"), "{text}");
}
