//! Virtual time: events in their order, and the tasks that wait for a time.

use crate::Nanos;
use crate::event_queue::{EventQueue, Timer};
use crate::log::{Log, LogEntry, Recording};
use std::fmt::Debug;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

/// The owner of a task: what is paused as one. The user gives the numbers their meaning, for example
/// by `impl From<Worker> for ActorId`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ActorId(pub u64);

/// The clock and the event queue of one simulation, shared by everything in it; a clone is another
/// handle to the same. `E` is the user's event, `L` the user's log entry.
///
/// All of it runs on one thread. The locks inside are there because futures must be able to move
/// between threads; no lock is ever contended.
pub struct Kernel<E, L = String>(Arc<Shared<E, L>>);

struct Shared<E, L> {
    now: AtomicU64,
    /// The actor of the task that is being polled.
    actor: AtomicU64,
    logs: AtomicBool,
    /// True once any actor was paused: most simulations pause none.
    has_paused: AtomicBool,
    queue: Mutex<EventQueue<E>>,
    log: Mutex<Log<L>>,
}

/// A time in which an actor's tasks stand still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// Its beginning.
    pub since: Nanos,
    /// Its end.
    pub until: Nanos,
}

/// An item of the queue.
pub(crate) enum Next<E> {
    /// A sleep is over.
    Wake(Waker),
    /// An event of the user's.
    Event(E),
    /// An actor's pause is over.
    Resume(ActorId),
}

impl<E, L> Clone for Kernel<E, L> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<E, L> Kernel<E, L> {
    /// A kernel with an empty queue, at the time 0.
    pub fn new(recording: Recording) -> Self {
        Self(Arc::new(Shared {
            now: AtomicU64::new(0),
            actor: AtomicU64::new(ActorId::default().0),
            logs: AtomicBool::new(recording != Recording::Off),
            has_paused: AtomicBool::new(false),
            queue: Mutex::default(),
            log: Mutex::new(Log::new(recording)),
        }))
    }

    fn queue(&self) -> MutexGuard<'_, EventQueue<E>> {
        self.0.queue.lock().expect("no panic while held")
    }

    /// The virtual time since the simulation began.
    pub fn now(&self) -> Nanos {
        self.0.now.load(Relaxed)
    }

    /// The actor of the task that runs now; `ActorId(0)` while no task does.
    pub fn actor(&self) -> ActorId {
        ActorId(self.0.actor.load(Relaxed))
    }

    pub(crate) fn set_actor(&self, actor: ActorId) {
        self.0.actor.store(actor.0, Relaxed);
    }

    /// Schedules an event. One whose time is over comes now, after all that is due now already.
    pub fn schedule(&self, at: Nanos, event: E) {
        let now = self.now();
        self.queue().push(at.max(now), Next::Event(event));
    }

    /// Sleeps for a duration.
    pub fn sleep(&self, duration: Nanos) -> Sleep<E, L> {
        self.sleep_until(self.now().saturating_add(duration))
    }

    /// Sleeps until a time; not at all if it is over.
    pub fn sleep_until(&self, at: Nanos) -> Sleep<E, L> {
        Sleep {
            kernel: self.clone(),
            at,
            timer: None,
        }
    }

    /// Pauses an actor: its tasks stand still until then, whatever they wait for. An earlier pause that
    /// ends later stays.
    pub fn pause(&self, actor: impl Into<ActorId>, until: Nanos) {
        let (now, actor): (Nanos, ActorId) = (self.now(), actor.into());
        let mut queue = self.queue();
        let since = match queue.paused.get(&actor) {
            Some(pause) if pause.until >= until => return,
            Some(pause) if pause.until > now => pause.since,
            _ => now,
        };
        self.0.has_paused.store(true, Relaxed);
        queue.paused.insert(actor, Pause { since, until });
        queue.push(until, Next::Resume(actor));
    }

    pub(crate) fn is_paused(&self, actor: ActorId) -> bool {
        self.0.has_paused.load(Relaxed)
            && self
                .last_pause(actor)
                .is_some_and(|pause| pause.until > self.now())
    }

    /// The pause that an actor is in, or else its last one; `None` if it never had one.
    pub fn last_pause(&self, actor: impl Into<ActorId>) -> Option<Pause> {
        let actor: ActorId = actor.into();
        self.queue().paused.get(&actor).copied()
    }

    /// Logs an entry. `what` is not called if nothing is recorded.
    pub fn log(&self, what: impl FnOnce() -> L)
    where
        L: Debug,
    {
        if self.0.logs.load(Relaxed) {
            let entry = LogEntry {
                at: self.now(),
                what: what(),
            };
            self.0.log.lock().expect("no panic while held").add(entry);
        }
    }

    /// Takes the log so far, and records nothing from then on.
    pub fn take_log(&self) -> Log<L> {
        self.0.logs.store(false, Relaxed);
        let mut log = self.0.log.lock().expect("no panic while held");
        std::mem::replace(&mut *log, Log::new(Recording::Off))
    }

    /// Advances the clock to the next item of the queue, and returns that.
    pub(crate) fn advance(&self) -> Option<Next<E>> {
        let (at, next) = self.queue().pop()?;
        self.0.now.store(at, Relaxed);
        Some(next)
    }
}

/// A wait in virtual time. Dropping it cancels it.
#[must_use = "nothing waits until it is awaited"]
pub struct Sleep<E, L = String> {
    kernel: Kernel<E, L>,
    at: Nanos,
    timer: Option<Timer>,
}

impl<E, L> Future for Sleep<E, L> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let now = self.kernel.now();
        if now >= self.at {
            return Poll::Ready(());
        }
        match self.timer {
            Some(timer) => {
                if let Some(waker) = self.kernel.queue().waker(timer) {
                    waker.clone_from(context.waker());
                }
            }
            None => {
                let wake = Next::Wake(context.waker().clone());
                let timer = self.kernel.queue().push(self.at, wake);
                self.timer = Some(timer);
            }
        }
        Poll::Pending
    }
}

impl<E, L> Drop for Sleep<E, L> {
    fn drop(&mut self) {
        if let Some(timer) = self.timer {
            self.kernel.queue().cancel(timer);
        }
    }
}
