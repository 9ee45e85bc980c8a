//! Measures the runner itself, so that a slow runner is not taken for a slow database.
//!
//! Two probes stand among the workers while these run. One sets a timer again and again and sees how
//! late it fires. The other is woken from outside, as the answer of a server wakes a worker, and sees
//! how long it takes until it runs.

use crate::backend::clock::RealClock;
use crate::capability::clock::Clock;
use crate::model::change::Nanos;
use crate::model::lateness::{Late, Lateness};
use crate::record::histogram::Latencies;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

const PERIOD: Duration = Duration::from_millis(10);
const PERIOD_NS: Nanos = 10_000_000;
const NANOS_PER_S: u64 = 1_000_000_000;

/// A long run is kept in so many intervals at most; before there are more, they become twice as long.
const MAX_INTERVALS: usize = 3_600;

/// A probe of lateness. Measures until it is dropped.
pub struct Probe {
    timers: JoinHandle<Series>,
    tasks: JoinHandle<Series>,
    /// Ends the timers.
    stop: oneshot::Sender<()>,
    /// Ends the thread that wakes, and so the tasks.
    is_over: Arc<AtomicBool>,
}

impl Probe {
    /// Begins on the threads that run the workers: those of the caller.
    pub fn start(clock: Arc<RealClock>) -> Self {
        let (stop, stopped) = oneshot::channel();
        let is_over = Arc::new(AtomicBool::new(false));
        let (wake, woken) = mpsc::unbounded_channel();
        let (over, waker) = (is_over.clone(), clock.clone());
        // Without the thread there are no figures of tasks.
        thread::Builder::new()
            .name("probe".to_owned())
            .spawn(move || {
                while !over.load(Relaxed) && wake.send(waker.now()).is_ok() {
                    thread::sleep(PERIOD);
                }
            })
            .ok();
        Self {
            timers: tokio::spawn(timers(clock.clone(), stopped)),
            tasks: tokio::spawn(tasks(clock, woken)),
            stop,
            is_over,
        }
    }

    /// Ends, and says what was measured.
    pub async fn end(self) -> Lateness {
        self.stop.send(()).ok();
        self.is_over.store(true, Relaxed);
        let timers = self.timers.await.unwrap_or_default();
        let tasks = self.tasks.await.unwrap_or_default();
        together(timers, tasks)
    }
}

async fn timers(clock: Arc<RealClock>, mut stopped: oneshot::Receiver<()>) -> Series {
    let mut series = Series::default();
    loop {
        let due = clock.now() + PERIOD_NS;
        tokio::select! {
            biased;
            _ = &mut stopped => return series,
            () = tokio::time::sleep(PERIOD) => {}
        }
        series.record_alone(due, clock.now());
    }
}

async fn tasks(clock: Arc<RealClock>, mut woken: mpsc::UnboundedReceiver<Nanos>) -> Series {
    let mut series = Series::default();
    while let Some(due) = woken.recv().await {
        series.record(due, clock.now());
    }
    series
}

/// One kind of lateness as it is measured.
struct Series {
    all: Latencies,
    interval_s: u64,
    worst_ns: Vec<Nanos>,
}

impl Default for Series {
    fn default() -> Self {
        Self {
            all: Latencies::default(),
            interval_s: 1,
            worst_ns: Vec::new(),
        }
    }
}

impl Series {
    /// Records a lateness that kept the next ones from being measured.
    fn record_alone(&mut self, due: Nanos, now: Nanos) {
        self.all.record_held_up(now.saturating_sub(due), PERIOD_NS);
        self.note(due, now);
    }

    fn record(&mut self, due: Nanos, now: Nanos) {
        self.all.record(now.saturating_sub(due));
        self.note(due, now);
    }

    fn note(&mut self, due: Nanos, now: Nanos) {
        let late = now.saturating_sub(due);
        while self.interval_of(now) >= MAX_INTERVALS {
            self.double();
        }
        let (first, last) = (self.interval_of(due), self.interval_of(now));
        if self.worst_ns.len() <= last {
            self.worst_ns.resize(last + 1, 0);
        }
        for worst in &mut self.worst_ns[first.min(last)..=last] {
            *worst = late.max(*worst);
        }
    }

    fn interval_of(&self, at: Nanos) -> usize {
        usize::try_from(at / NANOS_PER_S / self.interval_s).unwrap_or(usize::MAX)
    }

    fn double(&mut self) {
        let pairs = self.worst_ns.chunks(2);
        self.worst_ns = pairs
            .map(|pair| pair.iter().copied().max().unwrap_or(0))
            .collect();
        self.interval_s *= 2;
    }

    fn late(&self) -> Late {
        Late {
            p50_ns: self.all.at(0.50),
            p99_ns: self.all.at(0.99),
            max_ns: self.all.max(),
        }
    }
}

fn together(mut timers: Series, mut tasks: Series) -> Lateness {
    while timers.interval_s < tasks.interval_s {
        timers.double();
    }
    while tasks.interval_s < timers.interval_s {
        tasks.double();
    }
    let (timer, task) = (timers.late(), tasks.late());
    let (mut longer, shorter) = match timers.worst_ns.len() >= tasks.worst_ns.len() {
        true => (timers.worst_ns, tasks.worst_ns),
        false => (tasks.worst_ns, timers.worst_ns),
    };
    for (one, other) in longer.iter_mut().zip(shorter) {
        *one = other.max(*one);
    }
    Lateness {
        timers: timer,
        tasks: task,
        interval_s: timers.interval_s,
        worst_ns: longer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Nanos = 1_000_000;

    #[test]
    fn a_delay_counts_in_every_interval_that_it_lasts() {
        let mut series = Series::default();
        series.record_alone(500 * MS, 501 * MS);
        series.record_alone(1_900 * MS, 4_100 * MS);
        let late = 2_200 * MS;
        assert_eq!(series.worst_ns, [MS, late, late, late, late]);
        // A probe that was held up for two seconds would have measured two hundred times.
        assert!(
            series.late().p50_ns.unwrap() > 1_000 * MS,
            "{:?}",
            series.late()
        );
    }

    #[test]
    fn a_long_run_has_longer_intervals() {
        let mut series = Series::default();
        for second in 0..10_000 {
            let due = second * NANOS_PER_S;
            series.record(due, due + second);
        }
        assert_eq!((series.interval_s, series.worst_ns.len()), (4, 2_500));
        assert_eq!(series.worst_ns[0], 3);
        assert_eq!(series.worst_ns[2_499], 9_999);
        let mut short = Series::default();
        short.record(NANOS_PER_S, NANOS_PER_S + 7);
        let both = together(short, series);
        assert_eq!(
            (both.interval_s, both.worst_ns[0], both.worst_ns.len()),
            (4, 7, 2_500)
        );
    }

    #[tokio::test]
    async fn threads_that_are_held_up_are_late() {
        let clock = Arc::new(RealClock::new());
        clock.start();
        let probe = Probe::start(clock);
        tokio::time::sleep(Duration::from_millis(50)).await;
        // The one thread of this runtime.
        thread::sleep(Duration::from_millis(300));
        tokio::time::sleep(Duration::from_millis(50)).await;
        let late = probe.end().await;
        for kind in [&late.timers, &late.tasks] {
            assert!(kind.max_ns.unwrap() >= 200 * MS, "{late:?}");
        }
        assert!(late.bears_on(20 * MS), "{late:?}");
        assert!(late.worst().unwrap().1 >= 200 * MS);
    }
}
