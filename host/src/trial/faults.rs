//! The schedule of a trial: faults of the lab, each when its time has come.

use crate::capability::clock::Clock;
use crate::lab::Lab;
use crate::model::change::Nanos;
use crate::model::lab_fault::LabFault;
use crate::model::schedule::{FaultEvent, ScheduledFault};
use std::sync::Arc;
use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinHandle, JoinSet, spawn_blocking};

const NANOS_PER_MS: u64 = 1_000_000;

/// A schedule being carried out.
pub struct Schedule {
    stop: oneshot::Sender<()>,
    events: JoinHandle<Vec<FaultEvent>>,
}

impl Schedule {
    /// Begins it: the times count on this clock.
    pub fn begin(lab: Option<&Lab>, faults: &[ScheduledFault], clock: Arc<dyn Clock>) -> Self {
        let (stop, stopped) = oneshot::channel();
        let faults = match lab {
            Some(lab) => faults.iter().map(|f| (f.clone(), lab.clone())).collect(),
            None => Vec::new(),
        };
        let events = tokio::spawn(carry_out(faults, clock, stopped));
        Self { stop, events }
    }

    /// Waits for what has begun, and returns what became of each fault, also of those whose time had
    /// not come.
    pub async fn end(self) -> Result<Vec<FaultEvent>, JoinError> {
        // The receiver is gone if all of it is done.
        self.stop.send(()).ok();
        let mut events = self.events.await?;
        events.sort_by_key(|event| event.began);
        Ok(events)
    }
}

/// One that takes its time, like a restart, does not hold up the next.
async fn carry_out(
    faults: Vec<(ScheduledFault, Lab)>,
    clock: Arc<dyn Clock>,
    mut stopped: oneshot::Receiver<()>,
) -> Vec<FaultEvent> {
    let (mut under_way, mut too_late) = (JoinSet::new(), Vec::new());
    let mut over = false;
    for (scheduled, lab) in faults {
        let due = scheduled.at_ms.saturating_mul(NANOS_PER_MS);
        if !over {
            tokio::select! {
                biased;
                _ = &mut stopped => over = true,
                () = clock.sleep(due.saturating_sub(clock.now())) => {}
            }
        }
        match over {
            true => too_late.push(never_came(scheduled.fault, due)),
            false => {
                under_way.spawn(inflict(lab, scheduled.fault, clock.clone()));
            }
        }
    }
    let mut events = under_way.join_all().await;
    events.append(&mut too_late);
    events
}

fn never_came(fault: LabFault, due: Nanos) -> FaultEvent {
    FaultEvent {
        fault,
        began: due,
        ended: due,
        error: Some("the trial was over before".to_owned()),
    }
}

async fn inflict(lab: Lab, fault: LabFault, clock: Arc<dyn Clock>) -> FaultEvent {
    let began = clock.now();
    let asked = fault.clone();
    let done = spawn_blocking(move || lab.fault(&asked)).await;
    let (fault, error) = match done {
        Ok(Ok(done)) => (done, None),
        Ok(Err(error)) => (fault, Some(error.to_string())),
        Err(panic) => (fault, Some(panic.to_string())),
    };
    FaultEvent {
        fault,
        began,
        ended: clock.now(),
        error,
    }
}
