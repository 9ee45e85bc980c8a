//! The contract of groups and leaders, on every lock service that has them; the others say so.

mod redis_faults;

use super::locks::fixture::{
    Fixture, file, get_lock, in_simulation, memory, postgres_advisory, redis, zookeeper,
};
use super::locks::simulated;
use super::{assert_error, assert_rejected, contract};
use contend::capability::group::{Leadership, Member};
use contend::capability::lock::{Mode, ReleaseOutcome};
use contend::model::error::{CallError, ErrorKind};
use contend::model::sim_fault::FaultAction;
use contend::model::sim_locks::SimLocks;
use std::time::Duration;
use tokio::sync::oneshot::Receiver;

const LONG: u64 = 30_000_000_000;

/// Of members that send no heartbeats: a busy machine joins and leads within it.
const LEASE: u64 = 3_000_000_000;

/// Of members that live: a busy machine stands still for less.
const LIVING: u64 = 6_000_000_000;

macro_rules! every_script {
    ($on:ident! $($backend:tt)*) => {
        $on! { $($backend)*
            members_are_listed_until_they_leave,
            changes_go_on_from_a_cursor,
            one_leads_and_the_next_has_a_greater_term,
            candidate_leads_when_the_leader_is_gone,
            groups_have_leaders_of_their_own,
            dropped_member_is_gone,
            deposed_leader_learns_of_it_and_stays_a_member,
            leader_that_is_no_member_any_more_does_not_lead,
            group_without_a_name_is_rejected,
            lease_is_refused_where_there_is_none,
            silent_member_leaves_at_the_end_of_its_lease,
            member_that_lives_stays,
        }
    };
}

every_script!(contract! memory:);
every_script!(contract! redis:);
every_script!(simulated! simulated_lease = contend::model::sim_locks::SimLocks::Lease;);
every_script!(simulated! simulated_session = contend::model::sim_locks::SimLocks::Session;);

contract! { file: group_is_refused }
contract! { get_lock: group_is_refused }
contract! { postgres_advisory: group_is_refused }
contract! { zookeeper: group_is_refused }
simulated! { simulated_file = contend::model::sim_locks::SimLocks::File; group_is_refused }
simulated! { simulated_evicting = contend::model::sim_locks::SimLocks::Evicting; group_is_refused }
simulated! { simulated_per_node = contend::model::sim_locks::SimLocks::PerNode; group_is_refused }
simulated! { simulated_pooled = contend::model::sim_locks::SimLocks::Pooled; group_is_refused }

async fn group_is_refused(fixture: &Fixture) {
    let joined = fixture.try_join("g", None).await.map(drop);
    let message = assert_rejected(joined, "unsupported");
    assert!(message.contains("redis://"), "{message}");
}

/// Joins under a name that stands in its order of joining.
async fn join(fixture: &Fixture, group: &str) -> Member {
    fixture.try_join(group, None).await.unwrap()
}

fn names(members: &[&Member]) -> Vec<String> {
    let names = members.iter().map(|member| member.name().to_owned());
    names.collect()
}

async fn listed(member: &mut Member) -> Vec<String> {
    member.members().await.unwrap().0
}

/// Waits until a member sees only these.
async fn see_only(fixture: &Fixture, member: &mut Member, expected: Vec<String>) {
    for _ in 0..3_000 {
        if listed(member).await == expected {
            return;
        }
        fixture.time.sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(listed(member).await, expected);
}

type Led = (Member, Result<Leadership, CallError>);

fn spawn_lead(fixture: &Fixture, mut member: Member) -> Receiver<Led> {
    fixture.time.spawn(async move {
        let led = member.lead(LONG).await;
        (member, led)
    })
}

async fn members_are_listed_until_they_leave(fixture: &Fixture) {
    let mut one = join(fixture, "g").await;
    let mut two = join(fixture, "g").await;
    let _other = join(fixture, "other").await;
    let both = names(&[&one, &two]);
    assert_eq!(listed(&mut one).await, both);
    assert_eq!(listed(&mut two).await, both);
    assert!(two.is_member());
    assert_eq!(two.leave().await.unwrap(), ReleaseOutcome::Released);
    assert!(!two.is_member());
    assert_eq!(listed(&mut one).await, names(&[&one]));
    assert_eq!(two.leave().await.unwrap(), ReleaseOutcome::NotOwner);
    assert_error(two.lead(0).await, ErrorKind::Conflict, "not-member");
    assert_error(two.confirm().await, ErrorKind::Conflict, "not-member");
}

async fn changes_go_on_from_a_cursor(fixture: &Fixture) {
    let mut one = join(fixture, "g").await;
    let (_, cursor) = one.members().await.unwrap();
    assert_eq!(one.changes(cursor).await.unwrap(), []);
    let two = join(fixture, "g").await;
    let name = two.name().to_owned();
    let changes = one.changes(cursor).await.unwrap();
    let [came] = changes.as_slice() else {
        panic!("{changes:?}");
    };
    assert_eq!((&came.member, came.joined), (&name, true));
    two.close().await;
    let changes = one.changes(came.cursor).await.unwrap();
    let [gone] = changes.as_slice() else {
        panic!("{changes:?}");
    };
    assert_eq!((&gone.member, gone.joined), (&name, false));
    assert_rejected(one.changes(cursor).await, "cursor-expired");
    assert_rejected(one.changes(gone.cursor + 1).await, "cursor-expired");
}

async fn one_leads_and_the_next_has_a_greater_term(fixture: &Fixture) {
    let mut one = join(fixture, "g").await;
    let mut two = join(fixture, "g").await;
    assert_eq!(two.leader().await.unwrap(), None);
    assert_error(one.confirm().await, ErrorKind::Conflict, "not-leader");
    let first = one.lead(0).await.unwrap();
    assert_eq!(first.lease.is_some(), fixture.has("lease"));
    assert_rejected(one.lead(0).await, "already-leads");
    assert_error(two.lead(0).await, ErrorKind::Conflict, "lock-wait-timeout");
    let leader = Some((one.name().to_owned(), first.term));
    assert_eq!(two.leader().await.unwrap(), leader);
    assert_eq!(one.confirm().await.unwrap().term, first.term);
    assert_eq!(one.current_leadership().unwrap().term, first.term);
    assert_eq!(two.current_leadership(), None);
    assert_eq!(one.resign().await.unwrap(), ReleaseOutcome::Released);
    assert_eq!(one.current_leadership(), None);
    assert_error(one.confirm().await, ErrorKind::Conflict, "not-leader");
    assert_eq!(one.resign().await.unwrap(), ReleaseOutcome::NotOwner);
    let second = two.lead(LONG).await.unwrap();
    assert!(second.term > first.term, "{second:?} after {first:?}");
    assert_eq!(listed(&mut two).await, names(&[&one, &two]));
}

async fn candidate_leads_when_the_leader_is_gone(fixture: &Fixture) {
    let mut one = join(fixture, "g").await;
    let two = join(fixture, "g").await;
    let first = one.lead(0).await.unwrap();
    let mut waiting = spawn_lead(fixture, two);
    fixture.must_wait(&mut waiting, "two lead").await;
    assert_eq!(one.leave().await.unwrap(), ReleaseOutcome::Released);
    assert_eq!(one.current_leadership(), None);
    let (mut two, led) = waiting.await.unwrap();
    let second = led.unwrap();
    assert!(second.term > first.term, "{second:?} after {first:?}");
    assert_eq!(listed(&mut two).await, names(&[&two]));
}

async fn groups_have_leaders_of_their_own(fixture: &Fixture) {
    let mut one = join(fixture, "g").await;
    let mut other = join(fixture, "other").await;
    one.lead(0).await.unwrap();
    other.lead(0).await.unwrap();
    let leader = one.leader().await.unwrap().unwrap();
    assert_eq!(leader.0, one.name());
}

async fn dropped_member_is_gone(fixture: &Fixture) {
    let mut one = join(fixture, "g").await;
    let mut two = join(fixture, "g").await;
    one.lead(0).await.unwrap();
    drop(one);
    let left = names(&[&two]);
    see_only(fixture, &mut two, left).await;
    two.lead(LONG).await.unwrap();
}

async fn deposed_leader_learns_of_it_and_stays_a_member(fixture: &Fixture) {
    let mut one = join(fixture, "g").await;
    let mut two = join(fixture, "g").await;
    let first = one.lead(0).await.unwrap();
    let (_session, mut lock) = fixture.lock(&["group/g/leader"], Mode::Exclusive).await;
    lock.break_lock().await.unwrap();
    let second = two.lead(0).await.unwrap();
    assert!(second.term > first.term, "{second:?} after {first:?}");
    assert_error(one.confirm().await, ErrorKind::Conflict, "not-leader");
    assert_eq!(one.resign().await.unwrap(), ReleaseOutcome::NotOwner);
    assert_eq!(listed(&mut one).await, names(&[&one, &two]));
    assert_eq!(two.confirm().await.unwrap().term, second.term);
}

async fn leader_that_is_no_member_any_more_does_not_lead(fixture: &Fixture) {
    let mut one = join(fixture, "g").await;
    let (_session, mut lock) = fixture.lock(&["group/g/members"], Mode::Exclusive).await;
    one.lead(0).await.unwrap();
    lock.break_lock().await.unwrap();
    assert_error(one.confirm().await, ErrorKind::Conflict, "not-member");
    assert_eq!(one.current_leadership(), None);
    // It gave the leadership up as it learned of it.
    let mut two = join(fixture, "g").await;
    two.lead(0).await.unwrap();
}

async fn group_without_a_name_is_rejected(fixture: &Fixture) {
    let joined = fixture.try_join("", None).await.map(drop);
    assert_rejected(joined, "empty-name");
}

async fn lease_is_refused_where_there_is_none(fixture: &Fixture) {
    let joined = fixture.try_join("g", Some(LIVING)).await;
    match fixture.has("lease") {
        true => assert!(joined.unwrap().is_member()),
        false => drop(assert_rejected(joined.map(drop), "unsupported")),
    }
}

async fn silent_member_leaves_at_the_end_of_its_lease(fixture: &Fixture) {
    let mut two = join(fixture, "g").await;
    let began = fixture.now();
    let Some(mut silent) = fixture.join_unrenewed("g", LEASE).await else {
        return;
    };
    let first = silent.lead(0).await.unwrap();
    assert!(first.lease.unwrap().ends >= began + LEASE);
    let second = two.lead(LONG).await.unwrap();
    assert!(fixture.now() >= began + LEASE, "its lease was cut short");
    assert!(second.term > first.term, "{second:?} after {first:?}");
    let left = names(&[&two]);
    see_only(fixture, &mut two, left).await;
    // It was not told, and knows.
    assert!(!silent.is_member());
    assert_eq!(silent.current_leadership(), None);
    assert_error(silent.confirm().await, ErrorKind::Conflict, "not-member");
    assert_eq!(silent.leave().await.unwrap(), ReleaseOutcome::Expired);
    assert_eq!(two.confirm().await.unwrap().term, second.term);
}

async fn member_that_lives_stays(fixture: &Fixture) {
    if !fixture.has("lease") {
        return;
    }
    let mut one = fixture.try_join("g", Some(LIVING)).await.unwrap();
    let mut two = fixture.try_join("g", Some(LIVING)).await.unwrap();
    let led = one.lead(0).await.unwrap();
    fixture.time.sleep(Duration::from_nanos(2 * LIVING)).await;
    assert_eq!(listed(&mut two).await, names(&[&one, &two]));
    assert!(one.is_member());
    assert_eq!(one.current_leadership().unwrap().term, led.term);
    assert_eq!(one.confirm().await.unwrap().term, led.term);
}

/// The known weakness of a service that forgets: both believe, and the term distinguishes them.
#[test]
fn failover_that_forgets_lets_two_lead_and_the_term_distinguishes_them() {
    in_simulation(SimLocks::Lease, async |fixture| {
        let mut one = join(&fixture, "g").await;
        let mut two = join(&fixture, "g").await;
        let first = one.lead(0).await.unwrap();
        let simulated = fixture.simulated.as_ref().unwrap();
        simulated.begin(&FaultAction::FailoverLocks);
        // It is no member any more, and joins again under another name.
        assert_error(two.lead(0).await, ErrorKind::Conflict, "not-member");
        let mut two = join(&fixture, "g").await;
        let second = two.lead(0).await.unwrap();
        assert!(second.term > first.term, "{second:?} after {first:?}");
        assert_eq!(one.current_leadership().unwrap().term, first.term);
        assert_error(one.confirm().await, ErrorKind::Conflict, "not-member");
        assert_eq!(one.current_leadership(), None);
    });
}

/// A service that can't be reached for longer than a lease: the leader stops before another can lead.
#[test]
fn leader_without_answers_stops_before_another_leads() {
    in_simulation(SimLocks::Lease, async |fixture| {
        let mut one = fixture.try_join("g", Some(LIVING)).await.unwrap();
        let led = one.lead(0).await.unwrap();
        let simulated = fixture.simulated.as_ref().unwrap();
        let away = FaultAction::RestartLocks { lasts: 2 * LIVING };
        simulated.begin(&away);
        assert_eq!(one.current_leadership().unwrap().term, led.term);
        fixture.time.sleep(Duration::from_nanos(LIVING)).await;
        assert_eq!(one.current_leadership(), None);
        assert!(!one.is_member());
        let error = one.confirm().await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
        simulated.end(&away);
        let mut two = join(&fixture, "g").await;
        let next = two.lead(LONG).await.unwrap();
        assert!(next.term > led.term, "{next:?} after {led:?}");
        assert_eq!(one.current_leadership(), None);
    });
}
