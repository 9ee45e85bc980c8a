use super::super::synthetic::{address, given_back, history, kept, pools, row_of};
use super::*;
use crate::model::change::{Change, Nanos, Restored, Settled};
use crate::model::marker::Mark;
use crate::model::outcome::Outcome;
use crate::model::verdict::Verdict;
use crate::workload::ip_allocation::tables::{Allocations, NodeAllocations, Request, Table};

fn ms<const N: usize>(times: [Nanos; N]) -> [Nanos; N] {
    times.map(|t| t * 1_000_000)
}

/// Two nodes that have these rows, and three pools.
fn judge(changes: &[Change], requests: &[Request]) -> Answer {
    let node = |name: &str| NodeAllocations {
        node: name.to_owned(),
        requests: requests.to_vec(),
        ranges: Vec::new(),
    };
    let found = Allocations {
        nodes: vec![node("a"), node("b")],
        silent: Vec::new(),
        unseen: 0,
        has_primary: false,
        breakdowns: Vec::new(),
    };
    judge_found(changes, Some(&found))
}

fn judge_found(changes: &[Change], found: Option<&Allocations>) -> Answer {
    let evidence = Evidence {
        pools: &pools(3),
        changes,
        found,
    };
    answer(&evidence, &Names::new(&evidence), None)
}

fn assert_reported(answer: &Answer, prose: &str, further: u64) {
    let why = answer.verdict.why().unwrap_or("valid");
    assert_eq!(answer.verdict.as_str(), "violated", "{why}");
    assert!(why.contains(prose), "{why}");
    assert_eq!(answer.further, further, "{why}");
}

fn told(changes: &[Change]) -> Answer {
    judge(changes, &[])
}

/// A row that no step reported.
fn stray(table: Table, row: u32, n: u64, mark: &str) -> Request {
    let mut request = row_of(&kept(0, row, 0, [0, 1], &address(row, n)));
    request.table = table;
    request.mark = Mark::from(Some(mark.to_owned()));
    request
}

#[test]
fn a_right_history_is_valid_and_an_uncontended_one_unknown() {
    let (pools, changes, found) = history(12, 3, 6);
    let evidence = Evidence {
        pools: &pools,
        changes: &changes,
        found: Some(&found),
    };
    let names = Names::new(&evidence);
    assert_eq!(answer(&evidence, &names, None).verdict, Verdict::Valid);
    let uncontended = answer(&evidence, &names, Some("nothing was contended".into()));
    assert_eq!(uncontended.verdict.why(), Some("nothing was contended"));
    let cut = judge_found(&changes, None).verdict;
    assert!(cut.why().unwrap().contains("cut"), "{cut:?}");
}

#[test]
fn earliest_address_given_twice_is_reported_with_both() {
    let answer = told(&[
        kept(8, 0, 0, ms([0, 100]), &address(0, 1)),
        kept(9, 0, 0, ms([0, 150]), &address(0, 1)),
        given_back(3, 0, 4, ms([1, 12, 20, 22]), &address(0, 7)),
        kept(7, 0, 1, ms([5, 15]), &address(0, 7)),
    ]);
    assert_eq!(
        answer.verdict,
        Verdict::Violated(
            "10.0.0.7 of subnet 10.0.0.0/8 was given twice: worker 3 (3_4) had it of pool-0 from \
             12.000 ms to 20.000 ms at least; worker 7 (7_1) had it of pool-0 from 15.000 ms on"
                .into()
        )
    );
    assert_eq!(answer.further, 1);
    let about = answer.about.expect("a pool and two changes");
    let markers: Vec<_> = about.markers.iter().map(ToString::to_string).collect();
    assert_eq!((about.row, markers), (0, vec!["3_4".into(), "7_1".into()]));
}

#[test]
fn an_address_is_the_same_in_any_spelling_and_for_one_worker_twice() {
    let first = kept(3, 2, 0, ms([0, 10]), "2001:db8:2::7");
    let again = kept(3, 2, 1, ms([20, 30]), "2001:DB8:2:0::0007");
    assert_reported(&told(&[first, again]), "2001:db8:2::7 of subnet 2001", 0);
}

#[test]
fn other_addresses_and_other_times_are_no_double() {
    let first = given_back(3, 0, 0, ms([0, 10, 20, 30]), &address(0, 7));
    let meanwhile = kept(7, 0, 0, ms([0, 15]), &address(0, 8));
    let elsewhere = kept(8, 1, 0, ms([0, 15]), &address(1, 7));
    let while_given_back = kept(9, 0, 0, ms([5, 20]), &address(0, 7));
    let changes = [first, meanwhile, elsewhere, while_given_back];
    assert_eq!(told(&changes).verdict, Verdict::Valid);
}

#[test]
fn hold_without_an_ok_counts_from_its_proof() {
    let mut late = given_back(3, 0, 0, ms([0, 10, 30, 40]), &address(0, 7));
    late.acquire.outcome = Outcome::indeterminate("2013", "lost");
    late.acquire.settled = Some(Settled::TookEffect);
    let before = given_back(7, 0, 0, ms([0, 5, 20, 25]), &address(0, 7));
    assert_eq!(told(&[late.clone(), before]).verdict, Verdict::Valid);
    let then = given_back(7, 0, 0, ms([0, 5, 35, 36]), &address(0, 7));
    assert_reported(&told(&[late.clone(), then.clone()]), "given twice", 0);
    late.acquire.settled = Some(Settled::NoEffect);
    assert_eq!(told(&[late.clone(), then.clone()]).verdict, Verdict::Valid);
    late.acquire.settled = Some(Settled::TookEffect);
    late.release = None;
    assert_eq!(told(&[late, then]).verdict, Verdict::Valid, "never proven");
}

#[test]
fn restored_address_was_held_for_an_instant_at_least() {
    let mut restored = kept(3, 0, 0, ms([0, 10]), &address(0, 7));
    let after = kept(7, 0, 0, ms([0, 15]), &address(0, 7));
    assert_reported(&told(&[restored.clone(), after.clone()]), "twice", 0);
    for by_host in [Restored::Yes, Restored::Unclear] {
        restored.restored = by_host;
        assert_eq!(
            told(&[restored.clone(), after.clone()]).verdict,
            Verdict::Valid
        );
    }
    let before = kept(7, 0, 0, ms([0, 5]), &address(0, 7));
    assert_reported(&told(&[restored, before]), "twice", 0);
}

#[test]
fn address_outside_of_the_pool_is_reported_with_its_worker() {
    for (text, prose) in [
        (
            address(1, 0),
            "worker 3 (3_0) was told at 10.000 ms that it has 10.16.0.0 of pool-0, which is outside \
             of its pool",
        ),
        (address(2, 0), "2001:db8:2:: of pool-0, which is outside"),
        (
            "\x1b[2J".into(),
            "\"\\u{1b}[2J\" of pool-0, which is no address",
        ),
    ] {
        let mut change = kept(3, 0, 0, ms([0, 10]), &text);
        let answer = told(std::slice::from_ref(&change));
        assert_reported(&answer, prose, 0);
        change.acquire.outcome = Outcome::indeterminate("2013", "lost");
        change.acquire.settled = Some(Settled::TookEffect);
        assert_eq!(
            told(&[change]).verdict,
            Verdict::Valid,
            "no step reported it"
        );
    }
}

#[test]
fn an_address_in_two_rows_is_reported_with_their_owners_once_for_all_nodes() {
    // What a check for duplicates in one table would miss.
    let change = kept(3, 0, 0, ms([0, 10]), &address(0, 7));
    let between = stray(Table::IpAllocations, 0, 8, "9_8");
    let rows = [
        row_of(&change),
        between,
        stray(Table::IpRequests, 0, 7, "9_9"),
    ];
    let answer = judge(std::slice::from_ref(&change), &rows);
    assert_eq!(
        answer.verdict,
        Verdict::Violated(
            "node a has 10.0.0.7 of subnet 10.0.0.0/8 twice as ALLOCATED: in ip_allocations, of \
             pool-0, it belongs to worker 3 (3_0), whose allocation ended ok at 10.000 ms; in \
             ip_requests, of pool-0, it belongs to no change of this run (9_9)"
                .into()
        )
    );
    assert_eq!(answer.further, 0);
    assert_eq!(answer.about.unwrap().markers.len(), 2);

    let mut free = rows.clone();
    free[2].status = "RECYCLABLE".into();
    let answer = judge(std::slice::from_ref(&change), &free);
    assert_eq!(answer.verdict, Verdict::Valid);
    let mut elsewhere = rows;
    elsewhere[2] = stray(Table::IpRequests, 0, 9, "9_9");
    let answer = judge(std::slice::from_ref(&change), &elsewhere);
    assert_eq!(answer.verdict, Verdict::Valid);
}

#[test]
fn violation_of_reports_is_not_listed_of_the_data_again() {
    let changes = [3, 7].map(|worker| kept(worker, 0, 0, ms([0, 10]), &address(0, 7)));
    let rows = changes.each_ref().map(row_of);
    assert_reported(&judge(&changes, &rows), "was given twice", 0);
    // An acquire that did not end ok reported no address.
    let mut found = changes;
    for change in &mut found {
        change.acquire.outcome = Outcome::indeterminate("2013", "lost");
        change.acquire.settled = Some(Settled::TookEffect);
    }
    assert_reported(&judge(&found, &rows), "twice as ALLOCATED", 0);
}

#[test]
fn a_row_on_one_node_only_counts_too() {
    let change = kept(3, 0, 0, ms([0, 10]), &address(0, 7));
    let node = |name: &str, requests| NodeAllocations {
        node: name.to_owned(),
        requests,
        ranges: Vec::new(),
    };
    let one = row_of(&change);
    let other = stray(Table::IpAllocations, 0, 7, "9_9");
    let found = Allocations {
        nodes: vec![
            node("a", vec![one.clone()]),
            node("b", vec![one.clone()]),
            node("c", vec![one, other]),
        ],
        silent: Vec::new(),
        unseen: 0,
        has_primary: false,
        breakdowns: Vec::new(),
    };
    let answer = judge_found(&[change], Some(&found));
    assert_reported(&answer, "node c has 10.0.0.7", 0);
}

#[test]
fn a_row_that_is_none_of_its_pool_is_reported() {
    let right = || stray(Table::IpRequests, 0, 7, "9_9");
    type Wrong = fn(&mut Request);
    let wrong: [(Wrong, &str); 5] = [
        (
            |row| row.address = "10.16.0.0".into(),
            "10.16.0.0 of pool-0 as ALLOCATED (9_9) in \
             ip_requests, which is outside of its pool; it belongs to no change of this run",
        ),
        (
            |row| row.address = "x y".into(),
            "\"x y\" of pool-0 as ALLOCATED (9_9) in ip_requests, \
             which is no address",
        ),
        (
            |row| row.pool = "pool-1".into(),
            "10.0.0.7 of pool-1 as ALLOCATED (9_9) in ip_requests, \
             which is outside of its pool",
        ),
        (
            |row| row.pool = "pool-9".into(),
            "of a pool that the workload never made",
        ),
        (
            |row| row.subnet = "10.0.0.0/9".into(),
            "with a subnet that is not its pool's",
        ),
    ];
    assert_eq!(
        judge(&[kept(1, 0, 0, [0, 1], &address(0, 0))], &[right()]).verdict,
        Verdict::Valid
    );
    for (change, prose) in wrong {
        let mut row = right();
        change(&mut row);
        assert_reported(&judge(&[], &[row.clone()]), prose, 0);
        row.status = "RESERVED".into();
        assert_eq!(judge(&[], &[row]).verdict.as_str(), "unknown");
    }
}
