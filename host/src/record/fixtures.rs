//! Changes for the tests of this module.

use crate::model::change::{Change, Check, Restored, Step};
use crate::model::error::{ErrorCount, ErrorKind};
use crate::model::outcome::{Outcome, Reason};

/// An ok change at 0 ms whose acquire and release took so many ms.
pub fn change(worker: u32, number: u32, acquire_ms: u64, release_ms: u64) -> Change {
    Change {
        worker,
        row: worker,
        number,
        acquire: step(0, acquire_ms),
        check: Some(Check {
            began: acquire_ms * 1_000_000,
            ended: acquire_ms * 1_000_000,
            tries: 1,
            agreed: true,
        }),
        release: Some(step(acquire_ms, release_ms)),
        restored: Restored::No,
        nodes: Default::default(),
        allocation: None,
        purpose: None,
    }
}

/// A change whose acquire failed after so many ms.
pub fn failed(worker: u32, number: u32, acquire_ms: u64) -> Change {
    let mut change = change(worker, number, acquire_ms, 0);
    change.acquire.outcome = Outcome::Failed(Box::new(Reason {
        code: "1213".into(),
        message: "Deadlock found\nwhen trying to get lock".into(),
    }));
    change.check = None;
    change.release = None;
    change
}

/// A change whose acquire ended indeterminate after so many ms.
pub fn indeterminate(worker: u32, number: u32, acquire_ms: u64) -> Change {
    let mut change = failed(worker, number, acquire_ms);
    change.acquire.outcome = Outcome::indeterminate("2013", "lost");
    change
}

pub fn errors(kind: ErrorKind, code: &str, count: u32) -> ErrorCount {
    ErrorCount {
        kind,
        code: code.to_owned(),
        count,
        message: String::new(),
    }
}

fn step(from_ms: u64, ms: u64) -> Step {
    Step::ok(from_ms * 1_000_000, (from_ms + ms) * 1_000_000)
}
