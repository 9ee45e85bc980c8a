//! A strategy that gives its lock back before its COMMIT. The timeline must show it, or the lock
//! service looks broken: it grants one lock to two workers, one soon after the other.

use async_trait::async_trait;
use contend::capability::clock::Clock;
use contend::capability::database::Session;
use contend::capability::lock::{LockSession, Mode, SessionOptions};
use contend::capability::statement::{Action, Statement};
use contend::capability::strategy::{
    Allocated, Call, Capabilities, Death, Instance, Strategy, Transition,
};
use contend::explore::case::Case;
use contend::explore::examine::{Found, SeedSearch};
use contend::explore::search::Seeds;
use contend::explore::simulate::simulate;
use contend::model::error::{CallError, ErrorCount};
use contend::model::sim_locks::SimLocks;
use contend::model::timeline::Lane;
use contend::model::topology::Topology;
use contend::model::value::Value;
use contend::plan::search::Varied;
use contend::workload::Workload;
use contend_dst::Recording;
use std::sync::Arc;

const MS: u64 = 1_000_000;

struct EarlyRelease;

struct Worker {
    session: Box<dyn Session>,
    locks: Box<dyn LockSession>,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Strategy for EarlyRelease {
    async fn instantiate(&self, given: Capabilities) -> Result<Box<dyn Instance>, Death> {
        let owner = format!("worker-{}.{}.0", given.worker, given.generation);
        let locks = given.locks.open(owner, SessionOptions::default()).await;
        Ok(Box::new(Worker {
            session: given.first_session.expect("it was opened"),
            locks: locks.map_err(|error| Death {
                code: "trap",
                message: error.to_string(),
            })?,
            clock: given.clock,
        }))
    }
}

#[async_trait]
impl Instance for Worker {
    async fn call(&mut self, call: Call) -> Result<Result<Option<Allocated>, CallError>, Death> {
        let Call::Change(transition) = call else {
            unreachable!("of volume-state");
        };
        for _ in 0..100 {
            match self.change(&transition).await {
                Ok(true) => return Ok(Ok(None)),
                Ok(false) => {}
                Err(error) => {
                    self.session.rollback().await.ok();
                    return Ok(Err(error));
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

impl Worker {
    async fn change(&mut self, t: &Transition) -> Result<bool, CallError> {
        let mut lock = self.locks.lock(vec![t.row.clone()], Mode::Exclusive)?;
        lock.acquire(60_000 * MS).await?;
        self.session.begin().await?;
        let look = Statement::of_host("SELECT status FROM volumes WHERE id = ?", Action::Read);
        let found = self.session.query(&look, &[t.row.clone().into()]).await?;
        if found != [[Value::from(t.from.clone())]] {
            self.session.rollback().await?;
            lock.release().await?;
            return Ok(false);
        }
        let write = "UPDATE volumes SET status = ?, attach_status = ? WHERE id = ?";
        let write = Statement::of_host(write, Action::Write);
        let values = [t.to.clone(), t.marker.clone(), t.row.clone()];
        self.session
            .execute(&write, &values.map(Value::from))
            .await?;
        lock.release().await?;
        self.clock.sleep(2 * MS).await;
        self.session.commit().await?;
        Ok(true)
    }
}

fn found(locks: Option<SimLocks>) -> Found {
    let strategy: Arc<dyn Strategy> = Arc::new(EarlyRelease);
    let case = Case {
        seed: 0,
        workload: Workload {
            rows: 1,
            workers_per_row: 2,
            changes_per_worker: 2,
            pause_ms: 0,
            hold_ms: 5,
            check_tries: 0,
            ..Workload::default()
        },
        topology: Topology {
            nodes: 1,
            ..Topology::default()
        },
        locks,
        settings: [].into(),
        faults: Vec::new(),
        autocommit_as_text: false,
        counts_found_rows: false,
        session: Default::default(),
        change_timeout_s: 60,
        stuck_after_s: 0,
        time_limit_s: None,
    };
    let search = SeedSearch {
        case: &case,
        varied: Varied::default(),
        classes: &"none".parse().unwrap(),
        simulate: &|case: &Case, recording: Recording| simulate(case, &strategy, recording),
        is_cancelled: &|| false,
    };
    let seeds = Seeds {
        first: 0,
        count: 200,
        time: None,
        jobs: 1,
    };
    let examined = search.examine(&seeds, &|_| {}).unwrap();
    examined.found.expect("two held the row at once")
}

#[test]
fn timeline_shows_a_lock_that_is_given_back_before_the_commit() {
    for locks in [Some(SimLocks::Lease), Some(SimLocks::Session), None] {
        let timeline = found(locks).timeline;
        let texts: Vec<_> = timeline.moments.iter().map(|moment| &moment.text).collect();
        let of_locks = |words: &str| {
            let mut moments = timeline.moments.iter();
            moments.position(|moment| moment.lane == Lane::Locks && moment.text.contains(words))
        };
        let granted = of_locks("grants volume-0 to");
        let given_back = of_locks("gives volume-0 back");
        let committed = texts.iter().position(|text| text.starts_with("COMMIT"));
        assert!(granted.is_some(), "{locks:?}: {texts:#?}");
        assert!(
            given_back < committed && given_back.is_some(),
            "{locks:?}: {texts:#?}"
        );
    }
}
