use super::*;
use crate::capability::database::{Session, Target};
use crate::capability::lock::{Lock, LockSession, Mode, SessionOptions};
use crate::capability::statement::{Action, Statement};
use crate::capability::strategy::{Allocated, Call, Capabilities, Death, Instance};
use crate::model::error::{CallError, ErrorCount, ErrorKind};
use crate::model::injection::Only;
use crate::model::sim_locks::SimLocks;
use crate::model::value::Value;
use async_trait::async_trait;
use std::collections::BTreeMap;

const NANOS_PER_MS: u64 = 1_000_000;

/// A flaw of a strategy.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Flaw {
    None,
    /// A commit whose answer was lost is taken for one that happened.
    CommitIsOk,
    /// The same is taken for one that did not happen.
    CommitIsFailed,
    /// The same is made again.
    CommitsAgain,
    /// A conflict is taken for success.
    ConflictIsOk,
    /// After a statement that was refused the transaction stays open.
    LeavesOpen,
    /// Once a change has failed, the lock is never given back.
    KeepsLock,
    /// Asks again at once, for ever, what is away.
    NeverGivesUp,
    Traps,
}

struct Native(Flaw);

struct NativeInstance {
    flaw: Flaw,
    capabilities: Capabilities,
    session: Option<Box<dyn Session>>,
    lock_session: Option<Box<dyn LockSession>>,
    locks: Vec<Box<dyn Lock>>,
    has_failed: bool,
}

#[async_trait]
impl Strategy for Native {
    async fn instantiate(&self, capabilities: Capabilities) -> Result<Box<dyn Instance>, Death> {
        Ok(Box::new(NativeInstance {
            flaw: self.0,
            capabilities,
            session: None,
            lock_session: None,
            locks: Vec::new(),
            has_failed: false,
        }))
    }
}

impl NativeInstance {
    async fn change(&mut self, call: &Call) -> Result<(), CallError> {
        loop {
            let error = match self.attempt(call).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            match (self.flaw, error.kind) {
                (Flaw::CommitIsOk, ErrorKind::Indefinite) => return Ok(()),
                (Flaw::CommitIsFailed, ErrorKind::Indefinite) => {
                    return Err(CallError::rejected("x", "it did not happen"));
                }
                (Flaw::ConflictIsOk, ErrorKind::Conflict) => return Ok(()),
                (Flaw::CommitsAgain, ErrorKind::Indefinite) | (_, ErrorKind::Conflict) => {
                    self.capabilities.clock.sleep(10 * NANOS_PER_MS).await;
                }
                (Flaw::NeverGivesUp, ErrorKind::Unavailable) => {}
                _ => return Err(error),
            }
        }
    }

    async fn attempt(&mut self, call: &Call) -> Result<(), CallError> {
        if self.session.is_none() {
            // As the host of a component does.
            let first = self.capabilities.first_session.take();
            let database = &self.capabilities.database;
            self.session = Some(match first {
                Some(session) => session,
                None => database.connect(&Target::Endpoint).await?,
            });
        }
        if self.flaw == Flaw::KeepsLock {
            self.lock().await?;
        }
        let session = self.session.as_mut().unwrap();
        session.begin().await?;
        let written = write(&mut **session, call).await;
        if let Err(error) = written {
            if self.flaw != Flaw::LeavesOpen {
                session.rollback().await?;
            }
            return Err(error);
        }
        session.commit().await?;
        if self.has_failed {
            return Ok(());
        }
        for mut lock in self.locks.drain(..) {
            lock.release().await?;
            lock.close().await;
        }
        Ok(())
    }

    async fn lock(&mut self) -> Result<(), CallError> {
        if self.lock_session.is_none() {
            let owner = format!("worker-{}", self.capabilities.worker);
            let opened = self
                .capabilities
                .locks
                .open(owner, SessionOptions::default());
            self.lock_session = Some(opened.await?);
        }
        if self.locks.is_empty() {
            let session = self.lock_session.as_mut().unwrap();
            let mut lock = session.lock(vec!["row".to_owned()], Mode::Exclusive)?;
            lock.acquire(1_000 * NANOS_PER_MS).await?;
            self.locks.push(lock);
        }
        Ok(())
    }
}

/// Says `conflict` if the row is not as it should be.
async fn write(session: &mut dyn Session, call: &Call) -> Result<(), CallError> {
    let Call::Change(t) = call.clone() else {
        panic!("a change of a row");
    };
    let write = "UPDATE volumes SET status = ?, attach_status = ? WHERE id = ? AND status = ?";
    let write = Statement::of_host(write, Action::Write);
    let values = [t.to, t.marker, t.row, t.from].map(Value::from);
    match session.execute(&write, &values).await? {
        1 => Ok(()),
        _ => Err(CallError::conflict(
            "other-status",
            "the row is in another status",
        )),
    }
}

#[async_trait]
impl Instance for NativeInstance {
    async fn call(&mut self, call: Call) -> Result<Result<Option<Allocated>, CallError>, Death> {
        let changed = self.change(&call).await;
        self.has_failed |= changed.is_err();
        match (self.flaw, &changed) {
            (Flaw::Traps, Err(_)) => Err(Death {
                code: "trap",
                message: "unreachable".to_owned(),
            }),
            _ => Ok(changed.map(|()| None)),
        }
    }

    fn take_errors(&mut self) -> Vec<ErrorCount> {
        Vec::new()
    }

    async fn end(self: Box<Self>) {
        for lock in self.locks {
            lock.close().await;
        }
        if let Some(session) = self.lock_session {
            session.close().await;
        }
        if let Some(session) = self.session {
            session.close().await;
        }
    }
}

fn world() -> Case {
    small_world(&Case {
        seed: 7,
        workload: Workload {
            rows: 2,
            workers_per_row: 3,
            ..Workload::default()
        },
        topology: Topology::default(),
        locks: Some(SimLocks::Session),
        settings: BTreeMap::new(),
        faults: Vec::new(),
        autocommit_as_text: false,
        counts_found_rows: false,
        session: Default::default(),
        change_timeout_s: 60,
        stuck_after_s: 20,
        time_limit_s: None,
    })
}

fn run(flaw: Flaw, script: Script) -> Conducted {
    let strategy: Arc<dyn Strategy> = Arc::new(Native(flaw));
    conduct(&world(), &strategy, script).unwrap()
}

fn undisturbed(flaw: Flaw) -> Vec<Logged> {
    let conducted = run(flaw, Script::Undisturbed);
    assert_eq!(conducted.wrong, None, "{flaw:?}");
    conducted.log
}

/// Finds the violations, by injection.
fn found(flaw: Flaw, only: &str) -> BTreeMap<String, String> {
    let only = Only::new(only);
    let all = injections(&undisturbed(flaw));
    let some = all.into_iter().filter(|injection| only.takes(injection));
    let wrong = some.filter_map(|injection| {
        let conducted = run(flaw, Script::Once(injection));
        assert!(conducted.is_injected, "{injection}");
        Some((injection.to_string(), conducted.wrong?))
    });
    wrong.collect()
}

fn names(found: &BTreeMap<String, String>) -> Vec<&str> {
    found.keys().map(String::as_str).collect()
}

#[test]
fn the_calls_of_a_change_are_found_and_each_gives_what_it_can() {
    let log = undisturbed(Flaw::None);
    let calls = |change, step| -> Vec<_> {
        let place = injector::Place { change, step };
        let of_it = log.iter().filter(|logged| logged.place == place);
        of_it.map(|logged| logged.called.as_str()).collect()
    };
    let acquire = ["connect", "begin", "execute", "commit"];
    assert_eq!(calls(0, StepKind::Acquire), acquire);
    assert_eq!(calls(0, StepKind::Release), acquire[1..]);
    assert_eq!(
        calls(1, StepKind::Acquire),
        acquire[1..],
        "it is the first's"
    );
    assert_eq!(
        calls(2, StepKind::Acquire),
        acquire,
        "it is another instance's"
    );
    let each: Vec<_> = injections(&log).iter().map(ToString::to_string).collect();
    assert_eq!(each.len(), 2 + 2 * (3 + 4 + 5));
    assert_eq!(each[0], "acquire 1 connect unavailable");
    assert_eq!(each[25], "release 3 commit indefinite-not-done");
}

#[test]
fn honest_strategy_passes_whatever_is_injected() {
    assert_eq!(found(Flaw::None, ""), BTreeMap::new());
    for script in outages(&undisturbed(Flaw::None)) {
        let conducted = run(Flaw::None, script);
        assert!(conducted.is_injected);
        assert_eq!(conducted.wrong, None, "{script:?}");
    }
}

#[test]
fn a_lost_answer_taken_for_certainty_is_found_either_way() {
    let ok = found(Flaw::CommitIsOk, "acquire");
    let lies = [
        "acquire 3 execute indefinite-not-done",
        "acquire 4 commit indefinite-not-done",
    ];
    assert_eq!(names(&ok), lies);
    assert!(ok[lies[1]].contains("the acquire ended ok"), "{ok:#?}");
    assert!(ok[lies[1]].contains("every-change-counted"), "{ok:#?}");
    let failed = found(Flaw::CommitIsFailed, "acquire");
    assert_eq!(names(&failed), ["acquire 4 commit indefinite-done"]);
    let at_release = found(Flaw::CommitIsOk, "release 3");
    assert_eq!(names(&at_release), ["release 3 commit indefinite-not-done"]);
}

#[test]
fn strategy_that_repeats_an_indefinite_step_waits_for_itself() {
    let found = found(Flaw::CommitsAgain, "acquire 4 commit indefinite");
    assert_eq!(names(&found), ["acquire 4 commit indefinite-done"]);
    let why = found.values().next().unwrap();
    assert!(why.contains("had not ended after 60 s"), "{why}");
}

#[test]
fn a_conflict_taken_for_success_is_found_wherever_it_comes() {
    let found = found(Flaw::ConflictIsOk, "acquire");
    let conflicts = [
        "acquire 2 begin conflict",
        "acquire 3 execute conflict",
        "acquire 4 commit conflict",
    ];
    assert_eq!(names(&found), conflicts);
}

#[test]
fn open_transaction_blocks_the_next_change() {
    let found = found(Flaw::LeavesOpen, "acquire");
    assert_eq!(names(&found), ["acquire 3 execute rejected"]);
    let why = found.values().next().unwrap();
    assert!(why.contains("the same instance's next change"), "{why}");
    assert!(why.contains("transaction-open"), "{why}");
}

#[test]
fn lock_left_behind_blocks_another_instance() {
    let found = found(Flaw::KeepsLock, "acquire 6 execute rejected");
    let why = found.values().next().expect("it is wrong");
    assert!(why.contains("another instance's change"), "{why}");
    assert!(why.contains("stuck"), "{why}");
}

#[test]
fn endless_strategy_ends_by_the_timeout_and_a_trap_fails() {
    let waits = |log: &Logged| log.place.change == 0;
    for script in outages(&undisturbed(Flaw::NeverGivesUp)) {
        let conducted = run(Flaw::NeverGivesUp, script);
        assert_eq!(conducted.wrong, None, "{script:?}");
        assert!(conducted.is_timed_out);
        let kept = conducted.log.iter().filter(|log| waits(log)).count();
        assert!(kept <= 2 * MOST_LOGGED as usize);
    }
    let traps = found(Flaw::Traps, "release 3 commit unavailable");
    let why = traps.values().next().expect("it is wrong");
    assert_eq!(
        why,
        "its instance died in the release of the first change: unreachable (trap)"
    );
}

#[test]
fn the_same_script_is_the_same_again() {
    for injection in injections(&undisturbed(Flaw::ConflictIsOk)) {
        let run = || run(Flaw::ConflictIsOk, Script::Once(injection));
        let (one, other) = (run(), run());
        assert_eq!((one.wrong, one.log), (other.wrong, other.log));
    }
}
