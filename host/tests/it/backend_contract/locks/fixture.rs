//! A lock service and those who come to it.

use crate::backend_contract::{A_WHILE, assert_error};
use crate::redis_server;
use crate::support::lab::{lab, postgres_lab, services_lab};
use crate::support::simulated::{Time, run_in};
use contend::backend::clock::RealClock;
use contend::backend::lock_connection::ConnectionLocks;
use contend::backend::lock_etcd::EtcdLocks;
use contend::backend::lock_file::FileLocks;
use contend::backend::lock_memory::MemoryLocks;
use contend::backend::lock_redis::RedisLocks;
use contend::backend::lock_zookeeper::ZookeeperLocks;
use contend::backend::secret_url::SecretUrl;
use contend::backend::{mysql, postgres, run_id};
use contend::capability::clock::Clock;
use contend::capability::group::{self, Member};
use contend::capability::lock::{Lock, LockService, LockSession, Mode, SessionOptions};
use contend::lab::Service;
use contend::model::error::{CallError, ErrorKind};
use contend::model::sim_locks::SimLocks;
use contend::model::topology::Topology;
use contend::sim::clock::SimClock;
use contend::sim::cluster::Cluster;
use contend::sim::kernel::Kernel;
use contend::sim::locks::{self, SimLockService};
use contend::sim::world::World;
use contend_dst::Recording;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

pub(in crate::backend_contract) struct Fixture {
    pub(in crate::backend_contract) time: Time,
    pub(in crate::backend_contract) service: Arc<dyn LockService>,
    /// The same service, where nobody renews a lease but the holder itself.
    unrenewed: Option<Arc<dyn LockService>>,
    /// The same service, if it is simulated: it can be told to renew nothing.
    pub(in crate::backend_contract) simulated: Option<Arc<SimLockService>>,
    /// The clock of the leases.
    clock: Arc<dyn Clock>,
    /// The lease of the scripts that wait for one to end. Long enough that a busy machine can renew it in time.
    pub(super) lease: u64,
    /// A server has to hear of a dropped lock, so it is not free at once.
    is_told: bool,
    /// The same service, if it can say how many wait.
    queue: Option<Queue>,
    sessions: AtomicU32,
    _folder: Option<tempfile::TempDir>,
}

/// A service that can say how many wait.
enum Queue {
    Etcd(Box<EtcdLocks>),
    Zookeeper(Arc<ZookeeperLocks>),
}

impl Queue {
    async fn requests(&self, name: &str) -> usize {
        match self {
            Self::Etcd(locks) => locks.requests(name).await.unwrap() as usize,
            Self::Zookeeper(locks) => locks.requests(name).await.unwrap(),
        }
    }
}

impl Fixture {
    fn of(
        service: Arc<dyn LockService>,
        clock: Arc<dyn Clock>,
        folder: Option<tempfile::TempDir>,
    ) -> Self {
        Self {
            time: Time::Real,
            service,
            unrenewed: None,
            simulated: None,
            clock,
            lease: 400_000_000,
            is_told: false,
            queue: None,
            sessions: AtomicU32::new(0),
            _folder: folder,
        }
    }

    pub(in crate::backend_contract) async fn session(&self) -> Box<dyn LockSession> {
        let number = self.sessions.fetch_add(1, Ordering::Relaxed);
        let owner = format!("owner-{number}");
        let opened = self.service.open(owner, SessionOptions::default()).await;
        opened.unwrap()
    }

    /// A member with a name that sorts in the order of joining.
    pub(in crate::backend_contract) async fn try_join(
        &self,
        group: &str,
        lease: Option<u64>,
    ) -> Result<Member, CallError> {
        self.join_with(&*self.service, group, lease).await
    }

    /// A member whose heartbeats are not sent; nothing where there are no leases.
    pub(in crate::backend_contract) async fn join_unrenewed(
        &self,
        group: &str,
        lease: u64,
    ) -> Option<Member> {
        if let Some(simulated) = &self.simulated {
            simulated.stop_renewing();
        }
        let service = self.unrenewed.as_ref();
        assert_eq!(service.is_some(), self.has("lease"));
        let joined = self.join_with(&**service?, group, Some(lease)).await;
        Some(joined.unwrap())
    }

    async fn join_with(
        &self,
        service: &dyn LockService,
        group: &str,
        lease: Option<u64>,
    ) -> Result<Member, CallError> {
        let number = self.sessions.fetch_add(1, Ordering::Relaxed);
        let (clock, member) = (self.clock.clone(), format!("member-{number}"));
        group::join(service, clock, member, group, lease).await
    }

    pub(in crate::backend_contract) fn now(&self) -> u64 {
        self.clock.now()
    }

    /// A lock of a session of its own.
    pub(in crate::backend_contract) async fn lock(
        &self,
        names: &[&str],
        mode: Mode,
    ) -> (Box<dyn LockSession>, Box<dyn Lock>) {
        let mut session = self.session().await;
        let lock = session.lock(owned(names), mode).unwrap();
        (session, lock)
    }

    /// A lock of a session with a short lease, which runs out unless the holder renews it; nothing
    /// where there are no leases.
    pub(in crate::backend_contract) async fn unrenewed_lock(
        &self,
        name: &str,
        mode: Mode,
        lease: u64,
    ) -> Option<(Box<dyn LockSession>, Box<dyn Lock>)> {
        if let Some(simulated) = &self.simulated {
            simulated.stop_renewing();
        }
        let service = self.unrenewed.as_ref();
        assert_eq!(service.is_some(), self.has("lease"));
        Some(leased_lock(&**service?, name, mode, lease).await)
    }

    /// The same, renewed as long as the holder lives.
    pub(in crate::backend_contract) async fn renewed_lock(
        &self,
        name: &str,
        mode: Mode,
        lease: u64,
    ) -> Option<(Box<dyn LockSession>, Box<dyn Lock>)> {
        match self.has("lease") {
            true => Some(leased_lock(&*self.service, name, mode, lease).await),
            false => None,
        }
    }

    pub(in crate::backend_contract) fn has(&self, name: &str) -> bool {
        let traits = self.service.traits();
        traits.contains(&(name.to_owned(), "yes".to_owned()))
    }

    pub(in crate::backend_contract) async fn assert_free(&self, name: &str) {
        let (_session, mut lock) = self.lock(&[name], Mode::Exclusive).await;
        lock.acquire(0).await.expect("a free lock");
        lock.release().await.unwrap();
    }

    /// It is free at once, or soon if it has to be told to a server: a drop can't wait for that. Soon
    /// is well before a lease would have freed it.
    pub(in crate::backend_contract) async fn assert_given_up(&self, name: &str) {
        let (_session, mut lock) = self.lock(&[name], Mode::Exclusive).await;
        let wait = if self.is_told { 8_000_000_000 } else { 0 };
        lock.acquire(wait).await.expect("a lock that was given up");
        lock.release().await.unwrap();
    }

    pub(in crate::backend_contract) async fn assert_taken(&self, name: &str) {
        let (_session, mut lock) = self.lock(&[name], Mode::Exclusive).await;
        assert_error(
            lock.acquire(0).await,
            ErrorKind::Conflict,
            "lock-wait-timeout",
        );
    }

    /// Sees that a call is still waiting after a while. `otherwise` says what it means if it isn't.
    pub(in crate::backend_contract) async fn must_wait(&self, call: impl Future, otherwise: &str) {
        let waited = self.time.timeout(A_WHILE, call).await;
        assert!(waited.is_none(), "{otherwise}");
    }

    /// Waits until so many hold the name or wait for it, where the service can be asked; elsewhere long
    /// enough for a request that takes no time, on a busy machine too.
    pub(in crate::backend_contract) async fn until_there_are(&self, requests: usize, name: &str) {
        let Some(queue) = &self.queue else {
            return self.time.sleep(Duration::from_millis(300)).await;
        };
        let began = Instant::now();
        while queue.requests(name).await < requests {
            assert!(began.elapsed() < Duration::from_secs(60), "it never came");
            self.time.sleep(Duration::from_millis(5)).await;
        }
    }

    pub(in crate::backend_contract) async fn close(&self) {}
}

pub(in crate::backend_contract) fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

async fn leased_lock(
    service: &dyn LockService,
    name: &str,
    mode: Mode,
    lease: u64,
) -> (Box<dyn LockSession>, Box<dyn Lock>) {
    let options = SessionOptions {
        lease: Some(lease),
        poll: None,
    };
    let mut session = service.open("leased".to_owned(), options).await.unwrap();
    let lock = session.lock(owned(&[name]), mode).unwrap();
    (session, lock)
}

fn clock() -> Arc<RealClock> {
    let clock = RealClock::new();
    clock.start();
    Arc::new(clock)
}

pub(in crate::backend_contract) async fn memory() -> Fixture {
    let clock = clock();
    Fixture::of(Arc::new(MemoryLocks::new(clock.clone())), clock, None)
}

pub(in crate::backend_contract) async fn file() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let clock = clock();
    let service = FileLocks::open(folder.path().join("locks"), clock.clone()).unwrap();
    Fixture::of(Arc::new(service), clock, Some(folder))
}

pub(in crate::backend_contract) async fn redis() -> Fixture {
    let url = SecretUrl::parse(&redis_server::database()).unwrap();
    let clock = clock();
    let open = || RedisLocks::open(&url, clock.clone());
    let (service, other) = (open().await.unwrap(), open().await.unwrap());
    let mut fixture = Fixture::of(Arc::new(service), clock.clone(), None);
    fixture.unrenewed = Some(Arc::new(other.without_renewal()));
    fixture.is_told = true;
    fixture
}

pub(in crate::backend_contract) async fn zookeeper() -> Fixture {
    let url = services_lab().service_url(Service::Zookeeper).unwrap();
    // A session that no test outlives, however busy the machine is.
    let url = SecretUrl::parse(&format!("{url}?lease=300")).unwrap();
    let clock = clock();
    let service = ZookeeperLocks::open(&url, clock.clone()).await.unwrap();
    let service = Arc::new(service.of_run(&run_id::new_name()));
    let mut fixture = Fixture::of(service.clone(), clock, None);
    fixture.queue = Some(Queue::Zookeeper(service));
    fixture.is_told = true;
    fixture
}

/// The locks of an etcd of three servers, with names that no other test has.
pub(in crate::backend_contract) async fn etcd() -> Fixture {
    let url = services_lab().service_url(Service::Etcd).unwrap();
    let url = SecretUrl::parse(&url).unwrap();
    let (run, clock) = (run_id::new_name(), clock());
    let open = async || {
        let opened = EtcdLocks::open(&url, clock.clone()).await;
        opened.unwrap().of_run(&run)
    };
    let (service, other, queue) = (open().await, open().await, open().await);
    let mut fixture = Fixture::of(Arc::new(service), clock, None);
    fixture.unrenewed = Some(Arc::new(other.without_renewal()));
    fixture.queue = Some(Queue::Etcd(Box::new(queue)));
    // The shortest that it makes.
    fixture.lease = 2_000_000_000;
    fixture.is_told = true;
    fixture
}

/// Locks by name of one MariaDB server.
pub(in crate::backend_contract) async fn get_lock() -> Fixture {
    let (_, url) = &lab().node_urls()[0];
    let url = SecretUrl::parse(url).unwrap();
    let clock = clock();
    of_connections(mysql::locks::open(&url, clock.clone()).await, clock)
}

/// Advisory locks of one PostgreSQL server.
pub(in crate::backend_contract) async fn postgres_advisory() -> Fixture {
    let (_, url) = &postgres_lab().node_urls()[0];
    let url = SecretUrl::parse(url).unwrap();
    let clock = clock();
    of_connections(postgres::locks::open(&url, clock.clone()).await, clock)
}

/// Locks that end with their connection, with names that no other test has.
fn of_connections(service: Result<ConnectionLocks, CallError>, clock: Arc<dyn Clock>) -> Fixture {
    let service = service.unwrap().of_run(&run_id::new_name());
    let mut fixture = Fixture::of(Arc::new(service), clock, None);
    fixture.is_told = true;
    fixture
}

/// Runs a script with a simulated service, in virtual time.
pub(in crate::backend_contract) fn in_simulation<F>(
    kind: SimLocks,
    script: impl FnOnce(Fixture) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let kernel = Kernel::new(Recording::Off);
    let clock = Arc::new(SimClock::new(kernel.clone()));
    // Where each node has locks of its own, one node is all that is promised.
    let topology = Topology {
        nodes: if kind == SimLocks::PerNode { 1 } else { 3 },
        ..Topology::default()
    };
    let cluster = Arc::new(Cluster::new(kernel.clone(), &topology, 1));
    let service = locks::open(kind, kernel.clone(), clock.clone(), &topology, 1);
    let world = World::new(kernel, cluster, Some(service.clone()), Vec::new());
    run_in(&world, |time| {
        clock.start();
        let mut fixture = Fixture::of(service.clone(), clock.clone(), None);
        if fixture.has("lease") {
            fixture.unrenewed = Some(service.clone());
        }
        fixture.simulated = Some(service);
        (fixture.time, fixture.is_told) = (time, true);
        script(fixture)
    });
}
