//! Progress bars: on a terminal only.

use crate::record::tally::Tally;
use indicatif::{HumanDuration, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

const REDRAW: Duration = Duration::from_millis(200);

/// The counters of a trial's workers: each is written by one worker, and read from here.
#[derive(Debug, Clone, Default)]
pub struct Counters(Vec<Arc<AtomicU32>>);

impl Counters {
    pub fn add(&mut self) -> Arc<AtomicU32> {
        let counter = Arc::new(AtomicU32::new(0));
        self.0.push(counter.clone());
        counter
    }

    pub fn sum(&self) -> u64 {
        let count = |counter: &Arc<AtomicU32>| u64::from(counter.load(Ordering::Relaxed));
        self.0.iter().map(count).sum()
    }
}

/// Where bars are drawn: on a terminal, or nowhere.
#[derive(Clone)]
pub struct Screen {
    bars: MultiProgress,
    is_terminal: bool,
}

impl Screen {
    pub fn new(quiet: bool) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let target = match quiet || !is_terminal {
            true => ProgressDrawTarget::hidden(),
            false => ProgressDrawTarget::stderr(),
        };
        Self {
            bars: MultiProgress::with_draw_target(target),
            is_terminal,
        }
    }

    pub fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Draws the changes done out of all, until it is dropped.
    pub async fn show(self, strategy: String, counters: Counters, all: u64) {
        let bar = self.bars.add(ProgressBar::new(all)).with_message(strategy);
        let template = "{msg} {wide_bar} {pos}/{len} changes, {elapsed} ({eta} left)";
        bar.set_style(style(template));
        let _clear_at_end = ClearAtEnd(bar.clone());
        loop {
            bar.set_position(counters.sum());
            tokio::time::sleep(REDRAW).await;
        }
    }

    /// Draws what a search has come to, whenever it is told, until it is dropped.
    pub fn search(&self, strategy: &str) -> SearchBar {
        let bar = self.bars.add(ProgressBar::no_length());
        bar.set_style(style("{msg}"));
        let began = Instant::now();
        SearchBar {
            strategy: strategy.to_owned(),
            began,
            drawn: Mutex::new(began),
            bar: ClearAtEnd(bar),
        }
    }

    /// Draws how far a batch has come, above the bar of its cell, until it is dropped: which cell is
    /// running and since when, and how long the rest may take from here, if that can be told.
    pub async fn show_batch(self, cell: String, since_begin: Duration, left: Option<Duration>) {
        let bar = self.bars.insert(0, ProgressBar::no_length());
        bar.set_style(style("{msg}"));
        let _clear_at_end = ClearAtEnd(bar.clone());
        let begun = Instant::now();
        loop {
            let passed = begun.elapsed();
            let elapsed = HumanDuration(since_begin + passed);
            bar.set_message(match left.map(|left| left.saturating_sub(passed)) {
                Some(left) => format!("{cell}, {elapsed}, about {} left", HumanDuration(left)),
                None => format!("{cell}, {elapsed}"),
            });
            tokio::time::sleep(REDRAW).await;
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("a template of our own")
}

/// Ends the drawing of a bar, and returns when the bar is gone from the terminal: what is printed next must not
/// meet it there.
pub async fn end(bar: JoinHandle<()>) {
    bar.abort();
    // An error is all that an aborted task can give.
    bar.await.ok();
}

/// The line of a search.
pub struct SearchBar {
    strategy: String,
    began: Instant,
    drawn: Mutex<Instant>,
    bar: ClearAtEnd,
}

impl SearchBar {
    /// What there is so far; drawn now and then.
    pub fn tell(&self, tally: &Tally) {
        let mut drawn = self.drawn.lock().expect("no panic while held");
        if drawn.elapsed() < REDRAW {
            return;
        }
        *drawn = Instant::now();
        let seconds = self.began.elapsed().as_secs_f64();
        let simulated = tally.simulated_ns as f64 / 1e9;
        self.bar.0.set_message(format!(
            "{}: {} seeds, {:.0} a second, {:.0} × real time, no violation yet",
            self.strategy,
            tally.seeds,
            tally.seeds as f64 / seconds,
            simulated / seconds
        ));
    }
}

struct ClearAtEnd(ProgressBar);

impl Drop for ClearAtEnd {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
