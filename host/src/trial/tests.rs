//! The life of a trial in a fake world.

mod fake;

use self::fake::{Broken, FakeTrial};
use super::*;
use crate::model::change::StepKind;
use crate::worker::posts::Post;
use std::io;

/// Runs it, and returns how it ended.
fn how(trial: FakeTrial) -> Ended {
    let (ran, record) = trial.run();
    ran.unwrap();
    record.unwrap().end.how
}

/// The reason why its record is not complete.
fn unrecorded(ran: Result<(), TrialError>) -> String {
    match ran {
        Err(TrialError::Unrecorded(why)) => why,
        other => panic!("{other:?}"),
    }
}

fn trial_of_one_worker(broken: Broken) -> FakeTrial {
    let mut trial = FakeTrial::new(broken);
    trial.worker(|it| async move {
        it.sleep(3).await;
        it.note("ends");
        Ok(())
    });
    trial
}

#[test]
fn trial_lives_in_this_order() {
    let mut trial = trial_of_one_worker(Broken::Nothing);
    trial.time_limit_s = Some(10);
    let notes = trial.notes.clone();
    let (ran, record) = trial.run();
    ran.unwrap();
    let expected = [
        "0 s: set up",
        "0 s: context",
        "0 s: prepare",
        "0 s: run",
        "0 s: start",
        "3 s: worker 0 ends",
        "3 s: stopped",
        "3 s: read all",
        "3 s: heal",
        "3 s: read",
        "3 s: record",
        "3 s: close",
    ];
    assert_eq!(notes.all(), expected);
    let Record {
        conditions,
        found,
        end,
    } = record.unwrap();
    assert_eq!(
        (end.how, end.total_time),
        (Ended::Completed, 3 * NANOS_PER_S)
    );
    assert!(found.is_ok());
    assert_eq!(conditions.server["version"], "1");
    assert_eq!(conditions.counters[0].commits, Some(4));
    assert!(conditions.simulated.is_some(), "what healing noted");
    let background = conditions.background.unwrap();
    // 10 queries and 5 updates in a second.
    assert_eq!(
        background.selects.answered + background.updates.answered,
        45
    );
}

#[test]
fn interruption_before_the_workers_are_ready_runs_none() {
    let trial = trial_of_one_worker(Broken::Workers);
    trial.interrupt_at(2);
    let notes = trial.notes.clone();
    assert_eq!(how(trial), Ended::Interrupted);
    assert!(!notes.has("3 s: worker 0 ends"));
    assert!(notes.has("2 s: read"));
}

#[test]
fn interruption_abandons_steps_after_the_grace() {
    let mut trial = FakeTrial::new(Broken::Nothing);
    trial.hanging_worker();
    trial.interrupt_at(2);
    let notes = trial.notes.clone();
    assert_eq!(how(trial), Ended::Interrupted);
    assert!(notes.has("2 s: worker 0 finishes"));
    assert!(notes.has("7 s: worker 0 abandons"));
}

#[test]
fn second_interruption_abandons_steps_at_once() {
    let mut trial = FakeTrial::new(Broken::Nothing);
    trial.hanging_worker();
    trial.interrupt_at(2);
    trial.interrupt_at(4);
    let notes = trial.notes.clone();
    assert_eq!(how(trial), Ended::Interrupted);
    assert!(notes.has("4 s: worker 0 abandons"));
}

#[test]
fn time_limit_lets_changes_finish_within_the_grace() {
    let mut trial = FakeTrial::new(Broken::Nothing);
    trial.time_limit_s = Some(10);
    trial.hanging_worker();
    trial.worker(|it| async move {
        it.stop().requested().await;
        it.sleep(4).await;
        assert!(!it.stop().is_abandoned());
        it.note("ends");
        Ok(())
    });
    let notes = trial.notes.clone();
    assert_eq!(how(trial), Ended::TimeLimit);
    assert!(notes.has("10 s: worker 0 finishes"));
    assert!(notes.has("14 s: worker 1 ends"));
    assert!(notes.has("15 s: worker 0 abandons"));
}

#[test]
fn one_interruption_after_the_time_limit_abandons_steps() {
    let mut trial = FakeTrial::new(Broken::Nothing);
    trial.time_limit_s = Some(10);
    trial.hanging_worker();
    trial.interrupt_at(12);
    let notes = trial.notes.clone();
    assert_eq!(how(trial), Ended::TimeLimit);
    assert!(notes.has("12 s: worker 0 abandons"));
}

#[test]
fn stuck_trial_ends_and_records_what_stood_still() {
    let mut trial = FakeTrial::new(Broken::Nothing);
    trial.stuck_after_s = 5;
    for _ in 0..2 {
        trial.worker(|it| async move {
            it.enter(Post::In(StepKind::Acquire, 0));
            it.stop().abandoned().await;
            assert!(it.stop().is_stuck());
            Ok(())
        });
    }
    let (ran, record) = trial.run();
    ran.unwrap();
    let end = record.unwrap().end;
    assert_eq!(end.how, Ended::Stuck);
    assert_eq!(end.stuck.unwrap().rows[0].waiting.len(), 2);
}

#[test]
fn journal_that_breaks_ends_the_trial_and_the_end_is_recorded() {
    let mut trial = FakeTrial::new(Broken::Nothing);
    trial.hanging_worker();
    trial.worker(|it| async move {
        it.sleep(3).await;
        Err(io::Error::other("disk full"))
    });
    let notes = trial.notes.clone();
    let (ran, record) = trial.run();
    assert_eq!(unrecorded(ran), "disk full");
    assert_eq!(record.unwrap().end.how, Ended::Failed);
    assert!(notes.has("3 s: worker 0 abandons"));
    assert!(notes.has("3 s: close"));
}

fn panics() -> io::Result<()> {
    panic!("no such row")
}

#[test]
fn worker_that_panics_ends_the_trial() {
    let mut trial = FakeTrial::new(Broken::Nothing);
    trial.hanging_worker();
    trial.worker(|_| async { panics() });
    let (ran, record) = trial.run();
    assert_eq!(unrecorded(ran), "a worker broke down: no such row");
    assert_eq!(record.unwrap().end.how, Ended::Failed);
}

#[test]
fn background_load_that_panics_is_an_error_and_disturbs_no_worker() {
    let trial = trial_of_one_worker(Broken::BackgroundPanics);
    let notes = trial.notes.clone();
    let (ran, record) = trial.run();
    let why = unrecorded(ran);
    assert_eq!(why, "the background load broke down: no such column");
    assert_eq!(record.unwrap().end.how, Ended::Completed);
    assert!(notes.has("3 s: heal"));
}

#[test]
fn background_load_that_hangs_is_abandoned_after_the_grace() {
    let trial = trial_of_one_worker(Broken::BackgroundHangs);
    let notes = trial.notes.clone();
    assert_eq!(how(trial), Ended::Completed);
    assert!(notes.has("3 s: stopped"));
    assert!(notes.has("8 s: heal"));
}

#[test]
fn trial_that_cannot_be_healed_is_an_error_and_is_recorded() {
    let trial = trial_of_one_worker(Broken::Healing);
    let notes = trial.notes.clone();
    let (ran, record) = trial.run();
    assert!(matches!(ran, Err(TrialError::Lab(_))), "{ran:?}");
    assert_eq!(record.unwrap().end.how, Ended::Completed);
    assert!(notes.has("3 s: read"));
}

#[test]
fn final_reading_that_fails_is_recorded() {
    let (ran, record) = trial_of_one_worker(Broken::Reading).run();
    ran.unwrap();
    let error = record.unwrap().found.unwrap_err();
    assert_eq!(error.message, "no node answers");
}

#[test]
fn record_that_cannot_be_written_is_an_error_and_the_database_is_closed() {
    let trial = trial_of_one_worker(Broken::Record);
    let notes = trial.notes.clone();
    let (ran, _) = trial.run();
    assert!(matches!(ran, Err(TrialError::RunDir(_))), "{ran:?}");
    assert!(notes.has("3 s: close"));
}

#[test]
fn error_in_set_up_runs_no_worker_and_closes_the_database() {
    let trial = trial_of_one_worker(Broken::Tables);
    let notes = trial.notes.clone();
    let (ran, record) = trial.run();
    let error = ran.unwrap_err().to_string();
    assert_eq!(error, "the tables could not be made: no tables (denied)");
    assert!(record.is_none());
    assert_eq!(notes.all(), ["0 s: set up", "0 s: close"]);
}
