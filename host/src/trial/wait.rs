//! The time from the start to the end of the last worker.

use super::world::{Role, Work, World};
use super::{GRACE, NANOS_PER_S, Rules};
use crate::model::end::Ended;
use crate::model::stuck::Stuck;
use crate::worker::TrialContext;
use crate::worker::stuck::stuck;
use crate::workload::stop::Stopper;
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::cell::OnceCell;
use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;

/// The cause that stopped the workers, with the rows and workers that stood still if that was it.
type Cause = (Ended, Option<Stuck>);

/// Runs all workers to their end. Returns what stopped them, if something did, and why the history is
/// not complete, if it is not: a worker that can't record its change, or panics, ends them all.
pub(super) async fn wait<W: World>(
    world: &W,
    context: &Arc<TrialContext>,
    stopper: &Stopper,
    workers: Vec<Work>,
    rules: &Rules<'_>,
) -> (Option<Cause>, Option<String>) {
    let workers = (0..).zip(workers);
    let spawned = workers.map(|(number, work)| world.spawn(Role::Worker(number), work));
    let mut running: FuturesUnordered<_> = spawned.collect();
    let cause = OnceCell::new();
    let mut stops = Box::pin(stop(context, stopper, rules, &cause));
    let mut broken = None;
    loop {
        // In this order, so that a simulation takes the same course each time.
        let ended = tokio::select! {
            biased;
            ended = running.next() => ended,
            never = &mut stops => match never {},
        };
        let why = match ended {
            None => break,
            Some(Ok(Ok(()))) => continue,
            Some(Ok(Err(error))) => error.to_string(),
            Some(Err(panic)) => format!("a worker broke down: {panic}"),
        };
        broken.get_or_insert(why);
        stopper.finish();
        stopper.abandon();
    }
    drop(stops);
    (cause.into_inner(), broken)
}

/// Stops all workers when the time is up, when the user asks for it, or when nothing can move any more,
/// and notes in `cause` which it was. In the first two cases they may finish their changes; after the
/// grace, or when the user asks again, they abandon them. Never returns.
async fn stop(
    context: &TrialContext,
    stopper: &Stopper,
    rules: &Rules<'_>,
    cause: &OnceCell<Cause>,
) -> Infallible {
    let (clock, interrupts) = (&context.clock, rules.interrupts);
    let limit = async {
        match rules.time_limit_s {
            Some(limit) => clock.sleep(limit.saturating_mul(NANOS_PER_S)).await,
            None => pending().await,
        }
    };
    let quiet = rules.stuck_after_s.saturating_mul(NANOS_PER_S);
    let (how, further) = tokio::select! {
        biased;
        () = limit => (Ended::TimeLimit, 1),
        () = interrupts.reached(1) => (Ended::Interrupted, 2),
        stuck = stuck(context, quiet, rules.whole_from) => {
            cause.get_or_init(|| (Ended::Stuck, Some(stuck)));
            stopper.stuck();
            return pending().await;
        }
    };
    cause.get_or_init(|| (how, None));
    stopper.finish();
    tokio::select! {
        biased;
        () = clock.sleep(GRACE) => {}
        () = interrupts.reached(further) => {}
    }
    stopper.abandon();
    pending().await
}
