//! Faults at known times of a trial.

use super::change::Nanos;
use super::lab_fault::LabFault;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One fault of a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduledFault {
    /// The time, in ms from the moment when the workers are let go.
    pub at_ms: u64,
    pub fault: LabFault,
}

/// The result of a fault when its time had come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultEvent {
    pub fault: LabFault,
    pub began: Nanos,
    /// The time when it was done: a restarted server answers by then.
    pub ended: Nanos,
    /// The reason why it could not be done, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl fmt::Display for FaultEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |ns| ns / 1_000_000;
        let (began, ended) = (ms(self.began), ms(self.ended));
        write!(f, "{} at {began} ms", self.fault)?;
        match &self.error {
            Some(error) => write!(f, " (not done: {error})"),
            None if ended > began => write!(f, ", done at {ended} ms"),
            None => Ok(()),
        }
    }
}
