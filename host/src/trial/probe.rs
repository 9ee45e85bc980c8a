//! Measures the runner itself, so that a slow runner is not taken for a slow database.
//!
//! Two probes stand among the workers of each thread while these run. One sets a timer again and again
//! and sees how late it fires. The other is woken from outside, as the answer of a server wakes a worker,
//! and sees how long it takes until it runs.

use crate::backend::clock::RealClock;
use crate::capability::clock::Clock;
use crate::model::change::Nanos;
use crate::model::lateness::{Late, Lateness};
use crate::record::histogram::Latencies;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

const PERIOD: Duration = Duration::from_millis(10);
const PERIOD_NS: Nanos = 10_000_000;
const NANOS_PER_S: u64 = 1_000_000_000;

/// A long run is kept in so many intervals at most; before there are more, they become twice as long.
const MAX_INTERVALS: usize = 3_600;

/// A probe of lateness. Measures until it is dropped.
pub struct Probe {
    places: Vec<Place>,
    /// Ends the thread that wakes, and so the tasks.
    is_over: Arc<AtomicBool>,
}

impl Probe {
    /// Begins on the threads that run the workers.
    pub fn start(clock: &Arc<RealClock>, threads: &[Handle]) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let placed = threads.iter().map(|thread| Place::start(clock, thread));
        let (places, wakes): (Vec<_>, Vec<_>) = placed.unzip();
        let (over, waker) = (is_over.clone(), clock.clone());
        // Without the thread there are no figures of tasks.
        thread::Builder::new()
            .name("probe".to_owned())
            .spawn(move || {
                let is_woken = |wake: &Wake| wake.send(waker.now()).is_ok();
                while !over.load(Relaxed) && wakes.iter().all(is_woken) {
                    thread::sleep(PERIOD);
                }
            })
            .ok();
        Self { places, is_over }
    }

    /// Ends, and says what was measured.
    pub async fn end(self) -> Lateness {
        self.is_over.store(true, Relaxed);
        let (mut timers, mut tasks) = (Series::default(), Series::default());
        for place in self.places {
            place.stop.send(()).ok();
            timers.add(place.timers.await.unwrap_or_default());
            tasks.add(place.tasks.await.unwrap_or_default());
        }
        together(timers, tasks)
    }
}

type Wake = mpsc::UnboundedSender<Nanos>;

/// The probes of one thread.
struct Place {
    timers: JoinHandle<Series>,
    tasks: JoinHandle<Series>,
    /// Ends the timers.
    stop: oneshot::Sender<()>,
}

impl Place {
    fn start(clock: &Arc<RealClock>, thread: &Handle) -> (Self, Wake) {
        let (stop, stopped) = oneshot::channel();
        let (wake, woken) = mpsc::unbounded_channel();
        let place = Self {
            timers: thread.spawn(timers(clock.clone(), stopped)),
            tasks: thread.spawn(tasks(clock.clone(), woken)),
            stop,
        };
        (place, wake)
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

    /// Adds a series that was measured at the same time.
    fn add(&mut self, mut other: Self) {
        while self.interval_s < other.interval_s {
            self.double();
        }
        while other.interval_s < self.interval_s {
            other.double();
        }
        self.all.add(&other.all);
        let longer = self.worst_ns.len().max(other.worst_ns.len());
        self.worst_ns.resize(longer, 0);
        for (worst, other) in self.worst_ns.iter_mut().zip(other.worst_ns) {
            *worst = other.max(*worst);
        }
    }

    fn late(&self) -> Late {
        Late {
            p50_ns: self.all.at(0.50),
            p99_ns: self.all.at(0.99),
            max_ns: self.all.max(),
        }
    }
}

/// Those of timers and of tasks, and the worst of both in each interval.
fn together(mut timers: Series, tasks: Series) -> Lateness {
    let (timer, task) = (timers.late(), tasks.late());
    timers.add(tasks);
    Lateness {
        timers: timer,
        tasks: task,
        interval_s: timers.interval_s,
        worst_ns: timers.worst_ns,
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
        let probe = Probe::start(&clock, &[Handle::current()]);
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
