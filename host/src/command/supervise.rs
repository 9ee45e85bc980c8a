//! Ends a trial before its time: at the limit, at Ctrl-C, or at a signal to end.

use crate::model::end::Ended;
use crate::worker::stop::Stopper;
use procfs_core::FromRead;
use procfs_core::process::Status;
use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::sync::OnceLock;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// How long changes under way may take to finish before their steps are abandoned.
pub const GRACE: Duration = Duration::from_secs(5);

/// Counts Ctrl-C, SIGTERM and SIGHUP from the moment it is made, so that none is lost, also not
/// between two trials.
#[derive(Clone)]
pub struct Interrupts(watch::Receiver<u32>);

impl Interrupts {
    pub fn listen() -> io::Result<Self> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hangup = match ignores_hangup() {
            true => None,
            false => Some(signal(SignalKind::hangup())?),
        };
        let (count, counted) = watch::channel(0);
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                    _ = received(&mut hangup) => {}
                }
                count.send_modify(|count| *count += 1);
            }
        });
        Ok(Self(counted))
    }

    pub fn any(&self) -> bool {
        *self.0.borrow() > 0
    }

    /// Returns when there have been so many; never, if nobody counts any more.
    pub async fn reached(&self, wanted: u32) {
        let mut counted = self.0.clone();
        if counted.wait_for(|&count| count >= wanted).await.is_err() {
            pending().await
        }
    }
}

async fn received(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => pending().await,
    }
}

/// Returns true if the runner was started by `nohup`, or the like: then it outlives its terminal.
fn ignores_hangup() -> bool {
    let ignored = Status::from_file("/proc/self/status").map_or(0, |status| status.sigign);
    ignored & (1 << (SignalKind::hangup().as_raw_value() - 1)) != 0
}

/// Asks all workers to end when the time is up or a signal comes, and notes in `cause` which it was:
/// first they may finish their changes; after the grace, or at a further signal, they abandon them.
/// Never returns; drop it when all workers have ended.
pub async fn supervise(
    stopper: &Stopper,
    time_limit: Option<Duration>,
    interrupts: &Interrupts,
    cause: &OnceLock<Ended>,
) -> Infallible {
    let limit = async {
        match time_limit {
            Some(limit) => tokio::time::sleep(limit).await,
            None => pending().await,
        }
    };
    let (how, further) = tokio::select! {
        () = limit => (Ended::TimeLimit, 1),
        () = interrupts.reached(1) => (Ended::Interrupted, 2),
    };
    cause.get_or_init(|| how);
    stopper.finish();
    tokio::select! {
        () = tokio::time::sleep(GRACE) => {}
        () = interrupts.reached(further) => {}
    }
    stopper.abandon();
    pending().await
}
