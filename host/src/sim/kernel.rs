//! Virtual time: what is to happen, in order, and who waits for it.

mod agenda;

use self::agenda::{Agenda, Timer};
use super::log::{Log, Recording};
use super::world::Happening;
use crate::model::change::Nanos;
use crate::model::event::{Actor, Event, What};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

/// The clock and the queue of one simulation, shared by everything in it. All of it runs on one
/// thread; the locks are there because futures must be able to move, and nobody ever waits for one.
#[derive(Clone)]
pub struct Kernel(Arc<Shared>);

struct Shared {
    now: AtomicU64,
    /// Who is being polled; see `code`.
    actor: AtomicU64,
    logs: AtomicBool,
    agenda: Mutex<Agenda>,
    log: Mutex<Log>,
}

/// A time in which an actor stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pause {
    pub(super) since: Nanos,
    pub(super) until: Nanos,
}

/// What the queue had next.
pub(super) enum Next {
    Wake(Waker),
    Happening(Happening),
    /// An actor's pause is over.
    Resume(Actor),
}

impl Kernel {
    /// A queue with nothing in it, at the time 0.
    pub fn new(recording: Recording) -> Self {
        Self(Arc::new(Shared {
            now: AtomicU64::new(0),
            actor: AtomicU64::new(code(Actor::Host)),
            logs: AtomicBool::new(recording != Recording::Off),
            agenda: Mutex::default(),
            log: Mutex::new(Log::new(recording)),
        }))
    }

    fn agenda(&self) -> MutexGuard<'_, Agenda> {
        self.0.agenda.lock().expect("no panic while held")
    }

    /// Since the simulation began.
    pub fn now(&self) -> Nanos {
        self.0.now.load(Relaxed)
    }

    /// Who is at work: the actor of the task that runs now.
    pub fn actor(&self) -> Actor {
        decode(self.0.actor.load(Relaxed))
    }

    pub(super) fn set_actor(&self, actor: Actor) {
        self.0.actor.store(code(actor), Relaxed);
    }

    /// Lets something happen later, or at the end of this moment.
    pub fn schedule(&self, at: Nanos, happening: Happening) {
        let now = self.now();
        self.agenda()
            .push(now, at.max(now), Next::Happening(happening));
    }

    /// Waits.
    pub fn sleep(&self, duration: Nanos) -> Sleep {
        self.sleep_until(self.now().saturating_add(duration))
    }

    /// Waits for a moment; not at all if that is over.
    pub fn sleep_until(&self, at: Nanos) -> Sleep {
        Sleep {
            kernel: self.clone(),
            at,
            timer: None,
        }
    }

    /// An actor's tasks stand still until then, whatever they wait for. A later end of an earlier
    /// pause stays.
    pub fn pause(&self, actor: Actor, until: Nanos) {
        let now = self.now();
        let mut agenda = self.agenda();
        let since = match agenda.paused.get(&actor) {
            Some(pause) if pause.until >= until => return,
            Some(pause) if pause.until > now => pause.since,
            _ => now,
        };
        agenda.paused.insert(actor, Pause { since, until });
        agenda.push(now, until, Next::Resume(actor));
    }

    pub(super) fn is_paused(&self, actor: Actor) -> bool {
        self.last_pause(actor)
            .is_some_and(|pause| pause.until > self.now())
    }

    /// The pause that an actor is in, or else the last that it was in.
    pub(super) fn last_pause(&self, actor: Actor) -> Option<Pause> {
        self.agenda().paused.get(&actor).copied()
    }

    /// Keeps what happened, if anything is kept.
    pub fn log(&self, what: impl FnOnce() -> What) {
        if self.0.logs.load(Relaxed) {
            let event = Event {
                at: self.now(),
                what: what(),
            };
            self.0.log.lock().expect("no panic while held").add(event);
        }
    }

    /// The log so far; what is logged later is not kept.
    pub fn take_log(&self) -> Log {
        self.0.logs.store(false, Relaxed);
        let mut log = self.0.log.lock().expect("no panic while held");
        std::mem::replace(&mut *log, Log::new(Recording::Off))
    }

    /// Goes on to the next thing that is to happen.
    pub(super) fn advance(&self) -> Option<Next> {
        let (at, next) = self.agenda().pop()?;
        self.0.now.store(at, Relaxed);
        Some(next)
    }
}

/// A wait in virtual time. Dropping it gives it up.
#[must_use = "nothing waits until it is awaited"]
pub struct Sleep {
    kernel: Kernel,
    at: Nanos,
    timer: Option<Timer>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let now = self.kernel.now();
        if now >= self.at {
            return Poll::Ready(());
        }
        match self.timer {
            Some(timer) => {
                if let Some(waker) = self.kernel.agenda().waker(timer) {
                    waker.clone_from(context.waker());
                }
            }
            None => {
                let wake = Next::Wake(context.waker().clone());
                let timer = self.kernel.agenda().push(now, self.at, wake);
                self.timer = Some(timer);
            }
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(timer) = self.timer {
            self.kernel.agenda().cancel(timer);
        }
    }
}

fn code(actor: Actor) -> u64 {
    match actor {
        Actor::Host => 0,
        Actor::Worker(number) => (1 << 32) | u64::from(number),
        Actor::Generator(number) => (2 << 32) | u64::from(number),
    }
}

fn decode(code: u64) -> Actor {
    let number = (code & 0xffff_ffff) as u32;
    match code >> 32 {
        1 => Actor::Worker(number),
        2 => Actor::Generator(number),
        _ => Actor::Host,
    }
}
