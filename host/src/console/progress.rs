//! Progress on standard error: a bar on a terminal, elsewhere a line every ten seconds; nothing with
//! `--quiet`.
//!
//! A thread of its own draws and prints, so that it goes on while everything else computes.

mod changes;

use self::changes::Changes;
use super::output::note;
use crate::wasm::clean_lines;
use crate::worker::watched::Counters;
use indicatif::{HumanDuration, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

const REDRAW: Duration = Duration::from_millis(200);

const BETWEEN_LINES: Duration = Duration::from_secs(10);

/// The destination of progress.
#[derive(Clone)]
pub struct Screen {
    bars: MultiProgress,
    way: Way,
    /// The cell of a batch, for the lines of its trial.
    title: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Bars on a terminal.
    Bars,
    /// A line now and then.
    Lines,
    Nothing,
}

impl Screen {
    pub fn new(quiet: bool) -> Self {
        let way = match (quiet, std::io::stderr().is_terminal()) {
            (true, _) => Way::Nothing,
            (false, true) => Way::Bars,
            (false, false) => Way::Lines,
        };
        let target = match way {
            Way::Bars => ProgressDrawTarget::stderr(),
            Way::Lines | Way::Nothing => ProgressDrawTarget::hidden(),
        };
        Self {
            bars: MultiProgress::with_draw_target(target),
            way,
            title: None,
        }
    }

    pub fn is_terminal(&self) -> bool {
        std::io::stderr().is_terminal()
    }

    /// The same screen, whose lines about trials begin with this.
    pub fn titled(&self, title: String) -> Self {
        Self {
            title: Some(title),
            ..self.clone()
        }
    }

    /// Prints a line, above the bars if there are any.
    pub fn print_line(&self, line: &str) {
        if self.way != Way::Nothing {
            self.bars.suspend(|| note(&clean_lines(line)));
        }
    }

    /// Shows the changes done out of all, and what the workers wait for, until it is dropped.
    pub fn changes(&self, strategy: &str, counters: Counters, all: u64) -> Shown {
        let bar = ProgressBar::new(all).with_message(strategy.to_owned());
        let bar = bar.with_style(style(
            "{msg} {wide_bar} {pos}/{len} changes, {elapsed} ({eta} left)",
        ));
        let name = self.title.as_deref().unwrap_or(strategy).to_owned();
        let mut changes = Changes::new(name, counters.clone(), all);
        self.show(
            self.bars.add(bar),
            move |bar| bar.set_position(counters.sum()),
            move || changes.line(),
        )
    }

    /// Shows that something takes its time, until it is dropped: `compiling cas, 20 s`.
    pub fn waiting(&self, what: impl Into<String>) -> Waiting {
        let what = Arc::new(Mutex::new(what.into()));
        let began = Instant::now();
        let shown = what.clone();
        let line = move || format!("{}, {}", lock(&shown), seconds(began));
        let drawn = line.clone();
        let shown = self.show(
            self.bars.add(plain_bar()),
            move |bar| bar.set_message(drawn()),
            line,
        );
        Waiting {
            what,
            _shown: shown,
        }
    }

    /// Draws how far a batch has come, above the bar of its cell, until it is dropped: which cell is
    /// running and since when, and how long the rest may take from here, if that is known.
    pub fn batch(
        &self,
        cell: String,
        since_begin: Duration,
        left: Option<Duration>,
    ) -> Option<Shown> {
        // Its lines are those of its trial, with its title.
        if self.way != Way::Bars {
            return None;
        }
        let begun = Instant::now();
        let draw = move |bar: &ProgressBar| {
            let passed = begun.elapsed();
            let elapsed = HumanDuration(since_begin + passed);
            bar.set_message(match left.map(|left| left.saturating_sub(passed)) {
                Some(left) => format!("{cell}, {elapsed}, about {} left", HumanDuration(left)),
                None => format!("{cell}, {elapsed}"),
            });
        };
        let bar = self.bars.insert(0, plain_bar());
        Some(self.show(bar, draw, String::new))
    }

    fn show(
        &self,
        bar: ProgressBar,
        mut draw: impl FnMut(&ProgressBar) + Send + 'static,
        mut line: impl FnMut() -> String + Send + 'static,
    ) -> Shown {
        let (every, way) = match self.way {
            Way::Bars => (REDRAW, self.way),
            Way::Lines | Way::Nothing => (BETWEEN_LINES, self.way),
        };
        let (stop, stopped) = mpsc::channel::<()>();
        let work = move || {
            while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                match way {
                    Way::Bars => draw(&bar),
                    Way::Lines => note(&clean_lines(&line())),
                    Way::Nothing => {}
                }
            }
            bar.finish_and_clear();
        };
        // Without a thread to spare there is no progress to see.
        let thread = match way {
            Way::Nothing => None,
            Way::Bars | Way::Lines => thread::Builder::new().spawn(work).ok(),
        };
        Shown {
            stop: Some(stop),
            thread,
        }
    }
}

/// Something that is shown until this is dropped. Then it is gone from the terminal: what is printed
/// next does not meet it there.
pub struct Shown {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

/// Something that takes its time.
pub struct Waiting {
    what: Arc<Mutex<String>>,
    _shown: Shown,
}

impl Waiting {
    /// Says what it is now.
    pub fn set(&self, what: impl Into<String>) {
        *lock(&self.what) = what.into();
    }
}

fn lock<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Nothing can panic while it is held.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn seconds(since: Instant) -> String {
    format!("{} s", since.elapsed().as_secs())
}

fn plain_bar() -> ProgressBar {
    ProgressBar::no_length().with_style(style("{msg}"))
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("a template of our own")
}
