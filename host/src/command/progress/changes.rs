//! A trial's changes as a line: how many, how fast, and what the workers wait for.

use crate::worker::watched::{Phase, Watched};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

/// The workers of a trial.
#[derive(Debug, Clone, Default)]
pub struct Counters(Vec<Arc<Watched>>);

impl Counters {
    pub fn add(&mut self) -> Arc<Watched> {
        let watched = Arc::new(Watched::default());
        self.0.push(watched.clone());
        watched
    }

    /// The changes that are over.
    pub fn sum(&self) -> u64 {
        self.0.iter().map(|it| u64::from(it.done())).sum()
    }

    /// `of 300 workers 200 in acquire, 40 checking all nodes`; nothing of those that wait for nothing.
    fn waits(&self) -> Option<String> {
        let mut counts = BTreeMap::<Phase, usize>::new();
        for watched in &self.0 {
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
        (!waits.is_empty()).then(|| format!("of {} workers {}", self.0.len(), waits.join(", ")))
    }
}

/// A trial's lines. The rate of each is of the time since the one before.
pub(super) struct Changes {
    name: String,
    counters: Counters,
    all: u64,
    told: (Instant, u64),
}

impl Changes {
    pub(super) fn new(name: String, counters: Counters, all: u64) -> Self {
        Self {
            name,
            counters,
            all,
            told: (Instant::now(), 0),
        }
    }

    pub(super) fn line(&mut self) -> String {
        let (then, before) = self.told;
        let (now, done) = (Instant::now(), self.counters.sum());
        self.told = (now, done);
        let seconds = now.duration_since(then).as_secs_f64();
        let rate = done.saturating_sub(before) as f64 / seconds.max(1e-3);
        let mut line = format!(
            "{}: {done} of {} changes, {rate:.1} a second",
            self.name, self.all
        );
        if let Some(waits) = self.counters.waits() {
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
        let mut counters = Counters::default();
        let workers: Vec<_> = (0..4).map(|_| counters.add()).collect();
        let mut changes = Changes::new("cas".to_owned(), counters, 40);
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
