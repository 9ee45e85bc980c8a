//! A trial's changes as a line: how many, how fast, and what the workers wait for.

use crate::worker::watched::{Counters, Phase, Watched};
use std::collections::BTreeMap;
use std::time::Instant;

/// `of 300 workers 200 in acquire, 40 checking all nodes`; `None` if none of them waits.
fn waits(workers: &[Watched]) -> Option<String> {
    let mut counts = BTreeMap::<Phase, usize>::new();
    for watched in workers {
        *counts.entry(watched.phase()).or_default() += 1;
    }
    let waits = counts.into_iter().filter_map(|(phase, count)| {
        let what = match phase {
            Phase::Pause => return None,
            Phase::Acquire => "in acquire",
            Phase::Check => "checking all nodes",
            Phase::Release => "in release",
            Phase::Settle => "settling",
            Phase::Ended => "done",
        };
        Some(format!("{count} {what}"))
    });
    let waits: Vec<_> = waits.collect();
    (!waits.is_empty()).then(|| format!("of {} workers {}", workers.len(), waits.join(", ")))
}

/// A trial's lines. The rate of each is of the time since the one before.
pub(super) struct Changes {
    name: String,
    counters: Counters,
    all: u64,
    printed: (Instant, u64),
}

impl Changes {
    pub(super) fn new(name: String, counters: Counters, all: u64) -> Self {
        Self {
            name,
            counters,
            all,
            printed: (Instant::now(), 0),
        }
    }

    pub(super) fn line(&mut self) -> String {
        let (then, before) = self.printed;
        let (now, done) = (Instant::now(), self.counters.sum());
        self.printed = (now, done);
        let seconds = now.duration_since(then).as_secs_f64();
        let rate = done.saturating_sub(before) as f64 / seconds.max(1e-3);
        let mut line = format!(
            "{}: {done} of {} changes, {rate:.1} a second",
            self.name, self.all
        );
        if let Some(waits) = waits(self.counters.all()) {
            line += "; ";
            line += &waits;
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_many_and_what_is_waited_for() {
        let counters = Counters::new(4);
        let workers = counters.all();
        let mut changes = Changes::new("cas".to_owned(), counters.clone(), 40);
        let line = changes.line();
        assert!(
            line.starts_with("cas: 0 of 40 changes, 0.0 a second"),
            "{line}"
        );
        assert!(!line.contains("workers"), "{line}");
        workers[0].count();
        workers[0].set(Phase::Acquire);
        workers[1].set(Phase::Acquire);
        workers[2].set(Phase::Settle);
        let line = changes.line();
        assert!(line.starts_with("cas: 1 of 40 changes, "), "{line}");
        let waits = "; of 4 workers 2 in acquire, 1 settling";
        assert!(line.ends_with(waits), "{line}");
    }
}
