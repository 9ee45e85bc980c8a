use super::synthetic::{Run, right, visit};
use super::*;
use crate::model::change::{Settled, Step};
use crate::model::data::{Breakdown, BreakdownCause};
use crate::model::marker::{Mark, Marker};
use crate::model::outcome::Outcome;
use crate::model::purpose::Purpose::{Read, Write};
use crate::model::verdict::Verdict;

/// The answers that are not valid: their checkers and verdicts.
fn wrong(run: &Run) -> Vec<(String, Verdict)> {
    let judged = judge(&run.evidence(), None);
    let answers = judged.answers.into_iter();
    let wrong = answers.filter(|answer| answer.verdict != Verdict::Valid);
    wrong
        .map(|answer| (answer.checker, answer.verdict))
        .collect()
}

/// Asserts that just these checkers see a violation, the first with these words in its witness.
fn assert_violated(run: &Run, checkers: &[&str], words: &str) {
    let wrong = wrong(run);
    let names: Vec<_> = wrong.iter().map(|(checker, _)| &**checker).collect();
    assert_eq!(names, checkers, "{wrong:#?}");
    let Verdict::Violated(why) = &wrong[0].1 else {
        panic!("{wrong:#?}");
    };
    assert!(why.contains(words), "{why}");
}

#[test]
fn right_history_is_valid() {
    assert_eq!(wrong(&right()), []);
    assert_eq!(judge(&right().evidence(), None).verdict, Verdict::Valid);
}

#[test]
fn writer_together_with_a_reader_is_found_by_the_hosts_clock() {
    let mut run = right();
    run.change(0).acquire.returned = 39;
    let words = "not alone at document 0 for 0.000 ms: visit 3_0 (read)";
    assert_violated(&run, &["exclusion"], words);
    // Touching is no overlap.
    run.change(0).acquire.returned = 40;
    assert_eq!(wrong(&run), []);
}

#[test]
fn reader_that_comes_to_a_writer_is_found_by_the_hosts_clock() {
    let mut run = right();
    run.change(4).acquire.returned = 55;
    let words = "visit 0_0 (write) was there from 0.000 ms to 0.000 ms; visit 4_0 (read)";
    assert_violated(&run, &["exclusion"], words);
    run.change(4).acquire.returned = 60;
    assert_eq!(wrong(&run), []);
}

#[test]
fn two_writers_together_are_found_by_the_hosts_clock() {
    let mut run = right();
    run.change(1).acquire.returned = 55;
    let words = "visit 0_0 (write) was there from 0.000 ms to 0.000 ms; visit 1_0 (write)";
    assert_violated(&run, &["exclusion"], words);
}

#[test]
fn reader_that_outlasts_a_later_reader_is_still_in_the_writers_way() {
    let mut run = right();
    run.change(2).release = Some(Step::ok(55, 56));
    assert_violated(&run, &["exclusion"], "visit 2_0 (read)");
}

#[test]
fn visit_without_a_row_proves_no_presence() {
    let mut run = right();
    run.change(0).acquire.returned = 39;
    for node in &mut run.found.nodes {
        node.visits
            .retain(|row| row.mark != Mark::from(Some("0_0")));
    }
    let only = "every-visit-recorded";
    assert_violated(&run, &[only], "a silent success: it has no row");
}

#[test]
fn more_readers_than_the_limit_are_found() {
    let mut run = right();
    run.change(4).acquire.returned = 25;
    run.change(4).release = Some(Step::ok(35, 36));
    let words = "3 readers were at document 0 at 0.000 ms, with a limit of 2: visits 2_0, 3_0, 4_0";
    assert_violated(&run, &["reader-limit"], words);
    run.change(4).acquire.returned = 30;
    assert_eq!(wrong(&run), [], "one left as it came");
    let mut unlimited = run;
    unlimited.change(4).acquire.returned = 25;
    let evidence = Evidence {
        limit: None,
        ..unlimited.evidence()
    };
    assert_eq!(judge(&evidence, None).verdict, Verdict::Valid);
}

#[test]
fn writer_that_came_meanwhile_is_found_by_the_rows_alone() {
    let mut run = right();
    run.edit(3, |row| row.left_version = Some(1));
    let words = "had version 0 when visit 3_0 (read) entered and 1 when it left: visit 0_0 wrote";
    assert_violated(&run, &["undisturbed"], words);
    let mut run = right();
    run.edit(0, |row| row.left_version = Some(2));
    assert_violated(&run, &["undisturbed"], "visit 1_0 wrote meanwhile");
}

#[test]
fn writer_that_is_found_on_entering_is_found_by_the_rows_alone() {
    let mut run = right();
    run.edit(4, |row| row.entered_writer = Mark::from(Some("0_0")));
    let words = "visit 4_0 (read) entered document 0 and found visit 0_0 writing there";
    assert_violated(&run, &["undisturbed"], words);
    // A visit that a dead writer left unfinished accuses no other.
    run.change(0).release.as_mut().unwrap().outcome = Outcome::indeterminate("trap", "");
    assert_eq!(wrong(&run), []);
    run.edit(4, |row| row.left_version = Some(2));
    assert_violated(&run, &["undisturbed"], "visit 1_0 wrote meanwhile");
}

#[test]
fn rows_and_reports_that_differ_are_found() {
    let only = ["every-visit-recorded"];
    let mut run = right();
    run.edit(5, |row| row.left_version = None);
    assert_violated(&run, &only, "no version on leaving");
    let told = run.change(5).release.as_ref().unwrap().returned;
    run.found.breakdowns = vec![Breakdown {
        began: told,
        ended: told + 1,
        cause: BreakdownCause::Promoted,
    }];
    assert_violated(&run, &only, "promoted: lost, or never made");

    let mut run = right();
    let acquire = &mut run.change(5).acquire;
    acquire.outcome = Outcome::indeterminate("2013", "");
    acquire.settled = Some(Settled::NoEffect);
    assert_violated(&run, &only, "had no effect, and its row is there");

    let mut run = right();
    run.edit(5, |row| row.purpose = "write".to_owned());
    assert_violated(&run, &only, "another document or purpose");

    let mut run = right();
    run.changes.retain(|change| change.worker != 5);
    assert_violated(&run, &only, "a row of 5_0, which is no visit");
}

#[test]
fn lost_write_is_found_in_the_version() {
    let mut run = right();
    for node in &mut run.found.nodes {
        node.documents[0].version = Some(1);
    }
    let words = "has version 1 on node a, and 2 writers entered it";
    assert_violated(&run, &["every-write-counted"], words);
}

#[test]
fn nodes_that_differ_are_found() {
    let mut run = right();
    run.found.nodes[1].documents[0].writer = Mark::from(Some("0_0"));
    assert_violated(&run, &["nodes-agree"], "document \"0\" in version 2");
}

#[test]
fn without_rivals_nothing_is_decided() {
    let unknown = |changes: Vec<crate::model::change::Change>| {
        let mut run = right();
        let is_there = |mark: &Mark| changes.iter().any(|it| Mark::Of(it.marker()) == *mark);
        for node in &mut run.found.nodes {
            node.visits.retain(|row| is_there(&row.mark));
            let writes = changes
                .iter()
                .filter(|it| it.purpose == Some(Write))
                .count();
            node.documents[0].version = Some(writes as i64);
        }
        run.changes = changes;
        let wrong = wrong(&run);
        assert!(
            wrong
                .iter()
                .all(|(_, verdict)| verdict.as_str() == "unknown"),
            "{wrong:?}"
        );
        wrong
            .into_iter()
            .map(|(checker, _)| checker)
            .collect::<Vec<_>>()
    };
    let readers = vec![visit(2, Read, 10, 30), visit(3, Read, 20, 40)];
    let all = ["exclusion", "reader-limit", "undisturbed"];
    assert_eq!(unknown(readers), all);
    let one_reader = vec![visit(2, Read, 10, 30), visit(0, Write, 50, 60)];
    assert_eq!(unknown(one_reader), ["reader-limit"]);
    let nobody = Marker {
        worker: 9,
        number: 9,
    };
    assert_eq!(right().found.nodes[0].visit(nobody), None);
}
