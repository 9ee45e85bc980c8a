//! Progress of a search.

use crate::console::{Screen, Waiting};
use crate::explore::examine::Progress;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// No more is drawn than once in this time.
const REDRAW: Duration = Duration::from_millis(200);

/// The line of a search.
pub struct SearchBar {
    strategy: String,
    began: Instant,
    drawn: Mutex<Instant>,
    waiting: Waiting,
}

impl SearchBar {
    /// Shows what a search has come to, until it is dropped.
    pub fn new(screen: &Screen, strategy: &str) -> Self {
        Self {
            strategy: strategy.to_owned(),
            began: Instant::now(),
            drawn: Mutex::new(Instant::now()),
            waiting: screen.waiting(format!("{strategy}: its first seed")),
        }
    }

    /// Shows how far the search is, at most once for each redraw while it goes on.
    pub fn update(&self, progress: Progress<'_>) {
        let tally = match progress {
            Progress::Searching(tally) => tally,
            Progress::Shrinking { seed } => {
                let name = &self.strategy;
                self.waiting
                    .set(format!("{name}: violated with seed {seed}, shrinking it"));
                return;
            }
        };
        // Nothing can panic while it is held.
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        if drawn.elapsed() < REDRAW {
            return;
        }
        *drawn = Instant::now();
        let seconds = self.began.elapsed().as_secs_f64();
        let simulated = tally.simulated_ns as f64 / 1e9;
        self.waiting.set(format!(
            "{}: {} seeds, {:.0} a second, {:.0} × real time, no violation yet",
            self.strategy,
            tally.seeds,
            tally.seeds as f64 / seconds,
            simulated / seconds
        ));
    }
}
