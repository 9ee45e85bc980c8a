//! Properties of locks in Redis alone.

use super::network::Network;
use super::{assert_error, assert_rejected};
use crate::redis_server::{RedisServer, database};
use contend::backend::clock::RealClock;
use contend::backend::lock_redis::RedisLocks;
use contend::backend::open_lock_service;
use contend::backend::secret_url::SecretUrl;
use contend::capability::clock::Clock;
use contend::capability::lock::{
    Lock, LockService, LockSession, Mode, ReleaseOutcome, SessionOptions,
};
use contend::model::error::{CallError, ErrorKind};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

const LONG: u64 = 20_000_000_000;
const HOUR: u64 = 3_600_000_000_000;

async fn service(url: &str) -> Result<RedisLocks, CallError> {
    let clock = RealClock::new();
    clock.start();
    RedisLocks::open(&SecretUrl::parse(url).unwrap(), Arc::new(clock)).await
}

fn url_of(network: &Network) -> String {
    format!("redis://{}", network.address())
}

async fn lock(url: &str, name: &str) -> (Box<dyn LockSession>, Box<dyn Lock>) {
    lock_with(url, name, Mode::Exclusive, SessionOptions::default()).await
}

async fn lock_with(
    url: &str,
    name: &str,
    mode: Mode,
    options: SessionOptions,
) -> (Box<dyn LockSession>, Box<dyn Lock>) {
    let service = service(url).await.unwrap();
    let mut session = service.open("me".to_owned(), options).await.unwrap();
    let lock = session.lock(vec![name.to_owned()], mode).unwrap();
    (session, lock)
}

/// Two services have nothing in common but the server, as two processes. The writer and the readers
/// ask so seldom, and its lease is so long, that only a call can wake them.
#[tokio::test]
async fn another_process_is_excluded_and_called_and_readers_call_each_other() {
    let url = database();
    let seldom = SessionOptions {
        lease: Some(HOUR),
        poll: Some(HOUR),
    };
    let (_one, mut writer) = lock_with(&url, "a", Mode::Exclusive, seldom).await;
    writer.acquire(0).await.unwrap();
    let mut reading = Vec::new();
    for _ in 0..3 {
        let (session, mut reader) = lock_with(&url, "a", Mode::Shared(None), seldom).await;
        let refused = reader.acquire(0).await;
        assert_error(refused, ErrorKind::Conflict, "lock-wait-timeout");
        reading.push(tokio::spawn(async move {
            reader.acquire(HOUR).await.unwrap();
            (session, reader)
        }));
    }
    sleep(super::A_WHILE).await;
    assert_eq!(writer.release().await.unwrap(), ReleaseOutcome::Released);
    // Kept, since a reader that goes calls the next one too.
    let mut inside = Vec::new();
    for reader in reading {
        inside.push(soon(reader).await);
    }
}

/// A waiter that is called for one of its names, and can't have the other, calls the next one.
#[tokio::test]
async fn a_call_that_is_of_no_use_is_passed_on() {
    let url = database();
    let service = service(&url).await.unwrap();
    let seldom = SessionOptions {
        lease: Some(HOUR),
        poll: Some(HOUR),
    };
    let mut kept = Vec::new();
    let mut locks = Vec::new();
    for names in [&["a"][..], &["b"], &["a", "b"], &["a"]] {
        let mut session = service.open("me".to_owned(), seldom).await.unwrap();
        let names = names.iter().map(|&name| name.to_owned()).collect();
        locks.push(session.lock(names, Mode::Exclusive).unwrap());
        kept.push(session);
    }
    let [mut a, mut b, both, next]: [_; 4] = locks.try_into().ok().unwrap();
    a.acquire(0).await.unwrap();
    b.acquire(0).await.unwrap();
    let mut waiting = Vec::new();
    for mut lock in [both, next] {
        waiting.push(tokio::spawn(async move { lock.acquire(HOUR).await }));
        sleep(super::A_WHILE).await;
    }
    a.release().await.unwrap();
    soon(waiting.remove(1)).await.unwrap();
    waiting[0].abort();
}

async fn soon<T>(task: JoinHandle<T>) -> T {
    let ended = timeout(Duration::from_secs(10), task).await;
    ended.expect("nobody called").unwrap()
}

#[tokio::test]
async fn a_server_that_is_not_there_is_reported() {
    let message = assert_error(
        service("redis://:hunter2@127.0.0.1:1").await.map(|_| ()),
        ErrorKind::Unavailable,
        "connection-refused",
    );
    assert!(message.contains("127.0.0.1:1"), "{message}");
    assert!(message.contains("is it running?"), "{message}");
    assert!(!message.contains("hunter2"), "{message}");
}

#[tokio::test]
async fn a_wrong_password_is_reported_and_not_repeated() {
    let server = RedisServer::start("--requirepass hunter2");
    let with = |password: &str| server.url().replace("//", &format!("//{password}@"));
    service(&with(":hunter2")).await.unwrap();
    let mut messages = Vec::new();
    let wrong = service(&with(":hunter3")).await.map(|_| ());
    messages.push(assert_rejected(wrong, "authentication"));
    let none = service(&server.url()).await.map(|_| ());
    messages.push(assert_rejected(none, "NOAUTH"));
    let no_number = format!("{}/x", with(":hunter2"));
    messages.push(assert_rejected(
        service(&no_number).await.map(|_| ()),
        "url",
    ));
    for message in messages {
        assert!(!message.contains("hunter"), "{message}");
    }
}

#[tokio::test]
async fn while_redis_is_down_nothing_can_be_had_and_what_is_held_stays_held() {
    let mut server = RedisServer::start("");
    let (_session, mut held) = lock(&server.url(), "a").await;
    let (_other, mut wanted) = lock(&server.url(), "b").await;
    held.acquire(0).await.unwrap();
    server.kill();
    // A call that goes out before the connections notice is one whose answer is lost.
    sleep(super::A_WHILE).await;
    let refused = wanted.acquire(LONG).await;
    assert_error(refused, ErrorKind::Unavailable, "connection-refused");
    let unsent = held.release().await;
    assert_error(unsent, ErrorKind::Unavailable, "connection-refused");
    // One that is not held needs no asking.
    let unasked = held.is_owner().await;
    assert_error(unasked, ErrorKind::Unavailable, "connection-refused");
    server.restart();
    // The session opens its connection again.
    wanted.acquire(0).await.unwrap();
    assert_eq!(wanted.release().await.unwrap(), ReleaseOutcome::Released);
}

#[tokio::test]
async fn a_holder_without_answers_learns_of_it_before_its_lease_can_have_ended() {
    let server = RedisServer::start("");
    let clock = Arc::new(RealClock::new());
    clock.start();
    let url = format!("{}?lease=3&heartbeat=0.4", server.url());
    let url = SecretUrl::parse(&url).unwrap();
    let service = RedisLocks::open(&url, clock.clone()).await.unwrap();
    let opened = service.open("me".to_owned(), SessionOptions::default());
    let mut session = opened.await.unwrap();
    let mut held = session.lock(vec!["a".to_owned()], Mode::Exclusive).unwrap();
    let granted = held.acquire(0).await.unwrap();
    assert_eq!(
        granted.lease_ends.unwrap() - granted.last_heartbeat.unwrap(),
        3_000_000_000
    );
    server.pause();
    let mut last = granted;
    while let Some(grant) = held.current_grant() {
        last = grant;
        assert!(
            Some(clock.now()) < last.lease_ends,
            "it is still believed in"
        );
        sleep(Duration::from_millis(5)).await;
    }
    let (now, ends) = (clock.now(), last.lease_ends.unwrap());
    assert!(now < ends, "learned at {now}, and the lease ends at {ends}");
    assert!(!held.is_owner().await.unwrap());
    assert_error(held.renew().await, ErrorKind::Conflict, "lock-lost");
    server.resume();
    // Redis may have it still, and nobody can say for whom it was in between.
    assert_eq!(held.release().await.unwrap(), ReleaseOutcome::Expired);
    let (_other, mut next) = lock(&server.url(), "a").await;
    next.acquire(LONG).await.unwrap();
}

#[tokio::test]
async fn a_lease_that_could_end_before_its_holder_learns_of_it_is_refused() {
    let url = database();
    for times in ["lease=3&heartbeat=1", "heartbeat=3.5"] {
        let refused = service(&format!("{url}?{times}")).await.map(|_| ());
        let message = assert_rejected(refused, "heartbeat");
        assert!(
            message.contains("is not longer than 3 heartbeats"),
            "{message}"
        );
    }
    let service = service(&format!("{url}?heartbeat=1")).await.unwrap();
    let options = SessionOptions {
        lease: Some(3_000_000_000),
        poll: None,
    };
    let opened = service.open("me".to_owned(), options).await;
    assert_rejected(opened.map(|_| ()), "heartbeat");
}

/// The known weakness, and what answers it.
#[tokio::test]
async fn a_restart_that_forgets_lets_two_hold_it_and_the_token_distinguishes_them() {
    let mut server = RedisServer::start("");
    let (_one, mut first) = lock(&server.url(), "a").await;
    let old = first.acquire(0).await.unwrap();
    server.restart();
    sleep(super::A_WHILE).await;
    let (_other, mut second) = lock(&server.url(), "a").await;
    let new = second.acquire(0).await.unwrap();
    assert!(new.fencing[0].1 > old.fencing[0].1, "{new:?} after {old:?}");
    assert!(!first.is_owner().await.unwrap());
    assert_eq!(first.release().await.unwrap(), ReleaseOutcome::NotOwner);
    assert!(second.is_owner().await.unwrap());
}

#[tokio::test]
async fn an_acquire_without_an_answer_is_given_up_before_it_is_carried_out() {
    let server = RedisServer::start("");
    let (_session, mut wanted) = lock(&server.url(), "a").await;
    server.pause();
    let refused = wanted.acquire(0).await;
    assert_error(refused, ErrorKind::Indefinite, "no-answer");
    server.resume();
    let (_other, mut next) = lock(&server.url(), "a").await;
    // Well before the lease would end.
    next.acquire(5_000_000_000).await.unwrap();
}

/// A request that arrives after it was withdrawn takes nothing.
#[tokio::test]
async fn an_acquire_that_arrives_late_takes_nothing() {
    let server = RedisServer::start("");
    let network = Network::to(server.port()).await;
    let (_session, mut wanted) = lock(&url_of(&network), "a").await;
    // Until this is answered, the connection may not have come to the network.
    wanted.acquire(0).await.unwrap();
    wanted.release().await.unwrap();
    network.hold();
    let refused = wanted.acquire(0).await;
    let message = assert_error(refused, ErrorKind::Unavailable, "no-answer");
    assert!(message.contains("was released"), "{message}");
    network.deliver();
    sleep(super::A_WHILE).await;
    let (_other, mut next) = lock(&server.url(), "a").await;
    next.acquire(0).await.unwrap();
}

/// It was carried out, and the answer is what got lost: of that nobody can be certain.
#[tokio::test]
async fn a_release_that_arrives_late_is_indefinite() {
    let server = RedisServer::start("");
    let network = Network::to(server.port()).await;
    let (_session, mut held) = lock(&url_of(&network), "a").await;
    held.acquire(0).await.unwrap();
    network.hold();
    let unheard = held.release().await;
    assert_error(unheard, ErrorKind::Indefinite, "no-answer");
    // Given up over another connection, long before the lease ends.
    let (_other, mut next) = lock(&server.url(), "a").await;
    next.acquire(3_000_000_000).await.unwrap();
    network.deliver();
    sleep(super::A_WHILE).await;
    assert!(next.is_owner().await.unwrap());
}

#[tokio::test]
async fn a_release_without_an_answer_is_indefinite_and_kept_all_the_same() {
    let server = RedisServer::start("");
    let (_session, mut held) = lock(&server.url(), "a").await;
    held.acquire(0).await.unwrap();
    server.pause();
    let unheard = held.release().await;
    assert_error(unheard, ErrorKind::Indefinite, "no-answer");
    server.resume();
    let (_other, mut next) = lock(&server.url(), "a").await;
    next.acquire(5_000_000_000).await.unwrap();
    assert_eq!(held.release().await.unwrap(), ReleaseOutcome::NotOwner);
}

#[tokio::test]
async fn file_that_is_no_lock_is_left_alone() {
    let url = database();
    let mut client = redis::Client::open(url.as_str())
        .unwrap()
        .get_connection()
        .unwrap();
    redis::cmd("SET")
        .arg("contend:fence:b")
        .arg("x")
        .exec(&mut client)
        .unwrap();
    redis::cmd("SET")
        .arg("contend:lock:c")
        .arg("x")
        .exec(&mut client)
        .unwrap();
    for name in ["b", "c"] {
        let (_session, mut lock) = lock(&url, name).await;
        let refused = lock.acquire(0).await.expect_err("a key of somebody else");
        assert_eq!(refused.kind, ErrorKind::Rejected, "{refused}");
    }
    for key in ["contend:fence:b", "contend:lock:c"] {
        let kept: String = redis::cmd("GET").arg(key).query(&mut client).unwrap();
        assert_eq!(kept, "x");
    }
}

#[tokio::test]
async fn the_service_named_on_the_command_line_is_this_one() {
    let url = database().parse().unwrap();
    let service = open_lock_service(&url, Arc::new(RealClock::new())).await;
    let traits = service.unwrap().traits();
    assert!(traits.contains(&("across-hosts".to_owned(), "yes".to_owned())));
}

#[tokio::test]
async fn times_that_make_no_sense_are_refused() {
    let service = service(&database()).await.unwrap();
    for (lease, poll) in [(Some(1), None), (Some(u64::MAX), None), (None, Some(0))] {
        let options = SessionOptions { lease, poll };
        let opened = service.open("me".to_owned(), options).await;
        assert_rejected(opened.map(|_| ()), "unsupported");
    }
}

/// A dead holder's lease must end, and its session's connections with it.
#[tokio::test]
async fn a_closed_session_has_no_connection() {
    let server = RedisServer::start("");
    let (session, mut held) = lock(&server.url(), "a").await;
    held.acquire(0).await.unwrap();
    session.close().await;
    let mut client = redis::Client::open(server.url())
        .unwrap()
        .get_connection()
        .unwrap();
    for _ in 0..100 {
        let list: String = redis::cmd("CLIENT").arg("LIST").query(&mut client).unwrap();
        if list.lines().count() == 1 {
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("the connection is still open");
}

/// Two runs that use one Redis, as `open_locks_of_run` opens it; within a run the names exclude.
#[tokio::test]
async fn names_of_two_runs_differ_and_are_shown_without_the_run() {
    let url = database();
    let lock_of = async |run: &str| {
        let service = service(&url).await.unwrap().of_run(run);
        let opened = service
            .open("me".to_owned(), SessionOptions::default())
            .await;
        let mut session = opened.unwrap();
        let lock = session.lock(vec!["a".to_owned()], Mode::Exclusive).unwrap();
        (session, lock)
    };
    let (_one, mut first) = lock_of("one").await;
    let (_same, mut rival) = lock_of("one").await;
    let (_other, mut apart) = lock_of("other").await;
    first.acquire(0).await.unwrap();
    let refused = rival.acquire(0).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Conflict);
    assert!(refused.message.contains("\"a\""), "{refused}");
    assert!(!refused.message.contains("one"), "{refused}");
    apart.acquire(0).await.unwrap();
}
