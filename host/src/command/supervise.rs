//! Ends a trial before its time: at the limit, at Ctrl-C, or when it can't be recorded.

use crate::model::end::Ended;
use crate::worker::stop::Stopper;
use std::convert::Infallible;
use std::future::pending;
use std::sync::OnceLock;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// How long changes under way may take to finish before their steps are abandoned.
const GRACE: Duration = Duration::from_secs(5);

/// Asks all workers to end when the time is up or a signal comes, and notes in `cause` which it was:
/// first they may finish their changes; after the grace, or at a second signal, they abandon them.
/// Never returns; drop it when all workers have ended.
pub async fn supervise(
    stopper: &Stopper,
    time_limit: Option<Duration>,
    cause: &OnceLock<Ended>,
) -> Infallible {
    let limit = async {
        match time_limit {
            Some(limit) => tokio::time::sleep(limit).await,
            None => pending().await,
        }
    };
    let how = tokio::select! {
        () = limit => Ended::TimeLimit,
        () = interrupted() => Ended::Interrupted,
    };
    cause.get_or_init(|| how);
    stopper.finish();
    tokio::select! {
        () = tokio::time::sleep(GRACE) => {}
        () = interrupted() => {}
    }
    stopper.abandon();
    pending().await
}

/// Returns at Ctrl-C or a signal to terminate.
async fn interrupted() {
    let mut terminate = signal(SignalKind::terminate()).ok();
    let terminated = async {
        match &mut terminate {
            Some(signal) => {
                signal.recv().await;
            }
            None => pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}
