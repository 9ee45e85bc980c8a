//! Runs the tasks of a simulation on one thread, in an order that depends on nothing but what they do.

use super::kernel::{Kernel, Next};
use super::world::World;
use crate::model::change::Nanos;
use crate::model::event::Actor;
use slab::Slab;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

/// The tasks of one simulation.
pub struct Executor {
    kernel: Kernel,
    tasks: Slab<Task>,
    /// How many of them the run waits for.
    awaited: usize,
    ready: Arc<Mutex<Ready>>,
    /// Tasks that were woken while their actor is paused.
    held: Vec<usize>,
}

struct Task {
    actor: Actor,
    is_awaited: bool,
    future: Pin<Box<dyn Future<Output = ()>>>,
    waker: Waker,
}

/// Tasks that can go on. Of several, that with the smallest number goes first, whatever the order in
/// which they were woken: libraries wake in an order of their own.
#[derive(Default)]
struct Ready {
    numbers: BinaryHeap<Reverse<usize>>,
    is_in: Vec<bool>,
}

impl Ready {
    fn add(&mut self, number: usize) {
        if self.is_in.len() <= number {
            self.is_in.resize(number + 1, false);
        }
        if !std::mem::replace(&mut self.is_in[number], true) {
            self.numbers.push(Reverse(number));
        }
    }

    fn take(&mut self) -> Option<usize> {
        let Reverse(number) = self.numbers.pop()?;
        self.is_in[number] = false;
        Some(number)
    }
}

struct TaskWaker {
    number: usize,
    ready: Arc<Mutex<Ready>>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.ready
            .lock()
            .expect("no panic while held")
            .add(self.number);
    }
}

/// What a task comes to.
pub struct Joined<T>(Arc<Mutex<Option<T>>>);

impl<T> Joined<T> {
    /// Nothing if the task is not over.
    pub fn take(&self) -> Option<T> {
        self.0.lock().expect("no panic while held").take()
    }
}

/// Why a simulation did not come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stuck {
    /// Tasks wait, and nothing will ever happen.
    ForEver,
    /// The virtual time that was given is over.
    OutOfTime,
}

impl Executor {
    pub fn new(kernel: Kernel) -> Self {
        Self {
            kernel,
            tasks: Slab::new(),
            awaited: 0,
            ready: Arc::default(),
            held: Vec::new(),
        }
    }

    /// Adds a task of an actor. It runs with `run`, which waits for it.
    pub fn spawn<T: 'static>(
        &mut self,
        actor: Actor,
        future: impl Future<Output = T> + 'static,
    ) -> Joined<T> {
        self.awaited += 1;
        self.add(actor, true, future)
    }

    /// Adds a task that `run` does not wait for: it goes on, if it can, in the next run.
    pub fn spawn_beside<T: 'static>(
        &mut self,
        actor: Actor,
        future: impl Future<Output = T> + 'static,
    ) -> Joined<T> {
        self.add(actor, false, future)
    }

    fn add<T: 'static>(
        &mut self,
        actor: Actor,
        is_awaited: bool,
        future: impl Future<Output = T> + 'static,
    ) -> Joined<T> {
        let told = Arc::new(Mutex::new(None));
        let joined = Joined(told.clone());
        let number = self.tasks.vacant_key();
        let ready = self.ready.clone();
        self.tasks.insert(Task {
            actor,
            is_awaited,
            future: Box::pin(async move {
                let value = future.await;
                *told.lock().expect("no panic while held") = Some(value);
            }),
            waker: Waker::from(Arc::new(TaskWaker { number, ready })),
        });
        self.ready.lock().expect("no panic while held").add(number);
        joined
    }

    /// Runs until all tasks that it waits for are over, at most until this moment of the simulation.
    pub fn run(&mut self, world: &World, until: Nanos) -> Result<(), Stuck> {
        loop {
            self.run_ready();
            if self.awaited == 0 {
                return Ok(());
            }
            match self.kernel.advance() {
                None => return Err(Stuck::ForEver),
                Some(Next::Wake(waker)) => waker.wake(),
                Some(Next::Happening(happening)) => world.happen(happening),
                Some(Next::Resume(actor)) => self.resume(actor),
            }
            if self.kernel.now() > until {
                return Err(Stuck::OutOfTime);
            }
        }
    }

    fn run_ready(&mut self) {
        loop {
            let next = self.ready.lock().expect("no panic while held").take();
            let Some(number) = next else { return };
            let Some(task) = self.tasks.get_mut(number) else {
                continue;
            };
            if self.kernel.is_paused(task.actor) {
                self.held.push(number);
                continue;
            }
            self.kernel.set_actor(task.actor);
            let mut context = Context::from_waker(&task.waker);
            let polled = task.future.as_mut().poll(&mut context);
            self.kernel.set_actor(Actor::Host);
            if polled == Poll::Ready(()) {
                let over = self.tasks.remove(number);
                self.awaited -= usize::from(over.is_awaited);
            }
        }
    }

    fn resume(&mut self, actor: Actor) {
        if self.kernel.is_paused(actor) {
            return;
        }
        let mut ready = self.ready.lock().expect("no panic while held");
        let tasks = &self.tasks;
        self.held.retain(|&number| {
            let resumes = tasks.get(number).is_none_or(|task| task.actor == actor);
            if resumes {
                ready.add(number);
            }
            !resumes
        });
    }
}
