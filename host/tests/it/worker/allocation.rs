//! A worker that allocates, with a strategy that does and says what a test tells it, in the simulator.

use async_trait::async_trait;
use contend::capability::database::Session;
use contend::capability::statement::{Action, Statement};
use contend::capability::strategy::{Allocated, Call, Capabilities, Death, Instance, Strategy};
use contend::explore::case::Case;
use contend::explore::simulate::simulate;
use contend::model::change::{Change, Settled};
use contend::model::error::{CallError, ErrorCount};
use contend::model::seen::Sight;
use contend::model::topology::Topology;
use contend::model::value::Value;
use contend::model::verdict::Verdict;
use contend::workload::ip_allocation::{Connect, IpAllocation};
use contend::workload::{Chosen, Workload};
use contend_dst::Recording;
use std::sync::Arc;

const ADDRESS: &str = "192.168.0.7";

/// The effect of an allocation, if any, its report, and the report of its release.
#[derive(Clone)]
struct Script {
    status: Option<&'static str>,
    says: Result<(), CallError>,
    /// It never says so.
    hangs: bool,
    releases: bool,
    says_of_release: Result<(), CallError>,
}

struct Scripted(Script);

struct ScriptedInstance {
    session: Box<dyn Session>,
    script: Script,
}

#[async_trait]
impl Strategy for Scripted {
    async fn instantiate(&self, given: Capabilities) -> Result<Box<dyn Instance>, Death> {
        Ok(Box::new(ScriptedInstance {
            session: given.first_session.expect("it was opened"),
            script: self.0.clone(),
        }))
    }
}

impl ScriptedInstance {
    async fn write(&mut self, sql: &str, values: &[&str]) {
        let values: Vec<_> = values.iter().map(|text| Value::from(*text)).collect();
        let write = Statement::of_host(sql, Action::Write);
        self.session.execute(&write, &values).await.unwrap();
    }
}

#[async_trait]
impl Instance for ScriptedInstance {
    async fn call(&mut self, call: Call) -> Result<Result<Option<Allocated>, CallError>, Death> {
        match call {
            Call::Allocate {
                pool_id,
                pool,
                marker,
            } => {
                if let Some(status) = self.script.status {
                    let insert = "INSERT INTO ip_allocations (address, subnet_id, pool_id, status, \
                                  marker) VALUES (?, ?, ?, ?, ?)";
                    let values = [ADDRESS, &pool.subnet, &pool_id, status, &marker];
                    self.write(insert, &values).await;
                }
                if self.script.hangs {
                    std::future::pending::<()>().await;
                }
                let allocated = Allocated {
                    address: ADDRESS.to_owned(),
                    attempts: 3,
                };
                Ok(self.script.says.clone().map(|()| Some(allocated)))
            }
            Call::Release {
                address, marker, ..
            } => {
                if self.script.releases {
                    let delete = "DELETE FROM ip_allocations WHERE address = ? AND marker = ?";
                    self.write(delete, &[&address, &marker]).await;
                }
                Ok(self.script.says_of_release.clone().map(|()| None))
            }
            other => panic!("{other:?} is no allocation"),
        }
    }

    fn take_errors(&mut self) -> Vec<ErrorCount> {
        Vec::new()
    }

    /// So that the host looks after each step that ended ok.
    fn leaves_doubt(&self) -> bool {
        true
    }

    async fn end(self: Box<Self>) {
        self.session.close().await;
    }
}

/// The one allocation of one worker, and what every-change-counted says of it.
fn allocate(script: Script, release: bool) -> (Change, Verdict) {
    judged(script, release, "every-change-counted")
}

/// The same, and what this checker says.
fn judged(script: Script, release: bool, checker: &str) -> (Change, Verdict) {
    let case = Case {
        seed: 1,
        workload: Workload {
            rows: 1,
            workers_per_row: 1,
            changes_per_worker: 1,
            kind: Chosen::new(IpAllocation {
                pools: vec![IpAllocation::published_pool()],
                release,
                connect: Connect::Endpoint,
                step_wait_ms: 0,
            }),
            ..Workload::default()
        },
        topology: Topology::default(),
        locks: None,
        settings: [].into(),
        faults: Vec::new(),
        autocommit_as_text: false,
        counts_found_rows: false,
        session: Default::default(),
        change_timeout_s: 600,
        stuck_after_s: 60,
        time_limit_s: None,
    };
    let strategy: Arc<dyn Strategy> = Arc::new(Scripted(script));
    let mut simulated = simulate(&case, &strategy, Recording::Off).unwrap();
    assert_eq!(simulated.changes.len(), 1);
    let mut answers = simulated.judgement.answers.into_iter();
    let answer = answers.find(|answer| answer.checker == checker);
    (simulated.changes.remove(0), answer.unwrap().verdict)
}

fn script(status: Option<&'static str>, says: Result<(), CallError>) -> Script {
    Script {
        status,
        says,
        hangs: false,
        releases: true,
        says_of_release: Ok(()),
    }
}

fn lost() -> Result<(), CallError> {
    Err(CallError::indefinite("lost", "nobody answered"))
}

fn refused() -> Result<(), CallError> {
    Err(CallError::rejected("exhausted", "there is none"))
}

#[test]
fn report_of_a_step_is_kept_and_an_allocation_without_a_release_is_ok() {
    let (change, counted) = allocate(script(Some("ALLOCATED"), Ok(())), false);
    let allocation = change.allocation.as_ref().unwrap();
    assert_eq!(allocation.address.as_deref(), Some(ADDRESS));
    assert_eq!(allocation.attempts, Some(3));
    assert!(change.is_ok() && change.release.is_none());
    assert_eq!((change.acquire.settled, counted), (None, Verdict::Valid));
}

#[test]
fn settling_restores_what_it_must() {
    let (change, counted) = allocate(script(Some("ALLOCATED"), Ok(())), true);
    assert!(change.is_ok() && change.release.is_some());
    assert_eq!(counted, Verdict::Valid);
    let mut keeps = script(Some("ALLOCATED"), Ok(()));
    keeps.releases = false;
    let (_, counted) = allocate(keeps, true);
    assert_eq!(counted.as_str(), "violated", "it was said to be given back");
}

#[test]
fn an_allocation_whose_answer_was_lost_is_settled_by_the_data() {
    let (change, counted) = allocate(script(Some("ALLOCATED"), lost()), false);
    assert_eq!(change.acquire.settled, Some(Settled::TookEffect));
    let allocation = change.allocation.as_ref().unwrap();
    assert_eq!(allocation.address.as_deref(), Some(ADDRESS));
    assert_eq!((allocation.attempts, counted), (None, Verdict::Valid));
    let (change, counted) = allocate(script(None, lost()), false);
    assert_eq!(change.acquire.settled, Some(Settled::NoEffect));
    assert_eq!(change.allocation.unwrap().address, None);
    assert_eq!(counted, Verdict::Valid);
}

#[test]
fn late_allocation_is_released_through_the_strategy() {
    let (change, counted) = allocate(script(Some("ALLOCATED"), lost()), true);
    assert!(
        change
            .release
            .is_some_and(|release| release.outcome.is_ok())
    );
    assert_eq!(counted, Verdict::Valid);
}

#[test]
fn a_reservation_that_was_left_settles_nothing() {
    for status in ["RESERVED", "REQUESTED"] {
        let (change, counted) = allocate(script(Some(status), lost()), false);
        assert_eq!(change.acquire.settled, Some(Settled::Unknown), "{status}");
        assert_eq!(counted, Verdict::Valid, "{status}");
    }
    let (change, _) = allocate(script(Some("RECYCLABLE"), lost()), false);
    assert_eq!(change.acquire.settled, Some(Settled::NoEffect));
}

#[test]
fn a_failure_that_took_an_address_is_a_lie() {
    let (change, counted) = allocate(script(Some("ALLOCATED"), refused()), false);
    assert_eq!(change.acquire.settled, Some(Settled::TookEffect));
    assert_eq!(counted.as_str(), "violated");
    let (_, counted) = allocate(script(None, Ok(())), false);
    assert_eq!(
        counted.as_str(),
        "violated",
        "it took none, and said that it had"
    );
}

#[test]
fn a_release_whose_answer_was_lost_is_settled_by_the_data() {
    for (releases, settled) in [(true, Settled::TookEffect), (false, Settled::NoEffect)] {
        let mut script = script(Some("ALLOCATED"), Ok(()));
        script.releases = releases;
        script.says_of_release = lost();
        let (change, counted) = allocate(script, true);
        assert_eq!(change.release.unwrap().settled, Some(settled));
        assert_eq!(counted, Verdict::Valid, "{settled:?}");
    }
}

#[test]
fn release_that_is_denied_and_whose_row_is_gone_is_not_laid_at_its_door() {
    let mut script = script(Some("ALLOCATED"), Ok(()));
    script.says_of_release = refused();
    let (change, counted) = allocate(script, true);
    assert_eq!(change.release.unwrap().settled, Some(Settled::Unknown));
    let why = counted.why().unwrap();
    assert!(
        why.contains("the allocation was lost, or it was given back"),
        "{why}"
    );
}

#[test]
fn tables_are_looked_at_after_an_ok_that_is_in_doubt() {
    let checker = "effect-before-ok";
    let shown = |step: &contend::model::change::Step| step.seen.as_ref().unwrap().found.clone();
    let there = Sight::Address(Some(ADDRESS.to_owned()));
    let gone = Sight::Address(None);
    let (change, told) = judged(script(Some("ALLOCATED"), Ok(())), true, checker);
    assert_eq!(shown(&change.acquire), there);
    assert_eq!(shown(&change.release.unwrap()), gone);
    assert_eq!(told, Verdict::Valid);
    let (change, told) = judged(script(None, Ok(())), false, checker);
    assert_eq!((shown(&change.acquire), told.as_str()), (gone, "violated"));
    let mut keeps = script(Some("ALLOCATED"), Ok(()));
    keeps.releases = false;
    let (change, told) = judged(keeps, true, checker);
    let release = change.release.unwrap();
    assert_eq!((shown(&release), told.as_str()), (there, "violated"));
}

#[test]
fn allocation_that_hangs_is_stuck_unless_its_own_request_is_pending() {
    for (status, code) in [
        (None, "stuck"),
        (Some("ALLOCATED"), "stuck"),
        // Who has asked may be at work.
        (Some("RESERVED"), "change-timeout"),
        (Some("REQUESTED"), "change-timeout"),
    ] {
        let mut hangs = script(status, Ok(()));
        hangs.hangs = true;
        let (change, _) = allocate(hangs, false);
        let reason = change.acquire.outcome.reason().unwrap();
        assert_eq!(reason.code, code, "{status:?}");
    }
}
