//! What a small record looks like in each of the three forms.

use super::*;
use crate::check::{Evidence, judge, synthetic};
use crate::model::background::{Background, Load};
use crate::model::change::{Change, Restored, Settled};
use crate::model::conditions::Usage;
use crate::model::counters::NodeCounters;
use crate::model::data::Data;
use crate::model::fault::{Fault, FaultCount, FaultKind};
use crate::model::lab_fault::{LabAction, LabFault};
use crate::model::schedule::FaultEvent;
use serde_json::json;

pub(super) fn plan() -> Plan {
    let trial = |name: &str| json!({"name": name, "component": "x.wasm", "digest": "sha256:00", "imports": ["db", "lock"]});
    let plan = json!({
        "runner_version": "0.1.0",
        "contract": "contend:strategy@0.1.0",
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
    };
    report.add(trial(&plan.trials[0], changes, Some(&data), Some(&end)));
    report.add(trial(&plan.trials[1], bad_changes(), None, None));
    report
}

fn bad_changes() -> Vec<Change> {
    let mut held = synthetic::change(0, 0, 0, [0, 10_000_000, 30_000_000, 31_000_000]);
    held.acquire.faults = vec![FaultCount {
        kind: FaultKind::Conflict,
        code: "1213".into(),
        count: 2,
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
    refused.acquire.outcome = Outcome::from(Err(Fault::rejected("said-no", "no")));
    refused.check = None;
    refused.release = None;
    vec![held, also_held, unseen, died, refused]
}

fn trial(
    planned: &PlannedTrial,
    changes: Vec<Change>,
    data: Option<&Data>,
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
        faults: [("unavailable 1047".to_owned(), 2)].into(),
        left_out: 1,
    };
    Conditions {
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
        simulated: None,
    }
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
      nodes-agree: valid (the longest check until all nodes agreed took 5.350 ms)
      fairness: ok changes from 2 (worker 0) to 2 (worker 0); mean acquire from 1.75 ms (worker 0) to 7.80 ms (worker 2); longest wait 12.80 ms (worker 2, row 0)
      until all nodes agreed: p50 5.35 ms, p99 5.35 ms, max 5.35 ms; stale at first: 0
      the servers counted: commits 40, certification failures -, brute-force aborts 7, replays -, flow-control pauses - (3.0 ms)
      background: 2 generators, 40 selects (p50 0.30 ms, p99 2.00 ms, faults 2, left out 1), 0 updates (p50 - ms, p99 - ms, faults 0, left out 0)
      fault: kill b at 2 ms, done at 3 ms
      processor time: runner 0.10 s, servers 0.90 s (the runner's share is 10.0 %); runner's memory at most 20.0 MiB

    wrong: violated
      mutual-exclusion: violated: workers 0 and 2 held row 0 at once for 5.000 ms, from 20.000 ms to 25.000 ms: worker 0 (0_0) held it from 10.000 ms to 30.000 ms; worker 2 (2_0) held it from 20.000 ms to 25.000 ms
      transition-chain: unknown: the run was cut, so there is no data to hold its history against
      every-change-counted: unknown: the run was cut, so there is no data to hold its history against
      nodes-agree: unknown: the run was cut, so there is no data to hold its history against
      fairness: ok changes from 0 (worker 1) to 1 (worker 0); mean acquire from 1.00 ms (worker 1) to 20.00 ms (worker 2); longest wait 20.00 ms (worker 2, row 0)
      faults met: conflict 1213 × 2
      steps not ok: said-no × 1, trap × 1
        said-no: no
        trap: unreachable
      until all nodes agreed: p50 2.50 ms, p99 10.00 ms, max 10.00 ms; stale at first: 0
      checks after acquire that did not find the marker: 1
      rows given back by the host: 1
      note: the runner was killed; this is what it had recorded
      note: the last line of the history is torn and was left out

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
fn as_csv_what_is_missing_is_an_empty_cell() {
    let csv = String::from_utf8(csv::write(&report())).unwrap();
    insta::assert_snapshot!(csv, @r#"
    solution,total time,ok,errors,release max,release sum,release mean,release stddev,release min,acquire max,acquire sum,acquire mean,acquire stddev,acquire min,deadlocks max,deadlocks sum,deadlocks mean,deadlocks stddev,deadlocks min,timeouts max,timeouts sum,timeouts mean,timeouts stddev,timeouts min,disconnect max,disconnect sum,disconnect mean,disconnect stddev,disconnect min,verdict,failed,indeterminate,restored,changes per second,acquire p50,acquire p95,acquire p99,acquire p99.9,release p50,release p95,release p99,release p99.9,agreement p50,agreement p99,agreement max,stale checks,faults by code,lost locks,steps not ok by reason,ended,error,workload,rows,workers per row,changes per worker,pause ms,hold ms,audit,background generators,database,autocommit writes,locks,seed,component,runner,contract,commits,certification failures,brute-force aborts,replays,flow control pauses,background statements,background faults,runner cpu s,servers cpu s,runner peak MiB,lab faults,server,attempts mean,attempts p50,attempts p95,attempts p99,attempts max,wasted attempts,exhausted,gave up,select count,select per change mean,select ms mean,select ms p50,select ms p95,select ms p99,select ms max,insert count,insert per change mean,insert ms mean,insert ms p50,insert ms p95,insert ms p99,insert ms max,update count,update per change mean,update ms mean,update ms p50,update ms p95,update ms p99,update ms max,delete count,delete per change mean,delete ms mean,delete ms p50,delete ms p95,delete ms p99,delete ms max
    right,0.10,8,0,0.70,5.60,0.70,0.00,0.70,12.80,38.20,4.77,4.71,0.70,0.00,0.00,0.00,0.00,0.00,0.00,0.00,0.00,0.00,0.00,0.00,0.00,0.00,0.00,0.00,valid,0,0,0,80.00,2.80,12.80,12.80,12.80,0.70,0.70,0.70,0.70,5.35,5.35,5.35,0,,,,completed,,small,2,2,2,10,10,true,2,sqlite,prepared,memory,7,sha256:00,0.1.0,contend:strategy@0.1.0,40,,7,,,40,2,0.10,0.90,20.0,"kill b at 2 ms, done at 3 ms",autocommit=1,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,
    wrong,0.03,2,3,1.50,2.50,1.25,0.25,1.00,20.00,30.00,15.00,5.00,10.00,2.00,2.00,1.00,1.00,0.00,0.00,0.00,0.00,0.00,0.00,0.00,0.00,0.00,0.00,0.00,violated,1,1,1,64.52,10.00,20.00,20.00,20.00,1.00,1.50,1.50,1.50,2.50,10.00,10.00,0,conflict 1213 × 2,,"said-no × 1, trap × 1",killed,,small,2,2,2,10,10,true,2,sqlite,prepared,memory,7,sha256:00,0.1.0,contend:strategy@0.1.0,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,
    "#);
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

    not finished: 3 of 5 cells; the same command goes on with them

    times in ms; `runner report DIR` tells the reasons of a verdict
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

#[test]
fn a_cell_that_could_not_be_run_is_a_line_without_figures() {
    let csv = csv::write_cells(&cells());
    let mut reader = ::csv::Reader::from_reader(&csv[..]);
    let lines: Vec<BTreeMap<String, String>> = reader.deserialize().map(Result::unwrap).collect();
    assert_eq!(lines.len(), 4);
    let failed = &lines[2];
    let filled = |line: &BTreeMap<String, String>| line.values().filter(|v| !v.is_empty()).count();
    assert_eq!(filled(failed), 3 + 15, "{failed:?}");
    assert_eq!(failed["solution"], "never-came");
    assert_eq!(failed["ended"], "could-not-run");
    assert_eq!(failed["error"], "redis://there: nobody answers");
    assert_eq!((&*lines[0]["locks"], &*failed["locks"]), ("", "memory"));
    let of_a_run = csv::write(&report());
    let headings = |bytes: &[u8]| bytes.split(|&b| b == b'\n').next().unwrap().to_vec();
    assert_eq!(headings(&csv), headings(&of_a_run));
}

/// Two cells that ran and one that could not, and one of another workload.
fn cells() -> Vec<CellReport> {
    let RunReport { plan, trials, .. } = report();
    let cell = |number: usize, locks: Option<&str>| CellReport {
        plan: plan.clone(),
        planned: plan.trials[number].clone(),
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

#[test]
fn as_json_what_is_missing_is_null() {
    let json: serde_json::Value = serde_json::from_slice(&json::write(&report())).unwrap();
    assert_eq!(json["plan"], serde_json::to_value(plan()).unwrap());
    assert_eq!(json["not_run"], json!(["never-came"]));
    let mut trial = json["trials"][1].clone();
    trial.as_object_mut().unwrap().remove("judgement");
    let text = serde_json::to_string_pretty(&trial).unwrap();
    insta::assert_snapshot!(text, @r#"
    {
      "conditions": null,
      "digest": "sha256:00",
      "ended": null,
      "fairness": {
        "fewest_ok": {
          "value": 0,
          "worker": 1
        },
        "longest_wait": {
          "row": 0,
          "wait_ns": 20000000,
          "worker": 2
        },
        "most_ok": {
          "value": 1,
          "worker": 0
        },
        "quickest_mean_acquire_ns": {
          "value": 1000000.0,
          "worker": 1
        },
        "slowest_mean_acquire_ns": {
          "value": 20000000.0,
          "worker": 2
        }
      },
      "messages": {
        "said-no": "no",
        "trap": "unreachable"
      },
      "reasons": {
        "said-no": 1,
        "trap": 1
      },
      "remarks": [
        "the runner was killed; this is what it had recorded",
        "the last line of the history is torn and was left out"
      ],
      "strategy": "wrong",
      "summary": {
        "acquire_ms": {
          "max": 20.0,
          "mean": 15.0,
          "min": 10.0,
          "stddev": 5.0,
          "sum": 30.0
        },
        "acquire_percentiles_ms": {
          "p50": 10.002431,
          "p95": 20.0,
          "p99": 20.0,
          "p999": 20.0
        },
        "agreement_max_ms": 10.0,
        "agreement_ms": {
          "p50": 2.500607,
          "p95": 10.0,
          "p99": 10.0,
          "p999": 10.0
        },
        "changes": 5,
        "changes_per_second": 64.51612903225806,
        "checks_disagreed": 1,
        "checks_stale": 0,
        "deadlocks": {
          "max": 2.0,
          "mean": 1.0,
          "min": 0.0,
          "stddev": 1.0,
          "sum": 2.0
        },
        "disconnect": {
          "max": 0.0,
          "mean": 0.0,
          "min": 0.0,
          "stddev": 0.0,
          "sum": 0.0
        },
        "errors": 3,
        "failed": 1,
        "faults": {
          "conflict 1213": 2
        },
        "indeterminate": 1,
        "lost_locks": {},
        "ok": 2,
        "release_ms": {
          "max": 1.5,
          "mean": 1.25,
          "min": 1.0,
          "stddev": 0.25,
          "sum": 2.5
        },
        "release_percentiles_ms": {
          "p50": 1.000447,
          "p95": 1.5,
          "p99": 1.5,
          "p999": 1.5
        },
        "restored": 1,
        "timeouts": {
          "max": 0.0,
          "mean": 0.0,
          "min": 0.0,
          "stddev": 0.0,
          "sum": 0.0
        },
        "total_time_ns": 31000000
      }
    }
    "#);
}
