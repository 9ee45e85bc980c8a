use super::super::synthetic::{address, history, kept, refused, row_of};
use super::*;
use crate::model::change::Settled;
use crate::model::data::BreakdownCause;
use crate::model::marker::Mark;
use crate::model::outcome::Outcome;
use crate::model::pool::Pool;
use crate::model::verdict::Verdict;
use crate::workload::ip_allocation::tables::Allocations;

type Run = (Vec<Pool>, Vec<Change>, Allocations);

fn judge((pools, changes, found): &Run) -> Answer {
    judge_found(pools, changes, Some(found))
}

fn judge_found(pools: &[Pool], changes: &[Change], found: Option<&Allocations>) -> Answer {
    let evidence = Evidence {
        pools,
        changes,
        found,
    };
    answer(&evidence, &Names::new(&evidence))
}

fn assert_reported(answer: &Answer, prose: &str, further: u64) {
    let why = answer.verdict.why().unwrap_or("valid");
    assert_eq!(answer.verdict.as_str(), "violated", "{why}");
    assert!(why.contains(prose), "{why}");
    assert_eq!(answer.further, further, "{why}");
}

/// Of both nodes, all rows with this marker.
fn rows<'a>(run: &'a mut Run, marker: &str) -> impl Iterator<Item = &'a mut Request> {
    let mark = Mark::from(Some(marker.to_owned()));
    let requests = run.2.nodes.iter_mut().flat_map(|node| &mut node.requests);
    requests.filter(move |row| row.mark == mark)
}

fn change(run: &mut Run, worker: u32, number: u32) -> &mut Change {
    let mut changes = run.1.iter_mut();
    let is_it = |change: &&mut Change| (change.worker, change.number) == (worker, number);
    changes.find(is_it).unwrap()
}

#[test]
fn a_right_history_is_valid_even_without_contention() {
    assert_eq!(judge(&history(12, 3, 5)).verdict, Verdict::Valid);
    assert_eq!(judge(&history(1, 1, 5)).verdict, Verdict::Valid);
}

#[test]
fn a_success_without_a_row_is_reported_the_earliest_first_and_once_for_all_nodes() {
    // What a deadlock does that is reported as success.
    let mut run = history(4, 2, 3);
    for node in &mut run.2.nodes {
        let lost = ["0_1", "3_0"].map(|marker| Mark::from(Some(marker.to_owned())));
        node.requests.retain(|row| !lost.contains(&row.mark));
    }
    let answer = judge(&run);
    assert_reported(
        &answer,
        "worker 3's allocation of 10.16.0.1 of pool-1 ended ok at 1.400 ms; node a has 0 such rows \
         as ALLOCATED (marker 3_0): a silent success",
        1,
    );
    assert_eq!(answer.about.unwrap().row, 1);
}

#[test]
fn last_success_before_a_promotion_is_not_called_a_lie() {
    let mut run = history(4, 2, 3);
    for node in &mut run.2.nodes {
        node.requests
            .retain(|row| row.mark != Mark::from(Some("3_2".to_owned())));
    }
    let told = change(&mut run, 3, 2).acquire.returned;
    assert_reported(&judge(&run), "(marker 3_2): a silent success", 0);
    let promoted_at = |began| Breakdown {
        began,
        ended: began + 1,
        cause: BreakdownCause::Promoted,
    };
    run.2.breakdowns = vec![promoted_at(told)];
    assert_reported(&judge(&run), "promoted: lost, or never made", 0);
    // Others were told later and are in the data, so this one was not among the last.
    change(&mut run, 3, 2).acquire.returned = 1;
    assert_reported(&judge(&run), "(marker 3_2): a silent success", 0);
}

#[test]
fn a_row_that_is_not_allocated_is_no_success() {
    let mut run = history(4, 2, 3);
    rows(&mut run, "3_0").for_each(|row| row.status = "RESERVED".into());
    assert_reported(&judge(&run), "(marker 3_0): a silent success", 0);
}

#[test]
fn a_row_on_all_nodes_but_one_is_reported_of_that_one() {
    let mut run = history(4, 2, 3);
    let mark = Mark::from(Some("3_0".to_owned()));
    run.2.nodes[1].requests.retain(|row| row.mark != mark);
    assert_reported(&judge(&run), "node b has 0 such rows", 0);
}

#[test]
fn a_release_that_left_its_row_is_reported() {
    let mut run = history(4, 2, 3);
    let row = row_of(change(&mut run, 0, 0));
    run.2.nodes[0].requests.push(row.clone());
    run.2.nodes[1].requests.push(row);
    assert_reported(
        &judge(&run),
        "worker 0's allocation of 10.0.0.0 of pool-0 ended ok at 0.700 ms, its release ended ok at \
         3.500 ms; node a has 1 such row as ALLOCATED (marker 0_0): it was given back, and still \
         stands there",
        0,
    );
}

#[test]
fn a_failure_with_a_row_and_a_second_row_are_reported() {
    let mut run = history(4, 2, 3);
    change(&mut run, 3, 0).acquire.outcome = refused(0, 0, 0, [0, 1], "1213").acquire.outcome;
    assert_reported(
        &judge(&run),
        "ended failed (1213) at 1.400 ms; node a has 1 such row as ALLOCATED (marker 3_0): the \
         error promised",
        0,
    );
    let mut run = history(4, 2, 3);
    for node in &mut run.2.nodes {
        let mut second = row_of(&kept(3, 1, 0, [0, 1], &address(1, 99)));
        second.table = crate::workload::ip_allocation::tables::Table::IpRequests;
        node.requests.push(second);
    }
    assert_reported(
        &judge(&run),
        "2 such rows as ALLOCATED (marker 3_0): one",
        0,
    );
}

#[test]
fn a_row_with_another_address_than_reported_is_found() {
    let mut run = history(6, 3, 3);
    rows(&mut run, "3_0").for_each(|row| row.address = address(0, 99));
    assert_reported(
        &judge(&run),
        "worker 3's allocation of 10.0.0.1 of pool-0 ended ok at 1.400 ms; node a has 1 such row as \
         ALLOCATED (marker 3_0): the row has 10.0.0.99",
        0,
    );
    // The strategy may spell it as it likes.
    let mut run = history(6, 3, 3);
    let mut spelt = 0;
    for row in rows(&mut run, "5_0") {
        assert_eq!(row.address, "2001:db8:2::1");
        row.address = "2001:DB8:2:0::0001".into();
        spelt += 1;
    }
    assert_eq!(spelt, 2);
    assert_eq!(judge(&run).verdict, Verdict::Valid);
    // If the address is not known, any will do.
    let unclear = change(&mut run, 5, 0);
    unclear.acquire.outcome = Outcome::indeterminate("2013", "lost");
    unclear.acquire.settled = Some(Settled::Unknown);
    unclear.allocation.as_mut().unwrap().address = None;
    assert_eq!(judge(&run).verdict, Verdict::Valid);
}

#[test]
fn settling_must_agree_with_the_data() {
    let mut run = history(4, 2, 3);
    let acquire = &mut change(&mut run, 3, 0).acquire;
    acquire.outcome = Outcome::indeterminate("2013", "lost");
    acquire.settled = Some(Settled::TookEffect);
    assert_eq!(judge(&run).verdict, Verdict::Valid);
    change(&mut run, 3, 0).acquire.settled = Some(Settled::NoEffect);
    assert_reported(&judge(&run), "after the host had read", 0);
}

#[test]
fn restored_allocation_is_shown_as_such() {
    for (restored, prose) in [
        (
            Restored::Yes,
            ", and the host gave the address back; node a",
        ),
        (
            Restored::Unclear,
            ", and the host may have given the address back; node a",
        ),
    ] {
        let mut run = history(4, 2, 3);
        change(&mut run, 3, 0).restored = restored;
        for node in &mut run.2.nodes {
            let second = node.requests[0].clone();
            node.requests.push(Request {
                mark: Mark::from(Some("3_0".to_owned())),
                pool: "pool-1".into(),
                ..second
            });
        }
        assert_reported(&judge(&run), prose, 0);
    }
}

#[test]
fn a_row_that_no_change_explains_is_reported() {
    for (mark, pool) in [
        (None, "pool-0"),
        (Some("9_9"), "pool-0"),
        (Some("somebody"), "pool-0"),
        (Some("0_1"), "pool-1"),
        (Some("0_1"), "pool-9"),
    ] {
        let mut run = history(4, 2, 3);
        let mut row = run.2.nodes[1].requests[0].clone();
        row.mark = Mark::from(mark.map(str::to_owned));
        row.pool = pool.into();
        row.address = "10.0.0.99".into();
        let told = format!(
            "node b has 10.0.0.99 of {pool} as ALLOCATED ({}) in ip_allocations, and no change of \
             this run explains it",
            row.mark
        );
        run.2.nodes[1].requests.push(row.clone());
        assert_reported(&judge(&run), &told, 0);
        run.2.nodes[1].requests.last_mut().unwrap().status = "RECYCLABLE".into();
        assert_eq!(judge(&run).verdict, Verdict::Valid);
    }
}

#[test]
fn an_allocation_that_was_lost_before_its_release_is_reported() {
    let mut run = history(4, 2, 3);
    let release = change(&mut run, 0, 0).release.as_mut().unwrap();
    release.outcome = refused(0, 0, 0, [0, 1], "not-allocated").acquire.outcome;
    release.settled = Some(Settled::Unknown);
    assert_reported(
        &judge(&run),
        "its release ended failed (not-allocated) at 3.500 ms; node a has 0 such rows as ALLOCATED \
         (marker 0_0): the row is gone although its release failed",
        0,
    );
}

#[test]
fn without_data_it_is_unknown_unless_the_history_itself_proves_a_lie() {
    let mut run = history(4, 2, 3);
    let cut = judge_found(&run.0, &run.1, None).verdict;
    assert!(cut.why().unwrap().contains("cut"), "{cut:?}");
    let mut none = run.2.clone();
    none.nodes.clear();
    let none = judge_found(&run.0, &run.1, Some(&none)).verdict;
    assert!(none.why().unwrap().contains("no node"), "{none:?}");
    let lied = &mut change(&mut run, 3, 0).acquire;
    lied.outcome = refused(0, 0, 0, [0, 1], "1213").acquire.outcome;
    lied.settled = Some(Settled::TookEffect);
    assert_reported(
        &judge_found(&run.0, &run.1, None),
        "ended failed (1213) at 1.400 ms (marker 3_0): the error",
        0,
    );
}
