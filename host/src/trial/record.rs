//! Result of a trial.

use crate::model::conditions::Conditions;
use crate::model::end::End;
use crate::model::error::CallError;
use crate::run_dir::{RunDirError, TrialDir};
use crate::workload::final_state::FinalState;

/// The record of a trial beside its changes, which the journal has.
#[derive(Debug)]
pub struct Record {
    pub conditions: Conditions,
    pub found: Result<FinalState, CallError>,
    pub end: End,
}

impl Record {
    /// Writes it into the trial's folder. The end is written also where the data can't be.
    pub fn write(self, folder: &TrialDir) -> Result<(), RunDirError> {
        folder.write_conditions(&self.conditions)?;
        let mut end = self.end;
        let kept = match self.found {
            Ok(found) => {
                end.effects = found.effects();
                folder.write_found(&found)
            }
            Err(error) => {
                end.data_unread = Some(error.to_string());
                Ok(())
            }
        };
        if let Err(error) = &kept {
            end.data_unread = Some(error.to_string());
        }
        let written = folder.write_end(&end);
        kept.and(written)
    }
}
