//! The end of a command: its exit code, or its error.
//!
//! | code | meaning |
//! |---|---|
//! | 0 | valid; or measured with nothing contended and nothing wrong; or done as asked |
//! | 1 | violated, or a threshold missed: a test failed, two runs differ |
//! | 2 | could not run: wrong arguments, no database, a change that could not be recorded |
//! | 3 | unknown, or cut before the planned end |
//!
//! Of several results, 1 outweighs 2, 2 outweighs 3, and 3 outweighs 0. A time limit (`--time-limit-s`,
//! `--time`) is a planned end and cuts nothing; Ctrl-C, SIGTERM and SIGHUP cut.

mod error;

pub use self::error::{CommandError, NewError, Refusal, message};

use crate::console::note;
use crate::measure::Measured;
use crate::model::verdict::Verdict;
use crate::report::check::CheckReport;
use crate::report::comparison::Agreement;
use crate::report::conformance::Status;
use crate::report::{CellReport, RunReport, TrialReport};
use std::process::ExitCode;

/// The result of a command; from the best to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    Done,
    Unknown,
    CouldNotRun,
    Violated,
}

/// The verdict that a trial must have for exit code 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Required {
    /// Valid, or measured with nothing contended and nothing wrong.
    #[default]
    NothingWrong,
    Valid,
}

impl Exit {
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Violated => 1,
            Self::CouldNotRun => 2,
            Self::Unknown => 3,
        }
    }

    /// Returns the worst of all; of none, [`Exit::Done`].
    fn worst(all: impl IntoIterator<Item = Self>) -> Self {
        all.into_iter().max().unwrap_or(Self::Done)
    }

    /// Returns the end of a command that has shown this, and then failed or not. What was violated
    /// outweighs the failure, which is printed.
    pub fn unless_failed(
        self,
        done: Result<(), impl Into<CommandError>>,
    ) -> Result<Self, CommandError> {
        match done.map_err(Into::into) {
            Ok(()) => Ok(self),
            Err(error) if self == Self::Violated => {
                note(&message(&error));
                Ok(self)
            }
            Err(error) => Err(error),
        }
    }

    pub fn of_run(report: &RunReport, required: Required) -> Self {
        let all_ran = !report.trials.is_empty() && report.not_run.is_empty();
        let trials = report.trials.iter().map(|it| Self::of_trial(it, required));
        Self::worst(trials.chain((!all_ran).then_some(Self::Unknown)))
    }

    /// `planned` is the number of all cells of the batch.
    pub fn of_batch<'a>(
        cells: impl Iterator<Item = &'a CellReport>,
        planned: usize,
        required: Required,
    ) -> Self {
        let exits: Vec<_> = cells.map(|cell| Self::of_cell(cell, required)).collect();
        let left = (exits.len() < planned).then_some(Self::Unknown);
        Self::worst(exits.into_iter().chain(left))
    }

    fn of_cell(cell: &CellReport, required: Required) -> Self {
        let trial = match &cell.trial {
            Some(trial) => Self::of_trial(trial, required),
            None => Self::Unknown,
        };
        match cell.error {
            Some(_) => trial.max(Self::CouldNotRun),
            None => trial,
        }
    }

    fn of_trial(trial: &TrialReport, required: Required) -> Self {
        match Self::of_verdict(&trial.judgement.verdict) {
            Self::Unknown
                if required == Required::NothingWrong && trial.is_uncontended_and_right() =>
            {
                Self::Done
            }
            exit => exit,
        }
    }

    /// A search measures nothing, so one without contention is unknown.
    pub fn of_check(report: &CheckReport) -> Self {
        let verdicts = report.checked.iter().map(|checked| &checked.verdict);
        Self::worst(verdicts.map(Self::of_verdict))
    }

    fn of_verdict(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Valid => Self::Done,
            Verdict::Violated(_) => Self::Violated,
            Verdict::Unknown(_) => Self::Unknown,
        }
    }

    pub fn of_test(status: Status) -> Self {
        match status {
            Status::Passed | Status::NotApplicable => Self::Done,
            Status::Failed => Self::Violated,
            Status::Unknown => Self::Unknown,
        }
    }

    /// A claim that does not hold is a violation; a question without an answer leaves it open.
    pub fn of_locks(measured: &[Measured]) -> Self {
        let of = |service: &Measured| match (service.holds(), service.is_complete()) {
            (false, _) => Self::Violated,
            (true, false) => Self::Unknown,
            (true, true) => Self::Done,
        };
        Self::worst(measured.iter().map(of))
    }

    pub fn of_comparison(agreement: Agreement) -> Self {
        match agreement {
            Agreement::Agree => Self::Done,
            Agreement::Differ => Self::Violated,
            Agreement::CannotTell => Self::Unknown,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_end_has_its_code_and_the_worst_is_returned() {
        let codes = [Exit::Done, Exit::Violated, Exit::CouldNotRun, Exit::Unknown];
        assert_eq!(codes.map(Exit::code), [0, 1, 2, 3]);
        assert_eq!(Exit::worst([]), Exit::Done);
        assert_eq!(Exit::worst([Exit::Done, Exit::Unknown]), Exit::Unknown);
        let three = [Exit::Unknown, Exit::CouldNotRun, Exit::Done];
        assert_eq!(Exit::worst(three), Exit::CouldNotRun);
        assert_eq!(
            Exit::worst([Exit::CouldNotRun, Exit::Violated]),
            Exit::Violated
        );
    }

    #[test]
    fn batch_that_lacks_a_cell_is_unknown() {
        let of = |planned| Exit::of_batch(std::iter::empty(), planned, Required::NothingWrong);
        assert_eq!((of(0), of(2)), (Exit::Done, Exit::Unknown));
    }

    #[test]
    fn failure_is_an_error_unless_something_was_violated() {
        let failed = || Err(Refusal::OneStrategy);
        assert_eq!(
            Exit::Violated.unless_failed(failed()).ok(),
            Some(Exit::Violated)
        );
        for exit in [Exit::Done, Exit::Unknown, Exit::CouldNotRun] {
            assert_eq!(
                exit.unless_failed(Ok::<_, CommandError>(())).ok(),
                Some(exit)
            );
            assert!(exit.unless_failed(failed()).is_err());
        }
    }

    #[test]
    fn each_answer_has_its_end() {
        let unknown = Verdict::Unknown(String::new());
        assert_eq!(Exit::of_verdict(&unknown), Exit::Unknown);
        assert_eq!(Exit::of_verdict(&Verdict::Valid), Exit::Done);
        assert_eq!(
            Exit::of_verdict(&Verdict::Violated(String::new())),
            Exit::Violated
        );
        assert_eq!(Exit::of_test(Status::Unknown), Exit::Unknown);
        assert_eq!(Exit::of_comparison(Agreement::CannotTell), Exit::Unknown);
    }
}
