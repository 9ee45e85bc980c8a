//! Estimate of the rest of a batch's time, from the cells that are finished.

use super::resume::Standing;
use crate::plan::Plan;
use std::time::Duration;

/// The known facts about one cell's time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    workload: String,
    /// Changes that wait for each other at one row.
    weight: u64,
    limit: Option<Duration>,
    time: Time,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Time {
    /// Its turn is still to come.
    Open,
    Took(Duration),
    /// It failed, which says nothing of the others.
    Untold,
}

impl Cost {
    pub fn of(plan: &Plan, standing: &Standing) -> Self {
        let workload = &plan.workload;
        let changes = u64::from(workload.changes_per_worker);
        Self {
            workload: plan.workload_name.clone(),
            weight: changes * u64::from(workload.workers_per_row),
            limit: plan.time_limit_s.map(Duration::from_secs),
            time: match standing {
                Standing::Waiting | Standing::Cut => Time::Open,
                Standing::Done { report, .. } if report.error.is_some() => Time::Untold,
                Standing::Done { took, .. } => Time::Took(*took),
            },
        }
    }

    fn took(&self) -> Option<Duration> {
        match self.time {
            Time::Took(took) => Some(took),
            Time::Open | Time::Untold => None,
        }
    }
}

/// The time that all open cells may take together; nothing as long as no cell is finished. A cell is
/// taken to be like the mean of its workload, or else like that of all, scaled by its weight.
pub fn left(cells: &[Cost]) -> Option<Duration> {
    let open = cells.iter().filter(|cell| cell.time == Time::Open);
    open.map(|cell| one(cell, cells)).sum()
}

fn one(cell: &Cost, cells: &[Cost]) -> Option<Duration> {
    let seconds = |of: &Cost| of.took().map(|took| took.as_secs_f64());
    let alike = cells.iter().filter(|of| of.workload == cell.workload);
    let expected = mean(alike.filter_map(seconds)).or_else(|| {
        let by_weight = |of: &Cost| Some(seconds(of)? / of.weight as f64);
        Some(mean(cells.iter().filter_map(by_weight))? * cell.weight as f64)
    })?;
    let expected = Duration::from_secs_f64(expected);
    Some(cell.limit.map_or(expected, |limit| expected.min(limit)))
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0u32, 0.0), |(count, sum), value| (count + 1, sum + value));
    (count > 0).then(|| sum / f64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(workload: &str, weight: u64, time: Time) -> Cost {
        Cost {
            workload: workload.to_owned(),
            weight,
            limit: None,
            time,
        }
    }

    fn took(seconds: u64) -> Time {
        Time::Took(Duration::from_secs(seconds))
    }

    #[test]
    fn nothing_is_reported_before_a_cell_is_finished() {
        let cells = [cost("a", 10, Time::Open), cost("a", 10, Time::Untold)];
        assert_eq!(left(&cells), None);
    }

    #[test]
    fn a_cell_costs_the_mean_of_its_workload_or_its_weight() {
        let mut cells = vec![
            cost("a", 10, took(4)),
            cost("a", 10, took(6)),
            cost("a", 10, Time::Untold),
            cost("a", 10, Time::Open),
            cost("b", 30, Time::Open),
        ];
        assert_eq!(left(&cells), Some(Duration::from_secs(5 + 15)));
        cells[4].limit = Some(Duration::from_secs(7));
        assert_eq!(left(&cells), Some(Duration::from_secs(5 + 7)));
    }
}
