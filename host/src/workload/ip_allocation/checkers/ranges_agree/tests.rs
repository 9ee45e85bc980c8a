use super::super::synthetic::{address, history, kept, row_of};
use super::*;
use crate::model::change::Settled;
use crate::model::outcome::Outcome;
use crate::model::verdict::Verdict;
use crate::workload::ip_allocation::tables::Allocations;

type Run = (Vec<Pool>, Vec<Change>, Allocations);

fn judge((pools, changes, found): &Run) -> Answer {
    let evidence = Evidence {
        pools,
        changes,
        found: Some(found),
    };
    answer(&evidence, &Names::new(&evidence))
}

fn assert_reported(answer: &Answer, prose: &str, further: u64) {
    let why = answer.verdict.why().unwrap_or("valid");
    assert_eq!(answer.verdict.as_str(), "violated", "{why}");
    assert!(why.contains(prose), "{why}");
    assert_eq!(answer.further, further, "{why}");
}

/// Does so on both nodes.
fn on_nodes(run: &mut Run, change: impl Fn(&mut NodeAllocations)) {
    run.2.nodes.iter_mut().for_each(change);
}

fn range(pool: &str, first: &str, last: &str) -> Range {
    Range {
        pool: pool.into(),
        first: first.into(),
        last: last.into(),
    }
}

/// Three pools; of the first, .0, .1 and .3 are allocated, .2 and everything from .4 on are free.
fn right() -> Run {
    let run = history(6, 3, 3);
    let of_first = |pool: &str| pool == "pool-0";
    let ranges = run.2.nodes[0].ranges.iter();
    let free: Vec<_> = ranges.filter(|range| of_first(&range.pool)).collect();
    let rest = [("10.0.0.2", "10.0.0.2"), ("10.0.0.4", "10.15.255.255")];
    let rest = rest.map(|(first, last)| range("pool-0", first, last));
    assert_eq!(free, rest.iter().collect::<Vec<_>>());
    let requests = run.2.nodes[0].requests.iter();
    let taken = requests.filter(|row| of_first(&row.pool));
    let taken: Vec<_> = taken.map(|row| &*row.address).collect();
    assert_eq!(taken, ["10.0.0.0", "10.0.0.1", "10.0.0.3"]);
    run
}

fn without_range(run: &mut Run, first: &str) {
    on_nodes(run, |node| node.ranges.retain(|range| range.first != first));
}

#[test]
fn ranges_that_are_kept_right_are_valid() {
    let answer = judge(&right());
    assert_eq!((answer.verdict, answer.remark), (Verdict::Valid, None));
}

#[test]
fn ranges_as_they_began_are_of_a_strategy_that_keeps_none() {
    let mut run = right();
    let whole = run.0.iter().zip(0..).map(|(pool, row)| {
        let [first, last] = [pool.first, pool.last].map(|address| address.to_string());
        range(&pool_id(row), &first, &last)
    });
    let whole: Vec<_> = whole.collect();
    on_nodes(&mut run, |node| node.ranges.clone_from(&whole));
    let answer = judge(&run);
    assert_eq!(answer.verdict, Verdict::Valid);
    assert!(answer.remark.unwrap().contains("trivial"));
    // On one node only, they are kept, and that one is wrong.
    run.2.nodes[0].ranges = right().2.nodes[0].ranges.clone();
    assert_reported(&judge(&run), "on node b, ", 8);
    // Twice the whole of one pool is not how they began.
    on_nodes(&mut run, |node| {
        node.requests.clear();
        node.ranges = vec![whole[0].clone(), whole[0].clone(), whole[2].clone()];
    });
    assert_reported(&judge(&run), "two ranges of pool-0 that overlap", 1);
    on_nodes(&mut run, |node| node.ranges.clear());
    assert_reported(
        &judge(&run),
        "on node a, 1048576 addresses of pool-0 are neither allocated nor in a range, 10.0.0.0 the \
         first: lost",
        2,
    );
}

#[test]
fn an_address_that_is_allocated_and_free_is_reported_with_its_owner() {
    let mut run = right();
    on_nodes(&mut run, |node| {
        node.ranges.push(range("pool-0", "10.0.0.0", "10.0.0.1"))
    });
    let answer = judge(&run);
    // The first that was given is of the two 10.0.0.1, since .0 was given anew later.
    assert_reported(
        &answer,
        "on node a, 10.0.0.1 of pool-0 is allocated and also free: it belongs to worker 3 (3_0), \
         whose allocation ended ok at 1.400 ms; and it is in the range 10.0.0.0–10.0.0.1",
        1,
    );
    assert_eq!(answer.about.unwrap().markers.len(), 1);
    // What ended indeterminate is no excuse.
    for change in &mut run.1 {
        change.acquire.outcome = Outcome::indeterminate("trap", "");
        change.acquire.settled = Some(Settled::TookEffect);
    }
    assert_eq!(judge(&run).verdict.as_str(), "violated");
}

#[test]
fn an_address_that_is_nowhere_is_lost() {
    let mut run = right();
    without_range(&mut run, "10.0.0.2");
    let answer = judge(&run);
    assert_reported(
        &answer,
        "on node a, 10.0.0.2 of pool-0 is neither allocated nor in a range: lost",
        0,
    );
    assert_eq!(answer.about.unwrap().row, 0);
    // A row that is free again takes nothing.
    on_nodes(&mut run, |node| {
        let mut row = row_of(&kept(9, 0, 9, [0, 1], &address(0, 2)));
        row.status = "RECYCLABLE".into();
        node.requests.push(row);
    });
    assert_eq!(judge(&run).verdict.as_str(), "violated");
    let mut run = right();
    without_range(&mut run, "2001:db8:2::4");
    assert_reported(
        &judge(&run),
        "on node a, 18446744073709551612 addresses of pool-2 are neither allocated nor in a range, \
         2001:db8:2::4 the first: lost",
        0,
    );
}

#[test]
fn an_address_that_a_worker_may_have_dropped_is_excused_with_a_remark() {
    let unclear = |address: Option<&str>| {
        let mut change = kept(9, 0, 0, [0, 1], "");
        change.acquire.outcome = Outcome::indeterminate("trap", "");
        change.allocation.as_mut().unwrap().address = address.map(str::to_owned);
        change
    };
    let mut restored = kept(9, 0, 0, [0, 1], "10.0.0.2");
    restored.restored = Restored::Yes;
    for change in [unclear(None), unclear(Some("10.0.0.2")), restored] {
        let mut run = right();
        without_range(&mut run, "10.0.0.2");
        run.1.push(change.clone());
        let answer = judge(&run);
        assert_eq!(answer.verdict, Verdict::Valid);
        let remark = answer.remark.unwrap();
        assert!(remark.contains("excused: on node a, 10.0.0.2"), "{remark}");
        // One change drops no more than one.
        on_nodes(&mut run, |node| {
            node.requests.retain(|row| row.address != "10.0.0.1")
        });
        assert_reported(&judge(&run), "2 addresses of pool-0", 0);
        // Nor one of another pool, …
        let mut run = right();
        without_range(&mut run, "10.0.0.2");
        let elsewhere = Change { row: 1, ..change };
        run.1.push(elsewhere);
        assert_eq!(judge(&run).verdict.as_str(), "violated");
    }
    // … nor another than its own.
    let mut run = right();
    without_range(&mut run, "10.0.0.2");
    run.1.push(unclear(Some("10.0.0.5")));
    assert_eq!(judge(&run).verdict.as_str(), "violated");
}

#[test]
fn an_address_that_is_reserved_may_be_in_a_range_or_not() {
    let mut run = right();
    without_range(&mut run, "10.0.0.2");
    on_nodes(&mut run, |node| {
        for n in [2, 5] {
            let mut row = row_of(&kept(9, 0, 9, [0, 1], &address(0, n)));
            row.status = "RESERVED".into();
            node.requests.push(row);
        }
    });
    assert_eq!(judge(&run).verdict, Verdict::Valid);
}

#[test]
fn a_range_that_is_none_of_its_pool_is_reported() {
    for (wrong, prose) in [
        (
            range("pool-0", "10.15.255.255", "10.16.0.0"),
            "node a has the range 10.15.255.255–10.16.0.0 of pool-0, which is not of addresses of \
             its pool alone",
        ),
        (
            range("pool-0", "10.0.0.2", "x\n"),
            "\"x\\n\" of pool-0, which is not of",
        ),
        (
            range("pool-2", "::2", "::3"),
            "::2–::3 of pool-2, which is not of",
        ),
        (
            range("pool-0", "10.0.0.5", "10.0.0.4"),
            "which ends before it begins",
        ),
        (
            range("pool-9", "10.0.0.4", "10.0.0.5"),
            "of a pool that the workload never made",
        ),
    ] {
        let mut run = right();
        on_nodes(&mut run, |node| node.ranges.push(wrong.clone()));
        assert_reported(&judge(&run), prose, 0);
    }
}

#[test]
fn ranges_that_overlap_are_reported() {
    let mut run = right();
    on_nodes(&mut run, |node| {
        node.ranges.push(range("pool-0", "10.0.0.9", "10.0.1.0"))
    });
    let answer = judge(&run);
    assert_reported(
        &answer,
        "node a has two ranges of pool-0 that overlap, 10.0.0.4–10.15.255.255 and \
         10.0.0.9–10.0.1.0",
        0,
    );
    assert_eq!(answer.about.unwrap().row, 0);
}

#[test]
fn without_data_it_is_unknown() {
    let (pools, changes, _) = right();
    let evidence = Evidence {
        pools: &pools,
        changes: &changes,
        found: None,
    };
    let answer = answer(&evidence, &Names::new(&evidence));
    assert!(answer.verdict.why().unwrap().contains("cut"));
    assert_eq!(answer.remark, None);
}
