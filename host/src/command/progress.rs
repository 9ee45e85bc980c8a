//! The progress bar: on a terminal only.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;

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

/// Draws the changes done out of all, until it is dropped. On anything but a terminal nothing is
/// drawn.
pub async fn show(strategy: String, counters: Counters, all: u64, quiet: bool) {
    let target = match quiet {
        true => ProgressDrawTarget::hidden(),
        false => ProgressDrawTarget::stderr(),
    };
    let bar = ProgressBar::with_draw_target(Some(all), target).with_message(strategy);
    let template = "{msg} {wide_bar} {pos}/{len} changes, {elapsed} ({eta} left)";
    bar.set_style(ProgressStyle::with_template(template).expect("a template of our own"));
    let _clear_at_end = ClearAtEnd(bar.clone());
    loop {
        bar.set_position(counters.sum());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Ends `show`, and returns when the bar is gone from the terminal: what is printed next must not
/// meet it there.
pub async fn end(bar: JoinHandle<()>) {
    bar.abort();
    // An error is all that an aborted task can give.
    bar.await.ok();
}

struct ClearAtEnd(ProgressBar);

impl Drop for ClearAtEnd {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
