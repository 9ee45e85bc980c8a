//! A service, workers, and time.

use super::super::*;
use crate::capability::lock::{Grant, Lock, Mode, ReleaseOutcome};
use crate::cluster::Cluster;
use crate::event::What;
use crate::kernel::Executor;
use crate::model::change::Nanos;
use crate::model::endpoint::Endpoint;
use crate::model::sim_fault::SimFault;
use crate::world::World;
use contend_dst::Recording;

pub(super) type SharedLock = Arc<tokio::sync::Mutex<Box<dyn Lock>>>;

/// A second.
pub(super) const S: Nanos = 1_000_000_000;

pub(super) struct Rig {
    pub(super) kernel: Kernel,
    pub(super) service: Arc<SimLockService>,
    pub(super) executor: Executor,
    world: World,
}

impl Rig {
    pub(super) fn new(kind: SimLocks) -> Self {
        Self::with_seed(kind, 1)
    }

    pub(super) fn with_seed(kind: SimLocks, seed: u64) -> Self {
        Self::recording(kind, seed, Recording::Keep, Vec::new())
    }

    pub(super) fn quiet(kind: SimLocks) -> Self {
        Self::recording(kind, 1, Recording::Off, Vec::new())
    }

    /// With a schedule, whose times count from now.
    pub(super) fn suffering(kind: SimLocks, schedule: Vec<SimFault>) -> Self {
        let rig = Self::recording(kind, 1, Recording::Keep, schedule);
        rig.world.begin_schedule();
        rig
    }

    fn recording(kind: SimLocks, seed: u64, recording: Recording, schedule: Vec<SimFault>) -> Self {
        let topology = Topology {
            nodes: 1,
            ..Topology::default()
        };
        Self::on(topology, kind, seed, recording, schedule)
    }

    /// Of a cluster with several nodes.
    pub(super) fn on_nodes(kind: SimLocks, nodes: u32, endpoint: Endpoint) -> Self {
        let topology = Topology {
            nodes,
            endpoint,
            ..Topology::default()
        };
        Self::on(topology, kind, 1, Recording::Keep, Vec::new())
    }

    fn on(
        topology: Topology,
        kind: SimLocks,
        seed: u64,
        recording: Recording,
        schedule: Vec<SimFault>,
    ) -> Self {
        let kernel = Kernel::new(recording);
        let clock = Arc::new(SimClock::new(kernel.clone()));
        clock.start();
        let service = open(kind, kernel.clone(), clock, &topology, seed);
        let cluster = Arc::new(Cluster::new(kernel.clone(), &topology, seed));
        let locks = Some(service.clone());
        Self {
            world: World::new(kernel.clone(), cluster, locks, schedule),
            executor: Executor::new(kernel.clone()),
            kernel,
            service,
        }
    }

    /// The schedule is over.
    pub(super) fn make_whole(&self) {
        self.world.make_whole();
    }

    /// Runs what was spawned to its end.
    pub(super) fn run(&mut self) {
        let hour = self.kernel.now() + 3_600 * S;
        self.executor.run(&self.world, hour).unwrap();
    }

    fn finish<T: Send + 'static>(
        &mut self,
        actor: Actor,
        task: impl Future<Output = T> + Send + 'static,
    ) -> T {
        let joined = self.executor.spawn(actor, task);
        self.run();
        joined.take().unwrap()
    }

    pub(super) fn sleep(&mut self, duration: Nanos) {
        let kernel = self.kernel.clone();
        self.finish(Actor::Host, async move { kernel.sleep(duration).await });
    }

    pub(super) fn pause(&self, worker: u32, duration: Nanos) {
        let until = self.kernel.now() + duration;
        self.kernel.pause(Actor::Worker(worker), until);
    }

    /// A lock of a worker's session.
    pub(super) fn lock(&mut self, worker: u32, name: &str) -> (Box<dyn LockSession>, SharedLock) {
        let (service, name) = (self.service.clone(), name.to_owned());
        self.finish(Actor::Worker(worker), async move {
            let owner = format!("worker {worker}");
            let opened = service.open(owner, SessionOptions::default()).await;
            let mut session = opened.unwrap();
            let lock = session.lock(vec![name], Mode::Exclusive).unwrap();
            (session, Arc::new(tokio::sync::Mutex::new(lock)))
        })
    }

    pub(super) fn acquire(
        &mut self,
        worker: u32,
        lock: &SharedLock,
        wait: Nanos,
    ) -> Result<Grant, CallError> {
        let lock = lock.clone();
        let acquire = async move { lock.lock().await.acquire(wait).await };
        self.finish(Actor::Worker(worker), acquire)
    }

    pub(super) fn release(
        &mut self,
        worker: u32,
        lock: &SharedLock,
    ) -> Result<ReleaseOutcome, CallError> {
        let lock = lock.clone();
        let release = async move { lock.lock().await.release().await };
        self.finish(Actor::Worker(worker), release)
    }

    pub(super) fn is_owner(&mut self, worker: u32, lock: &SharedLock) -> bool {
        let lock = lock.clone();
        let ask = async move { lock.lock().await.is_owner().await };
        self.finish(Actor::Worker(worker), ask).unwrap()
    }

    /// Lists the events of the lock service in the log, in short.
    pub(super) fn printed(&self) -> Vec<String> {
        let events = self.kernel.take_log().into_entries().into_iter();
        let texts = events.filter_map(|event| match event.what {
            What::Lock { actor, call, .. } => Some(format!("{actor}: {call:?}")),
            What::LeaseEnded { owner, .. } => Some(format!("the lease of {owner} ended")),
            What::Evicted { owner, .. } => Some(format!("the lock of {owner} was evicted")),
            _ => None,
        });
        texts.collect()
    }

    /// Nothing is kept of those who were there.
    pub(super) fn assert_empty(&self) {
        let server = self.service.shared.server();
        assert!(server.names.is_empty() && server.claims.is_empty());
        assert!(server.sessions.is_empty() && server.deadlines.is_empty());
        assert!(server.calls.is_empty() && server.messages.is_empty());
    }
}
