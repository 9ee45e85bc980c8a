//! Runs the tasks of a simulation on one thread, in an order that depends on nothing but what they do.

use crate::Nanos;
use crate::kernel::{ActorId, Kernel, Next};
use slab::Slab;
use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};

/// Handles the events of a simulation. A closure over an event is one.
pub trait World<E> {
    /// Handles an event, whose time has come.
    fn handle(&self, event: E);
}

impl<E, F: Fn(E)> World<E> for F {
    fn handle(&self, event: E) {
        self(event);
    }
}

/// The tasks of one simulation.
pub struct Executor<E, L = String> {
    kernel: Kernel<E, L>,
    tasks: Slab<Task>,
    /// The number of them that the run waits for.
    awaited: usize,
    ready: Arc<Mutex<Ready>>,
    /// Tasks that were woken while their actor is paused.
    held: Vec<usize>,
    spawner: Spawner,
}

type Work = Pin<Box<dyn Future<Output = ()>>>;

struct Task {
    actor: ActorId,
    is_awaited: bool,
    future: Work,
    waker: Waker,
}

/// Adds tasks to a run from within it; a clone adds to the same.
#[derive(Clone, Default)]
pub struct Spawner(Rc<RefCell<Vec<(ActorId, Work)>>>);

impl Spawner {
    /// Adds a task of an actor, which begins when the task that spawns it waits. Tasks get their
    /// numbers in the order in which they are spawned. The run does not wait for their end.
    pub fn spawn<T: 'static>(
        &self,
        actor: impl Into<ActorId>,
        future: impl Future<Output = T> + 'static,
    ) -> JoinHandle<T> {
        let (handle, work) = joined(future);
        self.0.borrow_mut().push((actor.into(), work));
        handle
    }
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

/// The result of a task, once there is one: awaited by another task, or taken when the run has ended.
pub struct JoinHandle<T>(Arc<Mutex<Joined<T>>>);

struct Joined<T> {
    result: Option<T>,
    waker: Option<Waker>,
}

impl<T> JoinHandle<T> {
    fn joined(&self) -> MutexGuard<'_, Joined<T>> {
        self.0.lock().expect("no panic while held")
    }

    /// Takes the result; `None` if the task has not ended, or the result was taken before.
    pub fn take(&self) -> Option<T> {
        self.joined().result.take()
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let mut joined = self.joined();
        match joined.result.take() {
            Some(result) => Poll::Ready(result),
            None => {
                joined.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// Splits a future into what is run and what its result comes to.
fn joined<T: 'static>(future: impl Future<Output = T> + 'static) -> (JoinHandle<T>, Work) {
    let handle = JoinHandle(Arc::new(Mutex::new(Joined {
        result: None,
        waker: None,
    })));
    let ended = JoinHandle(handle.0.clone());
    let work = async move {
        let result = future.await;
        let mut joined = ended.joined();
        joined.result = Some(result);
        if let Some(waker) = joined.waker.take() {
            waker.wake();
        }
    };
    (handle, Box::pin(work))
}

/// The reason why a simulation did not end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stuck {
    /// Tasks wait, and the queue is empty.
    ForEver,
    /// The time limit was reached.
    OutOfTime,
}

impl<E, L> Executor<E, L> {
    /// An executor without tasks.
    pub fn new(kernel: Kernel<E, L>) -> Self {
        Self {
            kernel,
            tasks: Slab::new(),
            awaited: 0,
            ready: Arc::default(),
            held: Vec::new(),
            spawner: Spawner::default(),
        }
    }

    /// A handle that adds tasks from within the run.
    pub fn spawner(&self) -> Spawner {
        self.spawner.clone()
    }

    /// Adds a task of an actor. [`run`](Self::run) waits for its end.
    pub fn spawn<T: 'static>(
        &mut self,
        actor: impl Into<ActorId>,
        future: impl Future<Output = T> + 'static,
    ) -> JoinHandle<T> {
        let (handle, work) = joined(future);
        self.awaited += 1;
        self.add(actor.into(), true, work);
        handle
    }

    fn add(&mut self, actor: ActorId, is_awaited: bool, future: Work) {
        let number = self.tasks.vacant_key();
        let ready = self.ready.clone();
        self.tasks.insert(Task {
            actor,
            is_awaited,
            future,
            waker: Waker::from(Arc::new(TaskWaker { number, ready })),
        });
        self.ready.lock().expect("no panic while held").add(number);
    }

    /// Runs until all tasks that it waits for have ended, at most until this time of the simulation.
    pub fn run(&mut self, world: &impl World<E>, until: Nanos) -> Result<(), Stuck> {
        loop {
            self.run_ready();
            if self.awaited == 0 {
                return Ok(());
            }
            match self.kernel.advance() {
                None => return Err(Stuck::ForEver),
                Some(Next::Wake(waker)) => waker.wake(),
                Some(Next::Event(event)) => world.handle(event),
                Some(Next::Resume(actor)) => self.resume(actor),
            }
            if self.kernel.now() > until {
                return Err(Stuck::OutOfTime);
            }
        }
    }

    fn run_ready(&mut self) {
        loop {
            for (actor, work) in self.spawner.0.take() {
                self.add(actor, false, work);
            }
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
            self.kernel.set_actor(ActorId::default());
            if polled == Poll::Ready(()) {
                let over = self.tasks.remove(number);
                self.awaited -= usize::from(over.is_awaited);
            }
        }
    }

    fn resume(&mut self, actor: ActorId) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Recording;
    use std::cell::RefCell;
    use std::rc::Rc;

    type Seen = Rc<RefCell<Vec<(Nanos, u64)>>>;

    fn ignore(_: ()) {}

    /// Two tasks that sleep until the same time, the second of actor 2.
    fn two(kernel: &Kernel<()>, executor: &mut Executor<()>) -> Seen {
        let seen = Seen::default();
        for number in [1, 2] {
            let (kernel, seen) = (kernel.clone(), seen.clone());
            executor.spawn(ActorId(number), async move {
                // The second task's timer is set first.
                kernel.sleep(2 - number).await;
                kernel.sleep_until(10).await;
                seen.borrow_mut().push((kernel.now(), kernel.actor().0));
            });
        }
        seen
    }

    #[test]
    fn tasks_run_as_their_actors() {
        let kernel = Kernel::new(Recording::Off);
        let mut executor = Executor::new(kernel.clone());
        let seen = two(&kernel, &mut executor);
        executor.run(&ignore, 100).unwrap();
        assert_eq!(seen.take(), [(10, 2), (10, 1)]);
        assert_eq!(kernel.actor(), ActorId(0));
    }

    #[test]
    fn ready_tasks_run_in_the_order_of_their_numbers() {
        let kernel: Kernel<()> = Kernel::new(Recording::Off);
        let mut executor = Executor::new(kernel.clone());
        let (seen, wakers) = (Seen::default(), Rc::new(RefCell::new(Vec::new())));
        for number in [0, 1, 2] {
            let (seen, wakers) = (seen.clone(), wakers.clone());
            let mut polls = 0;
            let task = std::future::poll_fn(move |context| {
                polls += 1;
                if polls == 2 {
                    seen.borrow_mut().push((0, number));
                    return Poll::Ready(());
                }
                wakers.borrow_mut().push(context.waker().clone());
                Poll::Pending
            });
            executor.spawn(ActorId(number), task);
        }
        let woken = |()| wakers.take().iter().rev().for_each(Waker::wake_by_ref);
        kernel.schedule(5, ());
        executor.run(&woken, 100).unwrap();
        assert_eq!(seen.take(), [(0, 0), (0, 1), (0, 2)]);
    }

    #[test]
    fn paused_actor_stands_still_until_its_longest_pause_ends() {
        let kernel = Kernel::new(Recording::Off);
        let mut executor = Executor::new(kernel.clone());
        let seen = two(&kernel, &mut executor);
        kernel.pause(ActorId(1), 50);
        kernel.pause(ActorId(1), 30);
        executor.run(&ignore, 100).unwrap();
        assert_eq!(seen.take(), [(10, 2), (51, 1)]);
    }

    /// Task 1 sleeps until 9 and task 2 until 8; the root awaits them in this order. No task awaits task 3.
    #[test]
    fn task_spawns_others_and_awaits_their_results() {
        let kernel: Kernel<()> = Kernel::new(Recording::Off);
        let mut executor = Executor::new(kernel.clone());
        let spawner = executor.spawner();
        let seen = Seen::default();
        let order = seen.clone();
        let root = executor.spawn(ActorId(7), async move {
            let spawn = |number: u64| {
                let (order, kernel) = (order.clone(), kernel.clone());
                spawner.spawn(ActorId(number), async move {
                    order.borrow_mut().push((kernel.now(), kernel.actor().0));
                    kernel.sleep(10 - number).await;
                    order.borrow_mut().push((kernel.now(), kernel.actor().0));
                    number
                })
            };
            let tasks = [1, 2].map(spawn);
            drop(spawn(3));
            let mut results = Vec::new();
            for task in tasks {
                results.push(task.await);
            }
            (results, kernel.now(), kernel.actor())
        });
        executor.run(&ignore, 100).unwrap();
        let order = [(0, 1), (0, 2), (0, 3), (7, 3), (8, 2), (9, 1)];
        assert_eq!(seen.take(), order);
        assert_eq!(root.take(), Some((vec![1, 2], 9, ActorId(7))));
    }

    #[test]
    fn run_reports_why_it_did_not_end() {
        let kernel: Kernel<()> = Kernel::new(Recording::Off);
        let mut executor = Executor::new(kernel.clone());
        let never = executor.spawn(ActorId(1), std::future::pending::<()>());
        assert_eq!(executor.run(&ignore, 100), Err(Stuck::ForEver));
        kernel.schedule(101, ());
        assert_eq!(executor.run(&ignore, 100), Err(Stuck::OutOfTime));
        assert_eq!(never.take(), None);
    }
}
