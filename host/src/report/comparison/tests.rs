use super::*;
use crate::record::summary::Summary;
use crate::report::tests::{plan, report};
use serde_json::json;

fn side(label: &'static str) -> Side {
    let histories = [("right", "sha256:aa"), ("wrong", "sha256:bb")];
    let histories = histories.map(|(name, digest)| (name.to_owned(), digest.to_owned()));
    Side {
        label,
        report: report(),
        machine: json!({"processors": 2}),
        histories: histories.into(),
    }
}

/// Of the strategy that ran to its end, and nothing else.
fn whole(label: &'static str) -> Side {
    let mut side = side(label);
    side.report.plan.trials.truncate(1);
    side.report.trials.truncate(1);
    side.report.not_run.clear();
    side
}

fn simulated(mut side: Side) -> Side {
    let world = json!({"model": 2, "topology": {}, "faults": []});
    side.report.plan.simulated = serde_json::from_value(world).unwrap();
    side
}

fn agreement(first: &Side, second: &Side) -> (Agreement, Vec<String>) {
    let comparison = Comparison::new(first, second);
    let why = comparison.trials.into_iter().flat_map(|trial| trial.why);
    (comparison.agreement, why.collect())
}

#[test]
fn on_a_real_database_the_verdicts_must_agree_and_nothing_else() {
    let (first, mut second) = (whole("recorded"), whole("again"));
    let trial = &mut second.report.trials[0];
    trial.summary = Summary::new(&[], 1);
    second.histories.clear();
    assert_eq!(agreement(&first, &second), (Agreement::Agree, vec![]));
    let violated = side("x").report.trials.remove(1).judgement;
    second.report.trials[0].judgement = violated;
    let (found, why) = agreement(&first, &second);
    assert_eq!(found, Agreement::Differ);
    assert_eq!(why, ["the verdict was valid and is now violated"]);
}

#[test]
fn figures_of_which_the_runner_was_the_bottleneck_are_not_compared() {
    let (first, mut second) = (whole("recorded"), whole("again"));
    let ratio = |comparison: &Comparison, name: &str| {
        let figures = &comparison.trials[0].figures;
        figures.iter().find(|it| it.name == name).unwrap().ratio
    };
    let comparison = Comparison::new(&first, &second);
    assert_eq!(ratio(&comparison, "acquire p50 ms"), Some(1.0));
    second.report.trials[0].bottleneck = Some("the runner was the bottleneck".to_owned());
    let comparison = Comparison::new(&first, &second);
    assert_eq!(ratio(&comparison, "acquire p50 ms"), None);
    assert_eq!(ratio(&comparison, "ok"), Some(1.0), "a count is one");
    assert_eq!(
        comparison.agreement,
        Agreement::Agree,
        "so are the verdicts"
    );
    let printed = "  times and rates are not compared: again: the runner was the bottleneck\n";
    let text = write(&comparison);
    assert!(text.contains(printed), "{text}");
}

#[test]
fn of_the_same_plan_in_the_simulator_everything_must_agree() {
    let (first, second) = (simulated(whole("a")), simulated(whole("b")));
    assert_eq!(agreement(&first, &second), (Agreement::Agree, vec![]));
    let mut other_history = simulated(whole("b"));
    let digest = other_history.histories.get_mut("right").unwrap();
    *digest = "sha256:cc".to_owned();
    let expected = vec!["the history differs".to_owned()];
    assert_eq!(
        agreement(&first, &other_history),
        (Agreement::Differ, expected)
    );
    let mut other_figures = simulated(whole("b"));
    other_figures.report.trials[0].summary.restored = 1;
    let expected = vec!["the figures differ".to_owned()];
    assert_eq!(
        agreement(&first, &other_figures),
        (Agreement::Differ, expected)
    );
}

#[test]
fn another_course_of_the_simulator_may_have_another_history() {
    let first = simulated(whole("a"));
    type Change = fn(&mut Plan);
    let changes: [Change; 4] = [
        |plan| plan.runner_version = "0.2.0".to_owned(),
        |plan| plan.simulated.as_mut().unwrap().model = Some(3),
        |plan| plan.trials[0].digest = "sha256:99".to_owned(),
        |plan| plan.seed += 1,
    ];
    for change in changes {
        let mut second = simulated(whole("b"));
        second.histories.clear();
        assert_eq!(agreement(&first, &second).0, Agreement::Differ);
        change(&mut second.report.plan);
        assert_eq!(agreement(&first, &second).0, Agreement::Agree);
    }
    // Where the component's file is, and came from, steers nothing.
    let mut second = simulated(whole("b"));
    second.histories.clear();
    let planned = &mut second.report.plan.trials[0];
    planned.component = "elsewhere.wasm".into();
    planned.reference = Some("oci://localhost/right:1".to_owned());
    assert_eq!(agreement(&first, &second).0, Agreement::Differ);
}

#[test]
fn comparison_with_a_cut_or_missing_trial_is_undecided() {
    let (found, why) = agreement(&side("recorded"), &side("again"));
    assert_eq!(found, Agreement::CannotTell);
    assert_eq!(
        why,
        [
            "recorded: the runner was killed",
            "again: the runner was killed",
            "recorded: it was not run",
            "again: it was not run",
        ]
    );
    let mut nothing = whole("b");
    nothing.report.plan.trials[0].name = "other".to_owned();
    assert_eq!(agreement(&whole("a"), &nothing).0, Agreement::CannotTell);
}

#[test]
fn a_ratio_is_of_two_numbers_and_of_no_zero() {
    let ratio = |values| figure("x", false, values).ratio;
    assert_eq!(ratio([Some(2.0), Some(3.0)]), Some(1.5));
    for values in [[Some(0.0), Some(3.0)], [None, Some(3.0)], [Some(2.0), None]] {
        assert_eq!(ratio(values), None);
    }
}

#[test]
fn a_comparison_for_a_person() {
    let (mut first, mut second) = (whole("recorded"), side("again"));
    first.report.folder = "small.tar.gz".into();
    second.report.plan.trials.remove(1);
    second.report.trials.remove(1);
    second.report.plan.seed = 8;
    second.report.plan.trials[0].digest = "sha256:11".to_owned();
    second.report.trials[0].digest = "sha256:11".to_owned();
    second.machine = json!({"processors": 8});
    assert_eq!(plan().seed, 7);
    insta::assert_snapshot!(write(&Comparison::new(&first, &second)), @r"
    recorded  small.tar.gz
    again     results/runs/small

    strategy  figure          recorded  again  ratio
    right     verdict            valid  valid
              ok                     8      8   1.00
              failed                 0      0      -
              indeterminate          0      0      -
              ok/s               80.00  80.00   1.00
              acquire p50 ms      2.80   2.80   1.00
              acquire p95 ms     12.80  12.80   1.00
              acquire p99 ms     12.80  12.80   1.00
              acquire max ms     12.80  12.80   1.00
              release p50 ms      0.70   0.70   1.00
              release p95 ms      0.70   0.70   1.00
              release p99 ms      0.70   0.70   1.00
              release max ms      0.70   0.70   1.00

    right: agrees where it must: the verdict
      its component was sha256:00, and is sha256:11
    only in again: never-came
    Counts and times may differ: the seed fixes what strategies draw, not how workers
    interleave, nor how quick a machine is.
    Different besides:
      machine.processors was 2, and is 8
      seed was 7, and is 8
    ");
}
