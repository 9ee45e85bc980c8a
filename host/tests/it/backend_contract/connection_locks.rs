//! Properties of locks that end with their connection, on servers that tests break and on two servers.

use super::{assert_error, assert_rejected};
use crate::support::lab::{lab, lab_to_break, postgres_lab, postgres_lab_to_break};
use contend::backend::clock::RealClock;
use contend::backend::secret_url::SecretUrl;
use contend::backend::{open_locks_of_run, postgres, run_id};
use contend::capability::lock::{Grant, SessionOptions};
use contend::capability::lock::{Lock, LockService, LockSession, Mode, ReleaseOutcome};
use contend::lab::{Kind, Lab};
use contend::model::error::{CallError, ErrorKind};
use contend::model::lab_fault::{LabAction, LabFault};
use std::sync::{Arc, MutexGuard};
use std::time::{Duration, Instant};
use tokio::task::block_in_place;
use tokio::time::sleep;

const NODE: &str = "n1";
const LONG: u64 = 20_000_000_000;
const HEARTBEAT: &str = "?heartbeat=0.2";

/// The longest time in which a holder learns of a lost lock: a heartbeat, an answer that does not
/// come, and what a busy machine adds.
const LEARNED_WITHIN: Duration = Duration::from_secs(20);

fn clock() -> Arc<RealClock> {
    let clock = RealClock::new();
    clock.start();
    Arc::new(clock)
}

fn url_of(lab: &Lab, node: &str) -> String {
    let urls = lab.node_urls();
    let found = urls.into_iter().find(|(name, _)| name == node);
    found.unwrap().1
}

/// Locks whose names no other test has.
async fn service(url: &str) -> Result<Arc<dyn LockService>, CallError> {
    named(url, &run_id::new_name()).await
}

async fn named(url: &str, run: &str) -> Result<Arc<dyn LockService>, CallError> {
    open_locks_of_run(&url.parse().unwrap(), clock(), run).await
}

async fn lock(service: &dyn LockService) -> (Box<dyn LockSession>, Box<dyn Lock>) {
    let opened = service.open("me".to_owned(), SessionOptions::default());
    let mut session = opened.await.unwrap();
    let lock = session.lock(vec!["a".to_owned()], Mode::Exclusive).unwrap();
    (session, lock)
}

/// A server of a lab that this test has for itself, and breaks.
struct Faulty(MutexGuard<'static, Lab>);

impl Faulty {
    fn start(kind: Kind) -> Self {
        Self(block_in_place(|| match kind {
            Kind::Galera => lab_to_break(),
            Kind::Postgres => postgres_lab_to_break(),
        }))
    }

    async fn service(&self) -> Arc<dyn LockService> {
        let url = url_of(&self.0, NODE) + HEARTBEAT;
        service(&url).await.unwrap()
    }

    /// As `service`, with a heartbeat that does not come during a test.
    async fn service_without_heartbeats(&self) -> Arc<dyn LockService> {
        let url = url_of(&self.0, NODE) + "?heartbeat=3600";
        service(&url).await.unwrap()
    }

    async fn fault(&self, action: LabAction) {
        let target = NODE.to_owned();
        let fault = LabFault { action, target };
        block_in_place(|| self.0.fault(&fault)).unwrap();
    }

    async fn end(self) {
        block_in_place(|| self.0.make_whole(&mut |_| {})).unwrap();
    }
}

/// Waits until the host knows that a lock is lost. Nobody asks for it.
async fn is_learned(lock: &dyn Lock) {
    let began = Instant::now();
    while lock.current_grant().is_some() {
        assert!(began.elapsed() < LEARNED_WITHIN, "it is still believed in");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Every call says that it is lost.
async fn assert_lost(lock: &mut dyn Lock) {
    assert!(!lock.is_owner().await.unwrap());
    let renewed: Result<Grant, _> = lock.renew().await;
    assert_error(renewed, ErrorKind::Conflict, "lock-lost");
    assert_eq!(lock.release().await.unwrap(), ReleaseOutcome::NotOwner);
}

async fn a_holder_learns_that_its_server_was_killed(kind: Kind) {
    let faulty = Faulty::start(kind);
    let service = faulty.service().await;
    let (_one, mut holder) = lock(&*service).await;
    let (_other, mut idle) = lock(&*service).await;
    holder.acquire(0).await.unwrap();
    faulty.fault(LabAction::Kill).await;
    is_learned(&*holder).await;
    assert_lost(&mut *holder).await;
    let refused = idle.acquire(0).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Unavailable, "{refused}");
    faulty.end().await;
    // The server came back without the lock, and the session of before is as good as new.
    idle.acquire(LONG).await.unwrap();
    assert_eq!(idle.release().await.unwrap(), ReleaseOutcome::Released);
}

async fn a_holder_learns_that_its_server_stands_still(kind: Kind) {
    let faulty = Faulty::start(kind);
    let service = faulty.service().await;
    let (_one, mut holder) = lock(&*service).await;
    let (_two, mut releasing) = lock(&*faulty.service_without_heartbeats().await).await;
    let (_other, mut next) = lock(&*service).await;
    holder.acquire(0).await.unwrap();
    releasing.acquire(0).await.unwrap();
    faulty.fault(LabAction::Pause).await;
    // Before any heartbeat is missed: what was sent may arrive later.
    let error = releasing.release().await.unwrap_err();
    assert_eq!(
        (error.kind, &*error.code),
        (ErrorKind::Indefinite, "lock-lost"),
        "{error}"
    );
    is_learned(&*holder).await;
    assert_lost(&mut *holder).await;
    faulty.fault(LabAction::Resume).await;
    // It was given up, so another session gets it when the server goes on.
    next.acquire(LONG).await.unwrap();
    faulty.end().await;
}

macro_rules! on_both {
    ($($script:ident),* $(,)?) => {
        mod get_lock {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $script() {
                    super::$script(contend::lab::Kind::Galera).await;
                }
            )*
        }
        mod postgres_advisory {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $script() {
                    super::$script(contend::lab::Kind::Postgres).await;
                }
            )*
        }
    };
}

on_both!(
    a_holder_learns_that_its_server_was_killed,
    a_holder_learns_that_its_server_stands_still,
    each_server_has_its_own_locks,
    another_process_is_excluded_and_runs_are_apart,
    a_url_that_makes_no_sense_is_refused_and_not_repeated,
);

/// The known weakness, which the traits say.
async fn each_server_has_its_own_locks(kind: Kind) {
    let lab = block_in_place(|| whole(kind));
    let run = run_id::new_name();
    let mut inside = Vec::new();
    for node in ["n1", "n2"] {
        let service = named(&url_of(lab, node), &run).await.unwrap();
        let says = service.traits().into_iter();
        let across: Vec<_> = says.filter(|(name, _)| name == "across-hosts").collect();
        assert!(across[0].1.starts_with("only on one server"), "{across:?}");
        let (session, mut lock) = lock(&*service).await;
        lock.acquire(0).await.unwrap();
        inside.push((session, lock));
    }
    for (_, lock) in &mut inside {
        assert!(lock.is_owner().await.unwrap());
    }
}

fn whole(kind: Kind) -> &'static Lab {
    match kind {
        Kind::Galera => lab(),
        Kind::Postgres => postgres_lab(),
    }
}

/// Two services have nothing in common but the server, as two processes.
async fn another_process_is_excluded_and_runs_are_apart(kind: Kind) {
    let url = url_of(block_in_place(|| whole(kind)), NODE);
    let run = run_id::new_name();
    let (_one, mut holder) = lock(&*named(&url, &run).await.unwrap()).await;
    let (_other, mut rival) = lock(&*named(&url, &run).await.unwrap()).await;
    let (_apart, mut apart) = lock(&*service(&url).await.unwrap()).await;
    holder.acquire(0).await.unwrap();
    let refused = rival.acquire(0).await;
    let message = assert_error(refused, ErrorKind::Conflict, "lock-wait-timeout");
    assert!(
        message.contains("\"a\"") && !message.contains(&run),
        "{message}"
    );
    apart.acquire(0).await.unwrap();
}

async fn a_url_that_makes_no_sense_is_refused_and_not_repeated(kind: Kind) {
    let scheme = match kind {
        Kind::Galera => "mysql",
        Kind::Postgres => "postgres",
    };
    for (rest, says) in [
        ("/shop?heartbeat=0", "number of seconds"),
        ("/shop?heartbeat=soon", "number of seconds"),
        ("/shop?lease=10", "expected"),
        ("", "names no database"),
    ] {
        let url = format!("{scheme}://me:hunter2@127.0.0.1:1{rest}");
        let message = assert_rejected(service(&url).await.map(|_| ()), "url");
        assert!(message.contains(says), "{message}");
        assert!(!message.contains("hunter2"), "{message}");
    }
    let nobody = format!("{scheme}://me:hunter2@127.0.0.1:1/shop");
    let error = service(&nobody).await.map(|_| ()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
    assert!(error.message.contains("127.0.0.1:1"), "{error}");
    assert!(!error.message.contains("hunter2"), "{error}");
}

/// Said to be one, or found out.
#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_is_refused() {
    let url = block_in_place(postgres_lab).pooler_url().unwrap();
    for url in [format!("{url}?pgbouncer=true"), url] {
        let url = SecretUrl::parse(&url).unwrap();
        let opened = postgres::locks::open(&url, clock()).await;
        assert_rejected(opened.map(|_| ()), "pooler");
    }
}

/// Each counts the others at the gate.
#[tokio::test(flavor = "multi_thread")]
async fn readers_that_come_together_are_never_more_than_the_limit() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let url = url_of(block_in_place(postgres_lab), NODE);
    let service = service(&url).await.unwrap();
    let (inside, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut readers = Vec::new();
    for number in 0..8 {
        let opened = service.open(format!("r{number}"), SessionOptions::default());
        let mut session = opened.await.unwrap();
        // A limit is of each holder, and the smallest is in force.
        let limit = (number % 2 == 0).then_some(2);
        let mode = Mode::Shared(limit.or(Some(3)));
        let mut lock = session.lock(vec!["a".to_owned()], mode).unwrap();
        let (inside, most) = (Arc::clone(&inside), Arc::clone(&most));
        readers.push(tokio::spawn(async move {
            for _ in 0..10 {
                lock.acquire(LONG).await.unwrap();
                let now = inside.fetch_add(1, Ordering::SeqCst) + 1;
                most.fetch_max(now, Ordering::SeqCst);
                if limit.is_some() {
                    assert!(now <= 2, "{now} read beside a reader whose limit is 2");
                }
                sleep(Duration::from_millis(2)).await;
                inside.fetch_sub(1, Ordering::SeqCst);
                assert_eq!(lock.release().await.unwrap(), ReleaseOutcome::Released);
            }
            drop(session);
        }));
    }
    for reader in readers {
        reader.await.unwrap();
    }
    let most = most.load(Ordering::SeqCst);
    assert!((2..=3).contains(&most), "at most {most} read together");
}
