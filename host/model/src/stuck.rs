//! A trial in which nothing can move any more.

use super::change::{Nanos, StepKind};
use super::data::RowState;
use super::marker::{Mark, Marker};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The rows and workers that stood still when the trial was ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stuck {
    /// From here on no step ended and nothing in the tables changed.
    pub since: Nanos,
    /// The time when the trial was ended for it.
    pub until: Nanos,
    /// The first rows that workers wait for.
    pub rows: Vec<StuckRow>,
    /// The number of rows beside these.
    pub more_rows: u32,
}

/// A row, or a pool, that workers wait for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StuckRow {
    pub row: u32,
    /// Absent for a pool, and where the row is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<RowState>,
    /// The first workers that wait for it.
    pub waiting: Vec<Waiting>,
    /// The number of workers beside these.
    pub more_waiting: u32,
}

/// A worker that is in a step which does not end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    pub worker: u32,
    /// The number of its change.
    pub number: u32,
    pub step: StepKind,
}

impl Waiting {
    fn marker(&self) -> Marker {
        Marker {
            worker: self.worker,
            number: self.number,
        }
    }
}

impl Mark {
    /// The worker that waits in the change that it names.
    pub fn among<'a>(&self, waiting: &'a [Waiting]) -> Option<&'a Waiting> {
        let marker = self.marker()?;
        waiting.iter().find(|it| it.marker() == marker)
    }
}

/// As many rows, and workers of each, as are named.
pub const MOST_NAMED: usize = 3;

impl fmt::Display for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |nanos: Nanos| nanos as f64 / 1e9;
        let (since, lasted) = (self.since, self.until.saturating_sub(self.since));
        write!(
            f,
            "nothing could move any more: from {:.3} s on, for {:.3} s, no step ended and nothing changed",
            seconds(since),
            seconds(lasted)
        )?;
        for row in &self.rows {
            write!(f, "; {row}")?;
        }
        match self.more_rows {
            0 => Ok(()),
            n => write!(f, "; and {n} more"),
        }
    }
}

impl fmt::Display for StuckRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}", self.row)?;
        if let Some(state) = &self.state {
            let own = |waiting: &Waiting| {
                let marker = state.mark.marker();
                marker.is_some_and(|it| (it.worker, it.number) == (waiting.worker, waiting.number))
            };
            let whose = match (state.mark.marker(), self.waiting.iter().any(own)) {
                (None, _) => "of no change under way",
                (Some(_), false) => "of a change that is over",
                (Some(_), true) => "which its own release does not end",
            };
            write!(f, " is {state}, {whose}")?;
        }
        let each = self.waiting.iter().map(|waiting| {
            let (worker, step) = (waiting.worker, waiting.step.as_str());
            format!("worker {worker} ({step} of {})", waiting.marker())
        });
        let each: Vec<_> = each.collect();
        write!(f, ", and there wait {}", each.join(", "))?;
        match self.more_waiting {
            0 => Ok(()),
            n => write!(f, " and {n} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stuck_trial_names_row_marker_and_waiting_workers() {
        let waiting = |worker, step| Waiting {
            worker,
            number: 1,
            step,
        };
        let marker = Marker {
            worker: 2,
            number: 0,
        };
        let mut stuck = Stuck {
            since: 1_500_000_000,
            until: 61_750_000_000,
            rows: vec![StuckRow {
                row: 3,
                state: Some(RowState::held_by(marker)),
                waiting: vec![waiting(5, StepKind::Acquire), waiting(8, StepKind::Acquire)],
                more_waiting: 4,
            }],
            more_rows: 0,
        };
        assert_eq!(
            stuck.to_string(),
            "nothing could move any more: from 1.500 s on, for 60.250 s, no step ended and nothing \
             changed; row 3 is deleting (2_0), of a change that is over, and there wait worker 5 \
             (acquire of 5_1), worker 8 (acquire of 8_1) and 4 more"
        );
        stuck.rows[0].waiting = vec![Waiting {
            worker: 2,
            number: 0,
            step: StepKind::Release,
        }];
        stuck.rows[0].more_waiting = 0;
        stuck.more_rows = 7;
        assert!(stuck.to_string().ends_with(
            "row 3 is deleting (2_0), which its own release does not end, and there wait worker 2 \
             (release of 2_0); and 7 more"
        ));
        stuck.rows[0].state = Some(RowState::initial());
        assert!(stuck.to_string().contains("of no change under way"));
        stuck.rows[0].state = None;
        assert!(stuck.to_string().contains("changed; row 3, and there wait"));
    }
}
