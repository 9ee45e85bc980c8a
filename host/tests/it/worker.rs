//! One worker and one change: what is recorded of it, whatever the strategy says, and that the row is
//! free afterwards.

mod allocation;
mod cluster;
mod fixture;
mod readings;
mod stuck;

use crate::support::{Sandbox, hostile};
use cluster::Reads;
use contend::backend::sqlite::{Sqlite, SqliteLocation};
use contend::capability::database::Database;
use contend::capability::statement::{Action, Statement};
use contend::model::change::{Change, Restored, Settled};
use contend::model::error::CallError;
use contend::model::seen::Sight;
use contend::wasm::{Engine, Limits, WasmStrategy};
use contend::worker::try_set_up;
use contend::workload::Workload;
use contend::workload::stop::Stopper;
use fixture::{Effect, Left, Say, Script, Terms};
use std::path::Path;
use std::time::{Duration, Instant};

use Effect::{Happens, HappensAndTakenOver, LeftOpen, No, TakenOver};

fn indefinite() -> Say {
    Say::Error(CallError::indefinite("lost", "the answer was lost"))
}

fn rejected() -> Say {
    Say::Error(CallError::rejected("no", "it did not happen"))
}

fn one_change() -> Workload {
    Workload {
        rows: 1,
        changes_per_worker: 1,
        ..Workload::default()
    }
}

async fn keep_on(stopper: Stopper) {
    // The worker would take a dropped one for nobody who can stop it any more.
    drop(stopper);
}

async fn change(steps: &[(Effect, Say)], reads: Reads) -> (Change, String) {
    let Left {
        mut changes,
        status,
        ..
    } = fixture::run(Script::of(steps), reads, one_change(), keep_on).await;
    assert_eq!(changes.len(), 1);
    (changes.remove(0), status)
}

/// The result of settling for acquire and for release, and true if the host gave the row back.
type Found = (Option<Settled>, Option<Option<Settled>>, bool);

async fn found(acquire: (Effect, Say), release: (Effect, Say), reads: Reads) -> (Found, String) {
    let (change, status) = change(&[acquire, release], reads).await;
    let release = change.release.map(|release| release.settled);
    let restored = change.restored == Restored::Yes;
    ((change.acquire.settled, release, restored), status)
}

const FREE: &str = "available";

#[tokio::test]
async fn an_acquire_that_is_not_ok_is_settled_by_the_data_and_what_it_took_is_released() {
    let took = Some(Settled::TookEffect);
    let not = Some(Settled::NoEffect);
    let ok = (Happens, Say::Ok);
    for (acquire, expected) in [
        ((Happens, Say::Ok), (None, Some(None), false)),
        ((Happens, indefinite()), (took, Some(None), false)),
        ((Happens, rejected()), (took, Some(None), false)),
        ((Happens, Say::Death), (took, Some(None), false)),
        ((Happens, Say::Nothing), (took, Some(None), false)),
        ((No, indefinite()), (not, None, false)),
        ((No, rejected()), (not, None, false)),
        ((No, Say::Death), (not, None, false)),
        // The dead instance's transaction is rolled back before anybody looks.
        ((LeftOpen, Say::Death), (not, None, false)),
        ((LeftOpen, Say::Nothing), (not, None, false)),
    ] {
        let told = format!("{acquire:?}");
        let (found, status) = found(acquire, ok.clone(), Reads::Right).await;
        assert_eq!((found, &*status), (expected, FREE), "{told}");
    }
}

#[tokio::test]
async fn a_row_that_the_strategy_does_not_release_is_given_back_by_the_host() {
    let took = Some(Settled::TookEffect);
    let not = Some(Settled::NoEffect);
    let ok = (Happens, Say::Ok);
    for (release, expected) in [
        ((Happens, indefinite()), (None, Some(took), false)),
        ((Happens, rejected()), (None, Some(took), false)),
        ((Happens, Say::Death), (None, Some(took), false)),
        ((No, indefinite()), (None, Some(not), true)),
        ((No, rejected()), (None, Some(not), true)),
        ((No, Say::Death), (None, Some(not), true)),
        ((No, Say::Nothing), (None, Some(not), true)),
        ((LeftOpen, Say::Death), (None, Some(not), true)),
    ] {
        let told = format!("{release:?}");
        let (found, status) = found(ok.clone(), release, Reads::Right).await;
        assert_eq!((found, &*status), (expected, FREE), "{told}");
    }
}

/// The result of settling for a step on a row that another worker has then, and whether a release was asked
/// for or the host gave the row back.
async fn found_taken_over(steps: &[(Effect, Say)], audit: bool) -> (Option<Settled>, bool) {
    let workload = Workload {
        audit,
        ..one_change()
    };
    let left = fixture::run(Script::of(steps), Reads::Right, workload, keep_on).await;
    let change = &left.changes[0];
    assert_eq!((change.restored, &*left.status), (Restored::No, "deleting"));
    let last = change.steps().last().unwrap();
    (last.settled, change.release.is_some())
}

#[tokio::test]
async fn acquire_whose_row_was_taken_over_is_settled_by_the_audit_and_not_released() {
    let (took, not) = (Some(Settled::TookEffect), Some(Settled::NoEffect));
    let unknown = Some(Settled::Unknown);
    for (effect, audited) in [(HappensAndTakenOver, took), (TakenOver, not)] {
        for say in [indefinite(), rejected(), Say::Death] {
            let steps = [(effect, say)];
            let found = found_taken_over(&steps, true).await;
            assert_eq!(found, (audited, false), "{steps:?}");
            let found = found_taken_over(&steps, false).await;
            assert_eq!(found, (unknown, false), "{steps:?}");
        }
    }
}

#[tokio::test]
async fn release_of_a_row_that_was_taken_over_is_settled_by_the_audit() {
    let (took, not) = (Some(Settled::TookEffect), Some(Settled::NoEffect));
    let unknown = Some(Settled::Unknown);
    for (effect, audited) in [(HappensAndTakenOver, took), (TakenOver, not)] {
        for say in [indefinite(), rejected(), Say::Death, Say::Nothing] {
            let steps = [(Happens, Say::Ok), (effect, say)];
            let found = found_taken_over(&steps, true).await;
            assert_eq!(found, (audited, true), "{steps:?}");
            let found = found_taken_over(&steps, false).await;
            assert_eq!(found, (unknown, true), "{steps:?}");
        }
    }
}

#[tokio::test]
async fn silent_nodes_leave_only_the_restored_steps_known() {
    let (took, not) = (Some(Settled::TookEffect), Some(Settled::NoEffect));
    let unknown = Some(Settled::Unknown);
    let ok = (Happens, Say::Ok);
    for (acquire, release, expected) in [
        ((Happens, indefinite()), ok.clone(), (took, None, true)),
        ((No, indefinite()), ok.clone(), (unknown, None, false)),
        (ok.clone(), (No, indefinite()), (None, Some(not), true)),
        (
            ok.clone(),
            (Happens, indefinite()),
            (None, Some(unknown), false),
        ),
    ] {
        let told = format!("{acquire:?}, {release:?}");
        let (found, status) = found(acquire, release, Reads::Never).await;
        assert_eq!((found, &*status), (expected, FREE), "{told}");
    }
}

#[tokio::test]
async fn that_nothing_happened_must_be_said_by_several_nodes_more_than_once() {
    let took = Some(Settled::TookEffect);
    let acquire = (Happens, indefinite());
    let (found, _) = found(acquire, (Happens, Say::Ok), Reads::NotAtFirst(6)).await;
    assert_eq!(found, (took, Some(None), false));
}

#[tokio::test]
async fn a_node_that_the_others_have_shut_out_is_not_waited_for() {
    let (took, not) = (Some(Settled::TookEffect), Some(Settled::NoEffect));
    let ok = (Happens, Say::Ok);
    let shut_out = Reads::OneStandsStill(1);
    let (change, status) = change(&[ok.clone(), ok.clone()], shut_out).await;
    assert!(change.check.unwrap().agreed, "{change:?}");
    assert_eq!(status, FREE);
    let (told, _) = found((No, indefinite()), ok.clone(), shut_out).await;
    assert_eq!(told, (not, None, false));
    let (told, _) = found((Happens, indefinite()), ok, shut_out).await;
    assert_eq!(told, (took, Some(None), false));
}

#[tokio::test]
async fn restoring_that_lost_its_answer_claims_nothing() {
    let steps = [(Happens, Say::Ok), (No, indefinite())];
    let reads = Reads::RightButWritesOfTheHostAreLost;
    let (change, status) = change(&steps, reads).await;
    assert_eq!((change.restored, &*status), (Restored::Unclear, FREE));
    // What was read before is known all the same.
    let release = change.release.unwrap();
    assert_eq!(release.settled, Some(Settled::NoEffect));
}

#[tokio::test]
async fn the_check_after_acquire_has_its_tries_and_a_node_that_is_away_costs_none() {
    let ok = [(Happens, Say::Ok), (Happens, Say::Ok)];
    // Of both nodes, and once more causally when the first try did not find it.
    let (change_seen, _) = change(&ok, Reads::NotAtFirst(6)).await;
    let check = change_seen.check.unwrap();
    let looked = change_seen.acquire.seen.expect("a causal reading");
    assert_eq!(looked.found, Sight::Row(None));
    assert_eq!((check.tries, check.agreed), (3, true));
    let (unseen, _) = change(&ok, Reads::NotAtFirst(14)).await;
    let check = unseen.check.unwrap();
    assert_eq!((check.tries, check.agreed), (6, false));
    assert!(!unseen.is_ok(), "it is counted as an error");
    let (away, status) = change(&ok, Reads::Never).await;
    let check = away.check.unwrap();
    assert_eq!((check.tries, check.agreed), (0, false));
    assert_eq!(status, FREE, "it is released all the same");
}

#[tokio::test]
async fn asked_to_abandon_it_waits_for_no_slow_node() {
    let workload = Workload {
        check_wait_ms: 3_600_000,
        ..one_change()
    };
    let script = Script::of(&[]);
    let left = fixture::run(script, Reads::NotAtFirst(4), workload, async |stopper| {
        tokio::time::sleep(Duration::from_millis(50)).await;
        stopper.finish();
        stopper.abandon();
    })
    .await;
    assert!(!left.changes[0].check.unwrap().agreed);
    assert_eq!(left.status, FREE);
}

const COMPUTING: Duration = Duration::from_millis(300);

fn load(component: &Path) -> WasmStrategy {
    let limits = Limits {
        memory_bytes: 8 << 20,
        computing: COMPUTING,
    };
    Engine::new(limits, 2).unwrap().load(component).unwrap()
}

#[tokio::test]
async fn a_guest_that_computes_lets_others_of_its_thread_go_on() {
    let terms = Terms {
        settings: [("attack".to_owned(), "endless-loop".to_owned())].into(),
        change_timeout: Duration::from_secs(600),
    };
    let (reads, workload) = (Reads::Right, one_change());
    let mut turns = 0;
    // These tests have one thread for everything.
    let left = fixture::run_on(terms, load(hostile()), reads, workload, async |_| {
        let began = Instant::now();
        while began.elapsed() < COMPUTING / 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
            turns += 1;
        }
    })
    .await;
    let acquire = &left.changes[0].acquire;
    assert_eq!(acquire.outcome.reason().unwrap().code, "computing-limit");
    assert!(turns > 1, "it had the thread for itself: {turns}");
}

#[tokio::test]
async fn a_session_is_opened_before_the_clock_starts_and_is_the_one_that_the_strategy_gets() {
    let built = Sandbox::new().run("build cas");
    let cas = load(Path::new(built.stdout.trim()));
    let left = fixture::run(cas, Reads::Right, one_change(), keep_on).await;
    assert!(left.changes[0].is_ok(), "{:?}", left.changes);
    assert_eq!(left.sessions, (1, 1));
}

#[tokio::test]
async fn it_waits_before_it_acquires_and_before_it_releases() {
    // The clock of these tests makes a hundredth of each wait.
    let workload = Workload {
        pause_ms: 4_000,
        hold_ms: 6_000,
        changes_per_worker: 2,
        ..one_change()
    };
    let left = fixture::run(Script::of(&[]), Reads::Right, workload, keep_on).await;
    let mut free_since = 0;
    for change in &left.changes {
        let release = change.release.as_ref().unwrap();
        assert!(change.acquire.invoked - free_since >= 40_000_000);
        assert!(release.invoked - change.acquire.returned >= 60_000_000);
        free_since = release.returned;
    }
    assert_eq!(left.changes.len(), 2);
}

#[tokio::test]
async fn an_instance_that_is_never_made_costs_its_changes_and_no_more() {
    let mut script = Script::of(&[]);
    script.never_made = true;
    let left = fixture::run(script, Reads::Right, one_change(), keep_on).await;
    let reason = left.changes[0].acquire.outcome.reason().unwrap();
    assert_eq!(reason.code, "change-timeout");
    assert_eq!(left.status, FREE);
}

#[tokio::test]
async fn asked_to_finish_it_finishes_its_change_and_begins_no_other() {
    let workload = Workload {
        changes_per_worker: 1000,
        hold_ms: 10_000,
        pause_ms: 0,
        ..one_change()
    };
    let left = fixture::run(Script::of(&[]), Reads::Right, workload, async |stopper| {
        tokio::time::sleep(Duration::from_millis(50)).await;
        stopper.finish();
    })
    .await;
    assert_eq!(left.changes.len(), 1);
    assert!(left.changes[0].is_ok());
    assert_eq!(left.status, FREE);
}

#[tokio::test]
async fn asked_to_abandon_it_leaves_the_step_under_way_and_settles_it() {
    let script = Script::of(&[(Happens, Say::Nothing)]);
    let left = fixture::run(script, Reads::Right, one_change(), async |stopper| {
        tokio::time::sleep(Duration::from_millis(50)).await;
        stopper.finish();
        stopper.abandon();
    })
    .await;
    let acquire = &left.changes[0].acquire;
    assert_eq!(acquire.outcome.reason().unwrap().code, "run-stopped");
    assert_eq!(acquire.settled, Some(Settled::TookEffect));
    assert_eq!(left.status, FREE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_that_the_server_lacks_is_an_error_before_the_trial() {
    let database = Sqlite::open(SqliteLocation::Memory).await.unwrap();
    let lacking = Statement::of_host("SET SESSION wsrep_sync_wait = 1", Action::Set);
    let error = try_set_up(&database, &[lacking]).await.unwrap_err();
    assert_eq!(error.code, "unsupported");
    assert_eq!(try_set_up(&database, &[]).await, Ok(()));
    database.close().await;
}
