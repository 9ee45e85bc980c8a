//! One worker that is watched: whether its trial is stuck.

use super::cluster::Reads;
use super::fixture::{Effect, Say, Script, Stage, Terms};
use super::one_change;
use contend::model::change::StepKind;
use contend::model::data::RowState;
use contend::model::stuck::Stuck;
use contend::worker::posts::Post;
use contend::worker::stuck::stuck;
use contend::workload::ip_allocation::{Connect, IpAllocation};
use contend::workload::{Chosen, Workload};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::sleep;

use Effect::{Asks, Happens, No, TakenOver};

const MS: u64 = 1_000_000;

/// The quiet period, in the time of this machine.
const QUIET: u64 = 150 * MS;

/// Many quiet periods.
const LONG: Duration = Duration::from_millis(1_200);

fn patient() -> Terms {
    Terms {
        settings: BTreeMap::new(),
        change_timeout: Duration::from_secs(600),
    }
}

async fn stage(steps: &[(Effect, Say)], reads: Reads) -> Stage {
    Stage::set(patient(), Script::of(steps), reads, one_change()).await
}

/// The report on the worker within a long time.
async fn watched(stage: &Stage, quiet: u64, from: u64) -> Option<Stuck> {
    let (worker, _) = stage.worker().await;
    tokio::select! {
        ended = worker.run() => panic!("its steps are to wait: {ended:?}"),
        stuck = stuck(&stage.context, quiet, from) => Some(stuck),
        () = sleep(LONG) => None,
    }
}

async fn told(steps: &[(Effect, Say)], reads: Reads) -> Option<Stuck> {
    watched(&stage(steps, reads).await, QUIET, 0).await
}

#[tokio::test]
async fn acquire_that_never_ends_is_stuck_after_the_quiet_period() {
    let stuck = told(&[(No, Say::Nothing)], Reads::Right).await.unwrap();
    assert!(stuck.until - stuck.since >= QUIET, "{stuck}");
    let [row] = &stuck.rows[..] else {
        panic!("{stuck}")
    };
    assert_eq!((row.row, row.state.clone()), (0, Some(RowState::initial())));
    assert_eq!(row.waiting[0].step, StepKind::Acquire);
    // The row is another worker's, whose change is over.
    let taken = told(&[(TakenOver, Say::Nothing)], Reads::Right).await;
    let taken = taken.unwrap().to_string();
    assert!(taken.contains("(9_9), of a change that is over"), "{taken}");
}

#[tokio::test]
async fn release_that_never_ends_is_stuck_only_while_the_row_is_held() {
    let acquired = (Happens, Say::Ok);
    let steps = [acquired.clone(), (No, Say::Nothing)];
    let stuck = told(&steps, Reads::Right).await.unwrap().to_string();
    assert!(
        stuck.contains("which its own release does not end"),
        "{stuck}"
    );
    let steps = [acquired, (Happens, Say::Nothing)];
    assert_eq!(told(&steps, Reads::Right).await, None, "it has given back");
}

#[tokio::test]
async fn worker_that_has_written_its_row_is_still_at_work() {
    let steps = [(Happens, Say::Nothing)];
    assert_eq!(told(&steps, Reads::Right).await, None);
}

#[tokio::test]
async fn node_that_does_not_answer_is_no_strategy_that_stands_still() {
    let waits = [(No, Say::Nothing)];
    assert_eq!(told(&waits, Reads::Never).await, None);
    // Both are members, so the silent one has a say.
    assert_eq!(told(&waits, Reads::OneStandsStill(2)).await, None);
    assert_eq!(told(&waits, Reads::OneIsAway(2)).await, None);
    // The others have shut it out.
    for shut_out in [Reads::OneStandsStill(1), Reads::OneIsAway(1)] {
        assert!(told(&waits, shut_out).await.is_some(), "{shut_out:?}");
    }
}

#[tokio::test]
async fn step_that_waits_for_its_server_is_no_strategy_that_stands_still() {
    let waits = [(Asks, Say::Nothing)];
    assert_eq!(told(&waits, Reads::RightAndSessionsHang).await, None);
    // It was answered, and stands still afterwards.
    assert!(told(&waits, Reads::Right).await.is_some());
}

#[tokio::test]
async fn allocation_that_never_ends_is_stuck_where_every_member_answers() {
    let workload = Workload {
        kind: Chosen::new(IpAllocation {
            pools: vec![IpAllocation::published_pool()],
            release: false,
            connect: Connect::Endpoint,
            step_wait_ms: 0,
        }),
        ..one_change()
    };
    for (reads, is_stuck) in [
        (Reads::Right, true),
        (Reads::Never, false),
        (Reads::OneIsAway(2), false),
        (Reads::OneIsAway(1), true),
    ] {
        let stage = Stage::set(patient(), Script::of(&[]), reads, workload.clone()).await;
        let stuck = watched(&stage, QUIET, 0).await;
        assert_eq!(stuck.is_some(), is_stuck, "{reads:?}");
    }
}

#[tokio::test]
async fn row_that_another_writes_is_no_row_that_stands_still() {
    let stage = stage(&[(No, Say::Nothing)], Reads::Right).await;
    let written = async {
        for number in 0.. {
            stage.write(&format!("9_{number}")).await;
            sleep(Duration::from_millis(QUIET / MS / 3)).await;
        }
    };
    let stuck = tokio::select! {
        stuck = watched(&stage, QUIET, 0) => stuck,
        () = written => None,
    };
    assert_eq!(stuck, None);
}

#[tokio::test]
async fn worker_that_goes_from_step_to_step_is_not_stuck() {
    let stage = stage(&[], Reads::Right).await;
    let _worker = stage.worker().await;
    let steps = async {
        for number in 0.. {
            let post = Post::In(StepKind::Acquire, number);
            stage.context.posts.enter(0, post);
            sleep(Duration::from_millis(QUIET / MS / 3)).await;
        }
    };
    let stuck = tokio::select! {
        stuck = stuck(&stage.context, QUIET, 0) => Some(stuck),
        () = steps => None,
        () = sleep(LONG) => None,
    };
    assert_eq!(stuck, None);
}

#[tokio::test]
async fn without_a_quiet_period_and_before_its_time_nothing_is_stuck() {
    let waits = [(No, Say::Nothing)];
    assert_eq!(
        watched(&stage(&waits, Reads::Right).await, 0, 0).await,
        None
    );
    let later = 700 * MS;
    let stage_of = stage(&waits, Reads::Right).await;
    let stuck = watched(&stage_of, QUIET, later * 1_000).await;
    assert_eq!(stuck, None, "its time has not come");
    let stage_of = stage(&waits, Reads::Right).await;
    let stuck = watched(&stage_of, QUIET, later).await;
    assert!(stuck.is_some());
}

#[tokio::test]
async fn run_that_is_to_end_anyway_is_not_stuck() {
    let stage = stage(&[(No, Say::Nothing)], Reads::Right).await;
    let _worker = stage.worker().await;
    stage.stopper.finish();
    // A worker begins nothing any more, so one that has begun is asked for its post only.
    stage.context.posts.enter(0, Post::In(StepKind::Acquire, 0));
    let stuck = tokio::select! {
        stuck = stuck(&stage.context, QUIET, 0) => Some(stuck),
        () = sleep(LONG) => None,
    };
    assert_eq!(stuck, None);
}

#[tokio::test]
async fn worker_that_holds_its_row_goes_on_by_itself() {
    let workload = Workload {
        // The clock of these tests makes a hundredth of it.
        hold_ms: 60_000,
        check_tries: 0,
        ..one_change()
    };
    // As if it had none, so that its marker is not what keeps it from being stuck.
    let script = Script::of(&[(No, Say::Ok)]);
    let stage = Stage::set(patient(), script, Reads::Right, workload).await;
    let (worker, _) = stage.worker().await;
    let stuck = tokio::select! {
        ended = worker.run() => {
            ended.unwrap();
            None
        }
        stuck = stuck(&stage.context, QUIET, 0) => Some(stuck),
    };
    assert_eq!(stuck, None);
}
