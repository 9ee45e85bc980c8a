//! Lets one script run in real time and in the simulator.

use contend::sim::event::Actor;
use contend::sim::kernel::{Executor, Kernel, Sleep};
use contend::sim::world::World;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

type Errand = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A script that takes longer than this of the simulator's time waits for ever.
const PATIENCE_NS: u64 = 3_600_000_000_000;

/// The time that a script lives in: it waits, loses patience and lets things run beside it through
/// this alone.
#[derive(Clone)]
pub enum Time {
    Real,
    Virtual(Virtual),
}

/// The time of one simulation.
#[derive(Clone)]
pub struct Virtual {
    kernel: Kernel,
    errands: Arc<Mutex<Vec<Errand>>>,
}

/// Runs a script as a task of the simulation, and what the script spawns in the same task.
pub fn run_in<T, F>(world: &World, script: impl FnOnce(Time) -> F) -> T
where
    T: 'static,
    F: Future<Output = T> + 'static,
{
    let time = Virtual {
        kernel: world.kernel.clone(),
        errands: Arc::default(),
    };
    let together = Together {
        main: Box::pin(script(Time::Virtual(time.clone()))),
        beside: Vec::new(),
        new: time.errands,
    };
    let mut executor = Executor::new(world.kernel.clone());
    let joined = executor.spawn(Actor::Host, together);
    let ended = executor.run(world, world.kernel.now() + PATIENCE_NS);
    ended.expect("the script hangs");
    joined.take().expect("its task is over")
}

impl Time {
    /// Waits.
    pub async fn sleep(&self, duration: Duration) {
        match self {
            Self::Real => tokio::time::sleep(duration).await,
            Self::Virtual(time) => time.sleep(duration).await,
        }
    }

    /// Gives up a call that takes longer: then nothing.
    pub async fn timeout<F: Future>(&self, limit: Duration, call: F) -> Option<F::Output> {
        let Self::Virtual(time) = self else {
            return tokio::time::timeout(limit, call).await.ok();
        };
        tokio::select! {
            biased;
            answer = call => Some(answer),
            () = time.sleep(limit) => None,
        }
    }

    /// Lets something run beside the script. What comes back says how it ended.
    pub fn spawn<T: Send + 'static>(
        &self,
        errand: impl Future<Output = T> + Send + 'static,
    ) -> oneshot::Receiver<T> {
        let (tell, told) = oneshot::channel();
        let errand = async move {
            tell.send(errand.await).ok();
        };
        match self {
            Self::Real => drop(tokio::spawn(errand)),
            Self::Virtual(time) => time.errands.lock().unwrap().push(Box::pin(errand)),
        }
        told
    }

    /// Lets others run first.
    pub async fn step_aside(&self) {
        match self {
            Self::Real => tokio::task::yield_now().await,
            Self::Virtual(time) => time.sleep(Duration::from_nanos(1)).await,
        }
    }

    /// The time that a call takes.
    pub async fn measure<F: Future>(&self, call: F) -> (F::Output, Duration) {
        match self {
            Self::Real => {
                let begun = Instant::now();
                (call.await, begun.elapsed())
            }
            Self::Virtual(time) => {
                let begun = time.kernel.now();
                let answer = call.await;
                (answer, Duration::from_nanos(time.kernel.now() - begun))
            }
        }
    }
}

impl Virtual {
    fn sleep(&self, duration: Duration) -> Sleep {
        self.kernel.sleep(duration.as_nanos() as u64)
    }
}

/// A script and what it spawned.
struct Together<T> {
    main: Pin<Box<dyn Future<Output = T>>>,
    beside: Vec<Errand>,
    new: Arc<Mutex<Vec<Errand>>>,
}

impl<T> Future for Together<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        if let Poll::Ready(value) = self.main.as_mut().poll(context) {
            return Poll::Ready(value);
        }
        loop {
            let new = std::mem::take(&mut *self.new.lock().unwrap());
            let none_new = new.is_empty();
            self.beside.extend(new);
            self.beside
                .retain_mut(|errand| errand.as_mut().poll(context).is_pending());
            if none_new {
                return Poll::Pending;
            }
        }
    }
}

#[test]
fn a_script_waits_spawns_and_loses_patience_in_virtual_time() {
    use contend::model::topology::Topology;
    use contend::sim::cluster::Cluster;
    use contend_dst::Recording;
    let kernel = Kernel::new(Recording::Off);
    let cluster = Cluster::new(kernel.clone(), &Topology::default(), 1);
    let world = World::new(kernel, Arc::new(cluster), None, Vec::new());
    let a_while = Duration::from_secs(600);
    run_in(&world, |time| async move {
        let inner = time.clone();
        let beside = time.spawn(async move {
            inner.sleep(a_while).await;
            7
        });
        let (beside, took) = time.measure(beside).await;
        assert_eq!((beside, took), (Ok(7), a_while));
        assert_eq!(
            time.timeout(a_while, std::future::pending::<()>()).await,
            None
        );
        assert_eq!(time.timeout(a_while, time.step_aside()).await, Some(()));
    });
    assert_eq!(world.kernel.now(), 1_200_000_000_001);
}
