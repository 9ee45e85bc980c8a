//! The report of a small record, in each of the three forms.

mod forms;

use super::*;
use crate::check::{Evidence, judge, synthetic};
use crate::model::background::{Background, Load};
use crate::model::change::{Change, Restored, Settled};
use crate::model::conditions::Usage;
use crate::model::counters::NodeCounters;
use crate::model::data::FinalRows;
use crate::model::error::{CallError, ErrorCount, ErrorKind};
use crate::model::lab_fault::{LabAction, LabFault};
use crate::model::lateness::{Late, Lateness};
use crate::model::membership::Membership;
use crate::model::schedule::FaultEvent;
use serde_json::json;

pub(super) fn plan() -> Plan {
    let trial = |name: &str| json!({"name": name, "component": "x.wasm", "digest": "sha256:00", "imports": ["db", "lock"]});
    let plan = json!({
        "runner_version": "0.1.0",
        "contract": "contend:strategy@0.2.0",
        "workload_name": "small",
        "workload": {
            "rows": 2, "workers_per_row": 2, "changes_per_worker": 2, "pause_ms": 10,
            "hold_ms": 10, "check_tries": 6, "check_wait_ms": 250, "check": "persistent",
            "background_generators": 2, "background_selects_per_s": 10,
            "background_updates_per_s": 5, "audit": true,
        },
        "trials": [trial("right"), trial("wrong"), trial("never-came")],
        "database": "sqlite",
        "autocommit_writes": "prepared",
        "locks": "memory",
        "settings": {"lease-ms": "5"},
        "seed": 7,
        "memory_mib": 64,
        "computing_ms": 1000,
        "change_timeout_s": 3600,
        "time_limit_s": null,
    });
    serde_json::from_value(plan).unwrap()
}

/// One strategy that is right, one that did everything badly and was killed, and one that was never
/// run.
pub(super) fn report() -> RunReport {
    let plan = plan();
    let mut report = RunReport::new(plan.clone(), "results/runs/small".into());
    let (changes, data) = synthetic::history(4, 2, 2);
    let end = End {
        how: Ended::Completed,
        total_time: 100_000_000,
        changes: 8,
        effects: Some(16),
        data_unread: None,
        stuck: None,
    };
    let started = Some("2026-01-02T03:04:05.678Z".to_owned());
    let right = trial(&plan.trials[0], changes, Some(&data), Some(&end));
    report.add(right.started(started));
    report.add(trial(&plan.trials[1], bad_changes(), None, None));
    report
}

fn bad_changes() -> Vec<Change> {
    let mut held = synthetic::change(0, 0, 0, [0, 10_000_000, 30_000_000, 31_000_000]);
    held.acquire.errors = vec![ErrorCount {
        kind: ErrorKind::Conflict,
        code: "1213".into(),
        count: 2,
        message: String::new(),
    }];
    let also_held = synthetic::change(2, 0, 0, [0, 20_000_000, 25_000_000, 26_500_000]);
    let mut unseen = synthetic::change(1, 1, 0, [0, 1_000_000, 2_000_000, 3_000_000]);
    unseen.check = unseen.check.map(|check| crate::model::change::Check {
        agreed: false,
        ..check
    });
    let mut died = synthetic::change(3, 1, 0, [0, 5_000_000, 0, 0]);
    died.acquire.outcome = Outcome::indeterminate("trap", "unreachable");
    died.acquire.settled = Some(Settled::TookEffect);
    died.release = None;
    died.restored = Restored::Yes;
    let mut refused = synthetic::change(3, 1, 1, [6_000_000, 7_000_000, 0, 0]);
    refused.acquire.outcome = Outcome::from(Err(CallError::rejected("said-no", "no")));
    refused.check = None;
    refused.release = None;
    vec![held, also_held, unseen, died, refused]
}

fn trial(
    planned: &PlannedTrial,
    changes: Vec<Change>,
    data: Option<&FinalRows>,
    end: Option<&End>,
) -> TrialReport {
    let judgement = judge(&Evidence {
        rows: 2,
        changes: &changes,
        data,
    });
    let torn = end.is_none();
    let conditions = end.map(|_| conditions());
    TrialReport::new(
        planned,
        &History { changes, torn },
        end,
        conditions,
        judgement,
    )
}

fn conditions() -> Conditions {
    let counters = |node: &str, aborts| NodeCounters {
        node: node.to_owned(),
        commits: Some(20),
        brute_force_aborts: Some(aborts),
        flow_control_paused_ns: Some(1_500_000),
        ..NodeCounters::default()
    };
    let selects = Load {
        answered: 40,
        p50_ns: Some(300_000),
        p99_ns: Some(2_000_000),
        max_ns: Some(2_500_000),
        errors: [("unavailable 1047".to_owned(), 2)].into(),
        left_out: 1,
    };
    Conditions {
        settings_unread: Vec::new(),
        nodes: Membership::of(&["a".to_owned(), "b".to_owned()]),
        server: [("autocommit".to_owned(), "1".to_owned())].into(),
        counters: vec![counters("a", 3), counters("b", 4)],
        background: Some(Background {
            generators: 2,
            selects,
            updates: Load::default(),
        }),
        usage: Usage {
            runner_cpu_ns: Some(100_000_000),
            runner_peak_kib: Some(20_480),
            servers_cpu_ns: [("a", 500_000_000), ("b", 400_000_000)]
                .map(|(name, ns)| (name.to_owned(), ns))
                .into(),
        },
        faults: vec![FaultEvent {
            fault: LabFault {
                action: LabAction::Kill,
                target: "b".to_owned(),
            },
            began: 2_000_000,
            ended: 3_000_000,
            error: None,
        }],
        lateness: Some(lateness(2)),
        simulated: None,
    }
}

/// With this p99 of the timers.
pub(super) fn lateness(p99_ms: u64) -> Lateness {
    let late = |p50, p99, max| Late {
        p50_ns: Some(p50),
        p99_ns: Some(p99),
        max_ns: Some(max),
    };
    let p99 = p99_ms * 1_000_000;
    Lateness {
        timers: late(1_050_000, p99, p99 + 1_000_000),
        tasks: late(20_000, 200_000, 2_500_000),
        interval_s: 1,
        worst_ns: vec![1_000_000, p99 + 1_000_000],
    }
}

#[test]
fn report_marks_a_runner_that_was_the_bottleneck_and_does_not_compare_it() {
    let slow = |trial: &TrialReport| {
        let planned = &plan().trials[0];
        let (changes, data) = synthetic::history(4, 2, 2);
        let history = History {
            changes,
            torn: false,
        };
        let mut conditions = trial.conditions.clone().unwrap();
        conditions.lateness = Some(lateness(80));
        let judged = judge(&Evidence {
            rows: 2,
            changes: &history.changes,
            data: Some(&data),
        });
        TrialReport::new(planned, &history, None, Some(conditions), judged)
    };
    let mut report = report();
    assert_eq!(report.trials[0].bottleneck, None);
    report.trials[0] = slow(&report.trials[0]);
    let text = text::write(&report);
    let printed = "\nright: the runner was the bottleneck: one in a hundred of its timers fired more than \
                80.00 ms late, one in a hundred of its tasks was resumed more than 0.20 ms late, and \
                the median acquire took 2.80 ms; times and rates";
    let (figures, rest) = text.split_once(printed).unwrap_or_else(|| panic!("{text}"));
    assert!(!figures.contains("right: "), "{text}");
    assert!(rest.contains("right: valid\n"), "{text}");
    let csv = csv::write(&report);
    let mut reader = ::csv::Reader::from_reader(&csv[..]);
    let lines: Vec<BTreeMap<String, String>> = reader.deserialize().map(Result::unwrap).collect();
    assert_eq!(lines[0]["runner bottleneck"], "yes");
    assert_eq!(lines[0]["runner timers late p99 ms"], "80.00");
    assert_eq!(
        lines[1]["runner bottleneck"], "",
        "a killed run has no figure"
    );

    let mut cells = cells();
    cells[0].trial = Some(report.trials[0].clone());
    let table = overview::write(&cells, 5, std::path::Path::new("x"));
    let line = table
        .lines()
        .find(|line| line.starts_with("right"))
        .unwrap();
    let words: Vec<_> = line.split_whitespace().collect();
    let expected = [
        "right", "valid", "8", "0", "-", "-", "-", "-", "-", "-", "0",
    ];
    assert_eq!(words, expected);
    let printed = "  right: not compared: the runner was the bottleneck";
    assert!(table.contains(printed), "{table}");
}

#[test]
fn as_text_it_fits_a_narrow_terminal() {
    let text = text::write(&report());
    insta::assert_snapshot!(text, @r#"
    small: 2 rows × 2 workers × 2 changes, pause 10 ms, hold 10 ms
    database sqlite, locks memory, seed 7

    strategy  verdict   ok  errors  failed  indeterm.   ok/s
    right     valid      8       0       0          0  80.00
    wrong     violated   2       3       1          1  64.52

    strategy  ms         p50    p95    p99    max
    right     acquire   2.80  12.80  12.80  12.80
              release   0.70   0.70   0.70   0.70
    wrong     acquire  10.00  20.00  20.00  20.00
              release   1.00   1.50   1.50   1.50

    right: valid
      mutual-exclusion: valid
      transition-chain: valid
      every-change-counted: valid
      effect-before-ok: valid
      nodes-agree: valid (the longest check until all nodes agreed took 5.350 ms)
      fairness: ok changes from 2 (worker 0) to 2 (worker 0); mean acquire from 1.75 ms (worker 0) to 7.80 ms (worker 2); longest wait 12.80 ms (worker 2, row 0)
      contention: rivals met on 2 rows, on 2 of them from different nodes
      until all nodes agreed: p50 5.35 ms, p99 5.35 ms, max 5.35 ms; stale at first: 0
      the servers counted: commits 40, certification failures -, brute-force aborts 7, replays -, flow-control pauses - (3.0 ms)
      background: 2 generators, 40 selects (p50 0.30 ms, p99 2.00 ms, errors 2, skipped 1), 0 updates (p50 - ms, p99 - ms, errors 0, skipped 0)
      fault: kill b at 2 ms, done at 3 ms
      processor time: runner 0.10 s, servers 0.90 s (the runner's share is 10.0 %); runner's memory at most 20.0 MiB
      the runner itself: timers late by p50 1.05 ms, p99 2.00 ms, max 3.00 ms; tasks resumed after p50 0.02 ms, p99 0.20 ms, max 2.50 ms; worst from second 1 on, 3.00 ms

    wrong: violated
      mutual-exclusion: violated: workers 0 and 2 held row 0 at once for 5.000 ms, from 20.000 ms to 25.000 ms: worker 0 (0_0) held it from 10.000 ms to 30.000 ms; worker 2 (2_0) held it from 20.000 ms to 25.000 ms
      transition-chain: unknown: the run was cut, so there is no data to hold its history against
      every-change-counted: unknown: the run was cut, so there is no data to hold its history against
      effect-before-ok: unknown: the run was cut, so there is no data to hold its history against
      nodes-agree: unknown: the run was cut, so there is no data to hold its history against
      fairness: ok changes from 0 (worker 1) to 1 (worker 0); mean acquire from 1.00 ms (worker 1) to 20.00 ms (worker 2); longest wait 20.00 ms (worker 2, row 0)
      contention: rivals met on 2 rows, on 0 of them from different nodes
      errors returned: conflict 1213 × 2
      steps not ok: said-no × 1, trap × 1
        said-no: no
        trap: unreachable
      until all nodes agreed: p50 2.50 ms, p99 10.00 ms, max 10.00 ms; stale at first: 0
      checks after acquire that did not find the marker: 1
      rows released by the host: 1
      note: the runner was killed; this is its record until then
      note: the last line of the history is torn and was skipped

    not run: never-came

    results: results/runs/small
    "#);
    let figures = text.lines().take_while(|line| !line.starts_with("right:"));
    let widest = figures.map(|line| line.chars().count()).max().unwrap();
    assert!(widest <= 80, "{widest} columns");
}

#[test]
fn as_text_it_fits_also_with_long_names_and_large_numbers() {
    let mut report = report();
    for trial in &mut report.trials {
        trial.strategy = "lock-operation-reconnect".into();
        trial.summary.ok = 3_000_000;
        trial.summary.changes_per_second = Some(12_345.67);
        let max = &mut trial.summary.acquire_ms.as_mut().unwrap().max;
        *max = 1_800_000.0;
    }
    let text = text::write(&report);
    assert!(
        text.lines().take(10).all(|line| line.chars().count() <= 80),
        "{text}"
    );
}

#[test]
fn a_batch_has_a_table_for_each_workload() {
    let cells = cells();
    let text = overview::write(&cells, 5, std::path::Path::new("results/batches/small"));
    insta::assert_snapshot!(text, @r"
    small: 2 rows × 2 workers × 2 changes, database sqlite, seed 7

    strategy    locks  verdict        ok  errors   ok/s  acquire                release        deadlocks
                                                             p50    p95    max      p50   p95
    right              valid           8       0  80.00     2.80  12.80  12.80     0.70  0.70          0
    wrong       file   violated        2       3  64.52    10.00  20.00  20.00     1.00  1.50          2
    never-came  redis  could not run   -       -      -        -      -      -        -     -          -
      never-came (redis): redis://there: nobody answers

    other: 2 rows × 2 workers × 2 changes, database sqlite, seed 7

    strategy  locks  verdict  ok  errors   ok/s  acquire                release        deadlocks
                                                     p50    p95    max      p50   p95
    right            valid     8       0  80.00     2.80  12.80  12.80     0.70  0.70          0

    not finished: 3 of 5 cells; the same command resumes them

    times in ms; `runner report results/batches/small` prints the reasons for each verdict
    results: results/batches/small
    ");
    assert_eq!(
        cells[1].brief(),
        "small × wrong (file): violated, 2 ok, 3 errors, 0.0 s"
    );
    assert_eq!(
        cells[2].brief(),
        "small × never-came (redis): could not run: redis://there: nobody answers"
    );
}

/// Two cells that ran and one that could not, and one of another workload.
fn cells() -> Vec<CellReport> {
    let RunReport { plan, trials, .. } = report();
    let cell = |number: usize, locks: Option<&str>| CellReport {
        plan: plan.clone(),
        planned: plan.trials[number].clone(),
        folder: "results/batches/small".into(),
        locks: locks.map(str::to_owned),
        trial: trials.get(number).cloned(),
        error: None,
    };
    let mut cells = vec![
        cell(0, None),
        cell(1, Some("file")),
        cell(2, Some("redis")),
        cell(0, None),
    ];
    cells[0].planned.imports = vec!["db".to_owned()];
    cells[2].error = Some("redis://there: nobody answers".to_owned());
    cells[3].plan.workload_name = "other".to_owned();
    cells
}
