//! Groups in a real Redis that fails.

use super::{LONG, assert_error};
use crate::redis_server::RedisServer;
use contend::backend::clock::RealClock;
use contend::backend::lock_redis::RedisLocks;
use contend::backend::secret_url::SecretUrl;
use contend::capability::group::{Member, join};
use contend::model::error::ErrorKind;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// As short as a test can wait for.
const SHORT: &str = "lease=3&heartbeat=0.4";

/// Longer than a busy machine stands still.
const LONG_LEASE: &str = "lease=20&heartbeat=1";

async fn member(server: &RedisServer, name: &str, times: &str) -> Member {
    let clock = Arc::new(RealClock::new());
    clock.start();
    let url = format!("{}?{times}", server.url());
    let url = SecretUrl::parse(&url).unwrap();
    let service = RedisLocks::open(&url, clock.clone()).await.unwrap();
    let joined = join(&service, clock, name.to_owned(), "g", None).await;
    joined.unwrap()
}

/// Waits for what the heartbeats find out by themselves.
async fn until(mut holds: impl FnMut() -> bool) {
    for _ in 0..3_000 {
        if holds() {
            return;
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("nothing came of it within 30 s");
}

#[tokio::test]
async fn leader_of_a_redis_that_stands_still_learns_of_it_by_itself() {
    let server = RedisServer::start("");
    let mut leader = member(&server, "one", SHORT).await;
    let first = leader.lead(0).await.unwrap();
    server.pause();
    until(|| leader.current_leadership().is_none() && !leader.is_member()).await;
    // The heartbeats give up a tenth of the lease before its end; asking needs no answer then.
    let mut code = String::new();
    for _ in 0..20 {
        let error = leader.confirm().await.unwrap_err();
        if error.kind == ErrorKind::Conflict {
            code = error.code;
            break;
        }
    }
    assert_eq!(code, "member-lost");
    server.resume();
    let mut next = member(&server, "two", SHORT).await;
    let second = next.lead(LONG).await.unwrap();
    assert!(second.term > first.term, "{second:?} after {first:?}");
    assert_eq!(leader.current_leadership(), None);
}

#[tokio::test]
async fn redis_that_is_away_for_a_moment_costs_no_membership() {
    let server = RedisServer::start("");
    let mut leader = member(&server, "one", LONG_LEASE).await;
    let mut other = member(&server, "two", LONG_LEASE).await;
    let led = leader.lead(0).await.unwrap();
    server.pause();
    sleep(Duration::from_millis(100)).await;
    server.resume();
    assert_eq!(leader.confirm().await.unwrap().term, led.term);
    assert_eq!(other.members().await.unwrap().0, ["one", "two"]);
    assert_eq!(
        other.leader().await.unwrap(),
        Some(("one".to_owned(), led.term))
    );
}

/// The known weakness, and what answers it.
#[tokio::test]
async fn redis_that_restarts_without_its_data_forgets_the_group_and_its_terms_grow() {
    let mut server = RedisServer::start("");
    let mut leader = member(&server, "one", LONG_LEASE).await;
    let first = leader.lead(0).await.unwrap();
    server.restart();
    let mut next = member(&server, "two", LONG_LEASE).await;
    assert_eq!(next.members().await.unwrap().0, ["two"]);
    let second = next.lead(0).await.unwrap();
    assert!(second.term > first.term, "{second:?} after {first:?}");
    let mut code = String::new();
    for _ in 0..300 {
        let error = leader.confirm().await.unwrap_err();
        if error.kind == ErrorKind::Conflict {
            code = error.code;
            break;
        }
        // Its connection is found broken first.
        sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(code, "not-member");
}

#[tokio::test]
async fn dead_redis_makes_calls_unavailable() {
    let mut server = RedisServer::start("");
    let mut one = member(&server, "one", LONG_LEASE).await;
    server.kill();
    let members = one.members().await.map(drop).unwrap_err();
    assert_eq!(members.kind, ErrorKind::Unavailable, "{members}");
    sleep(Duration::from_millis(200)).await;
    let again = one.members().await.map(drop);
    assert_error(again, ErrorKind::Unavailable, "connection-refused");
}
