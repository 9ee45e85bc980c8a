//! Properties of locks in ZooKeeper alone, on a real service that tests break.

use super::network::Network;
use super::{assert_error, assert_rejected};
use crate::support::lab::{services_lab, services_lab_to_break};
use contend::backend::clock::RealClock;
use contend::backend::{open_locks_of_run, run_id};
use contend::capability::lock::{
    Grant, Lock, LockService, LockSession, Mode, ReleaseOutcome, SessionOptions,
};
use contend::lab::{Lab, Service};
use contend::model::error::{CallError, ErrorKind};
use contend::model::lab_fault::{LabAction, LabFault};
use std::sync::{Arc, MutexGuard};
use std::time::{Duration, Instant};
use tokio::task::block_in_place;
use tokio::time::sleep;

/// Longer than a busy machine can be away.
const LONG: u64 = 60_000_000_000;

/// A session that no test outlives.
const LASTING: &str = "?lease=300";

/// The longest time in which a holder learns of a lost session, and what a busy machine adds.
const LEARNED_WITHIN: Duration = Duration::from_secs(60);

async fn service(url: &str, run: &str) -> Result<Arc<dyn LockService>, CallError> {
    let clock = RealClock::new();
    clock.start();
    open_locks_of_run(&url.parse().unwrap(), Arc::new(clock), run).await
}

async fn lock(service: &dyn LockService) -> (Box<dyn LockSession>, Box<dyn Lock>) {
    lock_as(service, Mode::Exclusive).await
}

async fn lock_as(service: &dyn LockService, mode: Mode) -> (Box<dyn LockSession>, Box<dyn Lock>) {
    let opened = service.open("me".to_owned(), SessionOptions::default());
    let mut session = opened.await.unwrap();
    let lock = session.lock(vec!["a".to_owned()], mode).unwrap();
    (session, lock)
}

fn url_of(lab: &Lab) -> String {
    lab.service_url(Service::Zookeeper).unwrap()
}

fn port_of(lab: &Lab) -> u16 {
    let url = url_of(lab);
    url.rsplit(':').next().unwrap().parse().unwrap()
}

/// A service that this test has for itself, and breaks.
struct Faulty {
    lab: MutexGuard<'static, Lab>,
    run: String,
}

impl Faulty {
    fn start() -> Self {
        Self {
            lab: block_in_place(services_lab_to_break),
            run: run_id::new_name(),
        }
    }

    async fn service(&self, times: &str) -> Arc<dyn LockService> {
        let url = url_of(&self.lab) + times;
        service(&url, &self.run).await.unwrap()
    }

    async fn fault(&self, action: LabAction) {
        let target = "zookeeper".to_owned();
        let fault = LabFault { action, target };
        block_in_place(|| self.lab.fault(&fault)).unwrap();
    }

    async fn end(self) {
        block_in_place(|| self.lab.make_whole(&mut |_| {})).unwrap();
    }
}

/// Acquires a lock that is free. A session is lost to a machine that is too busy to keep it; the next one may
/// do.
async fn acquired(lock: &mut dyn Lock) -> Grant {
    let began = Instant::now();
    loop {
        match lock.acquire(LONG).await {
            Ok(grant) => return grant,
            Err(error) => assert_ne!(error.kind, ErrorKind::Rejected, "{error}"),
        }
        assert!(began.elapsed() < LEARNED_WITHIN, "it can't be acquired");
        sleep(Duration::from_millis(100)).await;
    }
}

/// Waits until the host knows that a lock is lost, without asking for it.
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
    assert_error(lock.renew().await, ErrorKind::Conflict, "lock-lost");
    assert_eq!(lock.release().await.unwrap(), ReleaseOutcome::Expired);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_service_keeps_its_locks_and_its_tokens_grow() {
    let faulty = Faulty::start();
    let service = faulty.service(LASTING).await;
    let (_one, mut holder) = lock(&*service).await;
    let (_other, mut next) = lock(&*service).await;
    let first = holder.acquire(0).await.unwrap();
    faulty.fault(LabAction::Kill).await;
    faulty.fault(LabAction::Start).await;
    // The client connects again by itself; until it has, the answer is an error.
    let began = Instant::now();
    loop {
        match holder.is_owner().await {
            Ok(is_owner) => break assert!(is_owner),
            Err(error) => assert_eq!(error.kind, ErrorKind::Unavailable, "{error}"),
        }
        assert!(began.elapsed() < LEARNED_WITHIN, "it never answered");
    }
    let refused = next.acquire(0).await;
    assert_error(refused, ErrorKind::Conflict, "lock-wait-timeout");
    assert_eq!(holder.release().await.unwrap(), ReleaseOutcome::Released);
    let second = next.acquire(LONG).await.unwrap();
    assert!(
        second.fencing[0].1 > first.fencing[0].1,
        "{second:?} {first:?}"
    );
    faulty.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_whose_service_was_killed_or_stands_still_learns_of_it() {
    for (breaks, mends) in [
        (LabAction::Kill, LabAction::Start),
        (LabAction::Pause, LabAction::Resume),
    ] {
        let faulty = Faulty::start();
        let service = faulty.service("?lease=6&heartbeat=0.5").await;
        let (_one, mut holder) = lock(&*service).await;
        let (_other, mut idle) = lock(&*service).await;
        acquired(&mut *holder).await;
        faulty.fault(breaks).await;
        is_learned(&*holder).await;
        assert_lost(&mut *holder).await;
        let refused = idle.acquire(0).await.unwrap_err();
        assert_ne!(refused.kind, ErrorKind::Conflict, "{refused}");
        faulty.fault(mends).await;
        // The lock is free when the service has ended the old session, and ours of before is as good as new.
        acquired(&mut *idle).await;
        faulty.end().await;
    }
}

/// The service goes on, and the holder can't reach it.
#[tokio::test(flavor = "multi_thread")]
async fn a_holder_that_is_cut_off_knows_it_before_the_service_grants_its_lock() {
    let lab = block_in_place(services_lab);
    let network = Network::to(port_of(lab)).await;
    let run = run_id::new_name();
    let cut_off = format!("zookeeper://{}?lease=12&heartbeat=1", network.address());
    let cut_off = service(&cut_off, &run).await.unwrap();
    let others = service(&(url_of(lab) + LASTING), &run).await.unwrap();
    let (_one, mut holder) = lock(&*cut_off).await;
    let (_other, mut next) = lock(&*others).await;
    let first = acquired(&mut *holder).await;
    network.hold_all();
    let second = next.acquire(LONG).await.unwrap();
    // Whenever this is looked at: it is the clock that decides.
    assert_eq!(
        holder.current_grant(),
        None,
        "two believe that they hold it"
    );
    assert!(
        second.fencing[0].1 > first.fencing[0].1,
        "{second:?} {first:?}"
    );
    assert_lost(&mut *holder).await;
    assert!(next.is_owner().await.unwrap());
}

/// The node is there, and the answer is what got lost.
#[tokio::test(flavor = "multi_thread")]
async fn a_create_whose_answer_is_lost_is_found_again_and_leaves_no_second_node() {
    let lab = block_in_place(services_lab);
    let network = Network::to(port_of(lab)).await;
    let run = run_id::new_name();
    // Without an answer for four seconds, the client connects again.
    let muted = format!("zookeeper://{}{LASTING}", network.address());
    let muted = service(&muted, &run).await.unwrap();
    let others = service(&(url_of(lab) + LASTING), &run).await.unwrap();
    let (_one, mut holder) = lock(&*muted).await;
    let (_other, mut next) = lock(&*others).await;
    // The folder of the name is there from now on.
    holder.acquire(0).await.unwrap();
    holder.release().await.unwrap();
    network.mute();
    let granted = holder.acquire(LONG).await.unwrap();
    assert!(granted.fencing[0].1 > 0);
    assert!(holder.is_owner().await.unwrap());
    let refused = next.acquire(0).await;
    assert_error(refused, ErrorKind::Conflict, "lock-wait-timeout");
    assert_eq!(holder.release().await.unwrap(), ReleaseOutcome::Released);
    // A second node of the holder would keep it away for as long as that session lives.
    next.acquire(0).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_is_excluded_and_runs_and_paths_are_apart() {
    let server = url_of(block_in_place(services_lab));
    let url = format!("{server}{LASTING}");
    let (run, other_run) = (run_id::new_name(), run_id::new_name());
    let (_one, mut holder) = lock(&*service(&url, &run).await.unwrap()).await;
    let (_other, mut rival) = lock(&*service(&url, &run).await.unwrap()).await;
    holder.acquire(0).await.unwrap();
    let message = assert_error(
        rival.acquire(0).await,
        ErrorKind::Conflict,
        "lock-wait-timeout",
    );
    assert!(
        message.contains("\"a\"") && !message.contains(&run),
        "{message}"
    );
    let (_apart, mut apart) = lock(&*service(&url, &other_run).await.unwrap()).await;
    apart.acquire(0).await.unwrap();
    let (_below, mut below) = lock(
        &*service(&format!("{server}/x/y{LASTING}"), &run)
            .await
            .unwrap(),
    )
    .await;
    below.acquire(0).await.unwrap();
}

/// Each reader counts the others.
#[tokio::test(flavor = "multi_thread")]
async fn readers_of_zookeeper_that_come_together_are_never_more_than_the_limit() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let url = url_of(block_in_place(services_lab)) + LASTING;
    let service = service(&url, &run_id::new_name()).await.unwrap();
    let inside = Arc::new(AtomicUsize::new(0));
    let mut readers = Vec::new();
    for number in 0..6 {
        // A limit is of each holder, and the smallest is in force.
        let limit = if number % 2 == 0 { 2 } else { 3 };
        let (session, mut lock) = lock_as(&*service, Mode::Shared(Some(limit))).await;
        let inside = Arc::clone(&inside);
        readers.push(tokio::spawn(async move {
            for _ in 0..10 {
                lock.acquire(LONG).await.unwrap();
                let now = inside.fetch_add(1, Ordering::SeqCst) + 1;
                assert!(
                    now <= limit as usize,
                    "{now} read, and {limit} is the limit"
                );
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
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zookeeper_url_that_makes_no_sense_is_refused_and_not_repeated() {
    for (rest, code, says) in [
        ("?heartbeat=0", "url", "number of seconds"),
        (
            "?lease=3&heartbeat=1",
            "heartbeat",
            "not longer than 3 heartbeats",
        ),
        ("?poll=1", "url", "expected zookeeper://"),
        ("#x", "url", "expected zookeeper://"),
    ] {
        let url = format!("zookeeper://me:hunter2@127.0.0.1:1,127.0.0.1:2/locks{rest}");
        let opened = service(&url, "run").await.map(|_| ());
        let message = assert_rejected(opened, code);
        assert!(message.contains(says), "{message}");
        assert!(!message.contains("hunter2"), "{message}");
    }
    let nobody = "zookeeper://me:hunter2@127.0.0.1:1,127.0.0.1:2";
    let error = service(nobody, "run").await.map(|_| ()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
    assert!(error.message.contains("127.0.0.1:1,127.0.0.1:2"), "{error}");
    assert!(error.message.contains("is it running?"), "{error}");
    assert!(!error.message.contains("hunter2"), "{error}");
}
