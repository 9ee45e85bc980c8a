//! Waits that may last too long. Hardly any does, so they stand here and not in the simulation's queue.

use super::event::Ticket;
use crate::model::change::Nanos;
use std::collections::BTreeSet;

#[derive(Default)]
pub(super) struct Timeouts {
    waits: BTreeSet<(Nanos, Ticket)>,
    /// The time of the next event that looks at the waits.
    armed: Option<Nanos>,
}

impl Timeouts {
    /// Adds one. Returns the time at which an event must look at the waits, if none is planned.
    pub(super) fn add(&mut self, at: Nanos, ticket: Ticket) -> Option<Nanos> {
        self.waits.insert((at, ticket));
        self.arm()
    }

    pub(super) fn remove(&mut self, at: Nanos, ticket: Ticket) {
        self.waits.remove(&(at, ticket));
    }

    fn arm(&mut self) -> Option<Nanos> {
        let (first, _) = *self.waits.first()?;
        if self.armed.is_some_and(|armed| armed <= first) {
            return None;
        }
        self.armed = Some(first);
        Some(first)
    }

    /// Those that are over, and when to look again.
    pub(super) fn due(&mut self, now: Nanos) -> (Vec<Ticket>, Option<Nanos>) {
        let mut due = Vec::new();
        while let Some(&(at, ticket)) = self.waits.first()
            && at <= now
        {
            self.waits.pop_first();
            due.push(ticket);
        }
        // An earlier look than the one that was planned last leaves that one standing.
        if self.armed.is_some_and(|armed| armed <= now) {
            self.armed = None;
        }
        (due, self.arm())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(mark: u64) -> Ticket {
        Ticket { slot: 0, mark }
    }

    #[test]
    fn waiter_looks_when_the_first_is_over_and_only_then() {
        let mut timeouts = Timeouts::default();
        assert_eq!(timeouts.add(50, ticket(1)), Some(50));
        assert_eq!(timeouts.add(60, ticket(2)), None);
        assert_eq!(timeouts.add(20, ticket(3)), Some(20));
        timeouts.remove(20, ticket(3));
        assert_eq!(timeouts.due(20), (vec![], Some(50)));
        assert_eq!(timeouts.due(50), (vec![ticket(1)], Some(60)));
        assert_eq!(timeouts.due(60), (vec![ticket(2)], None));
    }
}
