//! Properties of locks in etcd alone: three servers, and faults of one, of all, and of the way to them.

use super::network::Network;
use super::{assert_error, assert_rejected};
use crate::support::lab::{services_lab, services_lab_to_break};
use contend::backend::clock::RealClock;
use contend::backend::lock_etcd::EtcdLocks;
use contend::backend::open_lock_service;
use contend::backend::secret_url::SecretUrl;
use contend::backend::{run_id, url::LockUrl};
use contend::capability::lock::{
    Grant, Lock, LockService, LockSession, Mode, ReleaseOutcome, SessionOptions,
};
use contend::lab::{Lab, Service};
use contend::model::error::{CallError, ErrorKind};
use contend::model::lab_fault::{LabAction, LabFault};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::sleep;

const SERVERS: [&str; 3] = ["etcd1", "etcd2", "etcd3"];
const LONG: u64 = 30_000_000_000;
const PATIENCE: Duration = Duration::from_secs(60);

async fn service(url: &str) -> Result<EtcdLocks, CallError> {
    let clock = RealClock::new();
    clock.start();
    let url = SecretUrl::parse(url).unwrap();
    EtcdLocks::open(&url, Arc::new(clock)).await
}

/// A lock of a session of its own, as in a process of its own.
async fn lock(url: &str, run: &str, name: &str) -> (Box<dyn LockSession>, Box<dyn Lock>) {
    let service = service(url).await.unwrap().of_run(run);
    let options = SessionOptions::default();
    let mut session = service.open("me".to_owned(), options).await.unwrap();
    let lock = session
        .lock(vec![name.to_owned()], Mode::Exclusive)
        .unwrap();
    (session, lock)
}

fn url_of(lab: &Lab) -> String {
    lab.service_url(Service::Etcd).unwrap()
}

fn fault(lab: &Lab, action: LabAction, target: &str) {
    let target = target.to_owned();
    lab.fault(&LabFault { action, target }).unwrap();
}

/// Waits for an answer that etcd can't give while it has no leader.
async fn acquired(lock: &mut dyn Lock) -> Grant {
    let begin = Instant::now();
    loop {
        match lock.acquire(LONG).await {
            Ok(grant) => return grant,
            Err(error) => {
                let is_away = matches!(error.kind, ErrorKind::Unavailable | ErrorKind::Indefinite);
                assert!(is_away && begin.elapsed() < PATIENCE, "{error}");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn is_owner(lock: &mut dyn Lock) -> bool {
    let begin = Instant::now();
    loop {
        match lock.is_owner().await {
            Ok(is_owner) => return is_owner,
            Err(error) => {
                assert!(begin.elapsed() < PATIENCE, "{error}");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Waits until the connections have noticed that no server is there: a request that goes out before is one
/// whose answer is lost.
async fn refused(lock: &mut dyn Lock) {
    let begin = Instant::now();
    loop {
        let asked = lock.break_lock().await;
        if asked.is_err_and(|error| error.code == "connection-refused") {
            return;
        }
        assert!(begin.elapsed() < PATIENCE, "it is still reached");
        sleep(Duration::from_millis(100)).await;
    }
}

async fn lost(lock: &dyn Lock) {
    let begin = Instant::now();
    while lock.current_grant().is_some() {
        assert!(begin.elapsed() < PATIENCE, "it is still believed in");
        sleep(Duration::from_millis(5)).await;
    }
}

fn block_on(script: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.unwrap().block_on(script);
}

/// One after the other, so that the leader is among them.
#[test]
fn death_of_any_one_of_three_servers_takes_no_lock() {
    let lab = services_lab_to_break();
    let (url, run) = (url_of(&lab), run_id::new_name());
    block_on(async {
        let (_one, mut held) = lock(&format!("{url}?lease=15&heartbeat=0.5"), &run, "a").await;
        let first = held.acquire(0).await.unwrap();
        for server in SERVERS {
            let before = held.current_grant().expect("it is held").last_heartbeat;
            fault(&lab, LabAction::Kill, server);
            // A heartbeat that was sent after the death is answered: the one in flight, and another.
            let (begin, mut last, mut answered) = (Instant::now(), before, 0);
            while answered < 2 {
                let now = held.current_grant().expect("it is held").last_heartbeat;
                answered += u32::from(now > last);
                last = now;
                assert!(
                    begin.elapsed() < PATIENCE,
                    "no heartbeat is answered without {server}"
                );
                sleep(Duration::from_millis(20)).await;
            }
            let (_other, mut other) = lock(&url, &run, server).await;
            acquired(&mut *other).await;
            assert!(is_owner(&mut *held).await, "lost with {server}");
            fault(&lab, LabAction::Start, server);
        }
        assert_eq!(held.current_grant().unwrap().fencing, first.fencing);
        assert_eq!(held.release().await.unwrap(), ReleaseOutcome::Released);
    });
}

#[test]
fn holder_that_no_server_answers_learns_of_it_and_nothing_says_released() {
    let lab = services_lab_to_break();
    let (url, run) = (url_of(&lab), run_id::new_name());
    block_on(async {
        let (_one, mut held) = lock(&format!("{url}?lease=3&heartbeat=0.4"), &run, "a").await;
        let granted = held.acquire(0).await.unwrap();
        let (ends, last) = (granted.lease_ends.unwrap(), granted.last_heartbeat.unwrap());
        assert_eq!(ends - last, 3_000_000_000);
        for server in SERVERS {
            fault(&lab, LabAction::Pause, server);
        }
        lost(&*held).await;
        assert!(!held.is_owner().await.unwrap());
        assert_error(held.renew().await, ErrorKind::Conflict, "lock-lost");
        for server in SERVERS {
            fault(&lab, LabAction::Resume, server);
        }
        // etcd may have it still, and nobody can say for whom it was in between.
        assert_eq!(held.release().await.unwrap(), ReleaseOutcome::Expired);
        let (_other, mut next) = lock(&url, &run, "a").await;
        assert!(acquired(&mut *next).await.fencing > granted.fencing);
    });
}

/// Unlike Redis, it forgets nothing.
#[test]
fn restart_of_all_servers_keeps_the_lock_and_its_token() {
    let lab = services_lab_to_break();
    let (url, run) = (url_of(&lab), run_id::new_name());
    block_on(async {
        // Long enough for the restart on a busy machine.
        let (_one, mut held) = lock(&format!("{url}?lease=90&heartbeat=1"), &run, "a").await;
        let (_other, mut next) = lock(&url, &run, "a").await;
        let granted = held.acquire(0).await.unwrap();
        for server in SERVERS {
            fault(&lab, LabAction::Kill, server);
        }
        refused(&mut *next).await;
        refused(&mut *held).await;
        let unasked = next.acquire(0).await;
        assert_error(unasked, ErrorKind::Unavailable, "connection-refused");
        let unsent = held.release().await;
        assert_error(unsent, ErrorKind::Unavailable, "connection-refused");
        lab.make_whole(&mut drop).unwrap();
        assert!(is_owner(&mut *held).await);
        assert_eq!(held.current_grant().unwrap().fencing, granted.fencing);
        let refused = next.acquire(0).await;
        assert_error(refused, ErrorKind::Conflict, "lock-wait-timeout");
        assert_eq!(held.release().await.unwrap(), ReleaseOutcome::Released);
        assert!(acquired(&mut *next).await.fencing > granted.fencing);
    });
}

/// The holder is cut off, and etcd gives its lock to another: both know.
#[test]
fn holder_that_is_cut_off_learns_of_it_and_takes_nothing_from_the_next() {
    block_on(async {
        let (url, run) = (url_of(services_lab()), run_id::new_name());
        let port = url.rsplit_once(':').unwrap().1.parse().unwrap();
        let network = Network::to(port).await;
        let cut = format!("etcd://{}?lease=3&heartbeat=0.4", network.address());
        let (_one, mut held) = lock(&cut, &run, "a").await;
        let granted = held.acquire(0).await.unwrap();
        network.hold_all();
        let (_other, mut next) = lock(&url, &run, "a").await;
        // Nobody releases it; the wait ends with the lease.
        let taken = next.acquire(LONG).await.unwrap();
        assert!(taken.fencing > granted.fencing);
        lost(&*held).await;
        assert_error(held.renew().await, ErrorKind::Conflict, "lock-lost");
        network.deliver();
        assert_eq!(held.release().await.unwrap(), ReleaseOutcome::Expired);
        assert!(next.is_owner().await.unwrap());
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn url_that_could_not_work_is_refused_without_credentials() {
    let url = url_of(services_lab());
    let refused = async |url: String| service(&url).await.map(drop);
    let message = assert_rejected(refused(format!("{url}?lease=1.9")).await, "unsupported");
    assert!(message.contains("2 s"), "{message}");
    for times in ["lease=3&heartbeat=1", "heartbeat=3.5"] {
        assert_rejected(refused(format!("{url}?{times}")).await, "heartbeat");
    }
    let with = |user: &str| url.replace("://", &format!("://{user}@"));
    for url in [
        with("me:hunter2"),
        format!("{url}/x"),
        format!("{url}?hunter2=x"),
    ] {
        let message = assert_rejected(refused(url).await, "url");
        assert!(!message.contains("hunter2"), "{message}");
    }
    let options = SessionOptions {
        lease: Some(1_900_000_000),
        poll: None,
    };
    let opened = service(&url)
        .await
        .unwrap()
        .open("me".to_owned(), options)
        .await;
    assert_rejected(opened.map(drop), "unsupported");
    let nobody = refused("etcd://127.0.0.1:1".to_owned()).await;
    assert_error(nobody, ErrorKind::Unavailable, "connection-refused");
}

/// Two runs that use one etcd, as `open_locks_of_run` opens it; within a run the names exclude.
#[tokio::test(flavor = "multi_thread")]
async fn names_of_two_runs_differ_and_are_shown_without_the_run() {
    let (url, one, two) = (
        url_of(services_lab()),
        run_id::new_name(),
        run_id::new_name(),
    );
    let (_first, mut first) = lock(&url, &one, "a").await;
    let (_rival, mut rival) = lock(&url, &one, "a").await;
    let (_apart, mut apart) = lock(&url, &two, "a").await;
    first.acquire(0).await.unwrap();
    let message = assert_error(
        rival.acquire(0).await,
        ErrorKind::Conflict,
        "lock-wait-timeout",
    );
    assert!(
        message.contains("\"a\"") && !message.contains(&one),
        "{message}"
    );
    apart.acquire(0).await.unwrap();
    let named: LockUrl = url.parse().unwrap();
    assert_eq!((named.scheme(), named.to_string()), ("etcd", url));
    let service = open_lock_service(&named, Arc::new(RealClock::new())).await;
    let traits = service.unwrap().traits();
    assert!(traits.contains(&("fair".to_owned(), "yes".to_owned())));
}
