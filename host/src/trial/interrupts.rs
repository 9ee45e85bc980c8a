//! The user's wish that a run ends: Ctrl-C, or a signal to end.

use procfs_core::FromRead;
use procfs_core::process::Status;
use std::future::pending;
use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// Counts Ctrl-C, SIGTERM and SIGHUP from the moment it is made, so that none is lost, also not
/// between two trials.
#[derive(Clone)]
pub struct Interrupts(pub(super) watch::Receiver<u32>);

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

    /// Interrupts that never come.
    pub fn never() -> Self {
        Self(watch::channel(0).1)
    }

    pub fn any(&self) -> bool {
        *self.0.borrow() > 0
    }

    /// Returns after this number of interrupts; never, if the process listens to none any more.
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
