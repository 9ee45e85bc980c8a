//! Prose for rows and their writers. Text of a strategy must not steer the terminal, so
//! only what is certainly harmless is shown as it is.

use super::names::Names;
use crate::check::parts::Ms;
use crate::model::change::{Change, Step};
use crate::model::outcome::Outcome;
use crate::workload::ip_allocation::tables::Request;
use std::fmt;

/// A text that a strategy wrote.
pub struct Plain<'a>(pub &'a str);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let harmless = |c: char| c.is_ascii_alphanumeric() || ".:-_/".contains(c);
        match !self.0.is_empty() && self.0.chars().all(harmless) {
            true => f.write_str(self.0),
            false => write!(f, "{:?}", self.0),
        }
    }
}

/// A row of one of the tables of requests: `10.0.0.1 of pool-0 as ALLOCATED (3_0) in ip_requests`.
pub struct Row<'a>(pub &'a Request);

impl fmt::Display for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(row) = self;
        let (address, pool) = (Plain(&row.address), Plain(&row.pool));
        let (status, mark, table) = (Plain(&row.status), &row.mark, row.table.name());
        write!(f, "{address} of {pool} as {status} ({mark}) in {table}")
    }
}

/// The end of a step and its time: `ended failed (1213) at 12.345 ms`.
pub struct Ended<'a>(pub &'a Step);

impl fmt::Display for Ended<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(step) = self;
        write!(f, "ended {}", step.outcome.as_str())?;
        if let Some(reason) = step.outcome.reason() {
            write!(f, " ({})", Plain(&reason.code))?;
        }
        write!(f, " at {}", Ms(step.returned))
    }
}

/// The owner of a row: `worker 3 (3_0), whose allocation ended ok at 12.345 ms`.
pub fn owner(names: &Names, request: &Request) -> String {
    match names.change(request) {
        Some(change) => {
            let (worker, marker) = (change.worker, change.marker());
            let ended = Ended(&change.acquire);
            format!("worker {worker} ({marker}), whose allocation {ended}")
        }
        None => format!("no change of this run ({})", request.mark),
    }
}

/// The address of a change, as it was reported or as it was found.
pub fn address_of(change: &Change) -> Option<&str> {
    change.allocation.as_ref()?.address.as_deref()
}

/// The step reported that this certainly did not happen.
pub fn is_failed(step: &Step) -> bool {
    matches!(step.outcome, Outcome::Failed(_))
}

#[cfg(test)]
mod tests {
    use super::super::synthetic::{address, kept, row_of};
    use super::*;

    #[test]
    fn control_characters_are_quoted() {
        let mut row = row_of(&kept(3, 0, 0, [0, 1], &address(0, 5)));
        let told = Row(&row).to_string();
        assert_eq!(
            told,
            "10.0.0.5 of pool-0 as ALLOCATED (3_0) in ip_allocations"
        );
        row.address = "\x1b[2J".into();
        row.status = String::new();
        let told = Row(&row).to_string();
        assert_eq!(
            told,
            "\"\\u{1b}[2J\" of pool-0 as \"\" (3_0) in ip_allocations"
        );
    }
}
