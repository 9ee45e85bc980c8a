//! The forms for other programs: CSV and JSON.

use super::*;

fn lines(csv: &[u8]) -> Vec<BTreeMap<String, String>> {
    let mut reader = ::csv::Reader::from_reader(csv);
    reader.deserialize().map(Result::unwrap).collect()
}

#[test]
fn csv_has_an_empty_cell_for_a_missing_figure() {
    let lines = lines(&csv::write(&report()));
    let [right, wrong] = &lines[..] else {
        panic!("{lines:?}")
    };
    for (heading, of_right, of_wrong) in [
        ("solution", "right", "wrong"),
        ("total time", "0.10", "0.03"),
        ("acquire max", "12.80", "20.00"),
        ("acquire p50 ms", "2.80", "10.00"),
        ("acquire p99.9 ms", "12.80", "20.00"),
        ("deadlocks max", "0", "2"),
        ("deadlocks sum", "0", "2"),
        ("deadlocks mean", "0.00", "1.00"),
        ("changes per second", "80.00", "64.52"),
        ("agreement p99 ms", "5.35", "10.00"),
        ("conflict errors", "0", "2"),
        ("unavailable errors", "0", "0"),
        ("errors json", "{}", r#"{"conflict 1213":2}"#),
        ("steps not ok", "0", "2"),
        ("steps not ok json", "{}", r#"{"said-no":1,"trap":1}"#),
        ("ended", "completed", "killed"),
        ("started", "2026-01-02T03:04:05.678Z", ""),
        (
            "folder",
            "results/runs/small/right",
            "results/runs/small/wrong",
        ),
        ("locks", "memory", "memory"),
        (
            "settings json",
            r#"{"lease-ms":"5"}"#,
            r#"{"lease-ms":"5"}"#,
        ),
        ("seed", "7", "7"),
        ("repetition", "1", "1"),
        ("commits", "40", ""),
        ("replays", "", ""),
        ("runner timers late p99 ms", "2.00", ""),
        ("runner bottleneck", "no", ""),
        ("lab faults", "kill b at 2 ms, done at 3 ms", ""),
        ("attempts mean", "", ""),
        ("delete ms max", "", ""),
    ] {
        let found = (&*right[heading], &*wrong[heading]);
        assert_eq!(found, (of_right, of_wrong), "{heading}");
    }
}

#[test]
fn no_percentile_of_a_line_exceeds_its_maximum() {
    // A change that is not ok has the longest steps of all.
    let mut changes = synthetic::history(4, 2, 2).0;
    let slow = &mut changes[0];
    slow.acquire.returned += 5_000_000_000;
    slow.check.as_mut().unwrap().agreed = false;
    let mut report = RunReport::new(plan(), "r".into());
    let trial = trial(&plan().trials[0], changes, None, None);
    report.add(trial);
    for line in lines(&csv::write(&report)) {
        let number = |heading: String| line[&heading].parse::<f64>().unwrap();
        for step in ["acquire", "release"] {
            let (min, max) = (number(format!("{step} min")), number(format!("{step} max")));
            for which in ["p50", "p95", "p99", "p99.9"] {
                let value = number(format!("{step} {which} ms"));
                assert!(
                    min <= value && value <= max,
                    "{step} {which}: {value} > {max}"
                );
            }
        }
    }
}

#[test]
fn every_column_is_documented_and_every_documented_column_exists() {
    let readme = include_str!("../../../../results/README.md");
    let section = readme.split("## The columns of the CSV").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let documented: Vec<_> = rows
        .flat_map(|row| row.split(" | ").next().unwrap().split("`, `"))
        .map(|name| name.trim_end_matches('`'))
        .collect();
    let csv = String::from_utf8(csv::write(&report())).unwrap();
    let headings: Vec<_> = csv.lines().next().unwrap().split(',').collect();
    assert_eq!(documented, headings);
}

#[test]
fn every_field_of_the_json_is_documented() {
    let readme = include_str!("../../../../results/README.md");
    let section = readme.split("## The JSON").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let documented: Vec<_> = section.split('`').skip(1).step_by(2).collect();
    let mut json: serde_json::Value = serde_json::from_slice(&json::write(&report())).unwrap();
    // Files of a run, which have their own sections.
    json["plan"] = json!(null);
    let mut names = Vec::new();
    names_in(&json, &mut names);
    // What stands for a server, a code or a setting is no field.
    let data = [
        "a",
        "b",
        "autocommit",
        "conflict 1213",
        "unavailable 1047",
        "said-no",
        "trap",
    ];
    names.retain(|name| !data.contains(&&**name));
    for name in names {
        assert!(documented.contains(&&*name), "{name} is not documented");
    }
}

fn names_in(value: &serde_json::Value, names: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                names.push(name.clone());
                names_in(value, names);
            }
        }
        serde_json::Value::Array(values) => values.iter().for_each(|v| names_in(v, names)),
        _ => {}
    }
}

#[test]
fn a_cell_that_could_not_be_run_is_a_line_without_figures() {
    let csv = csv::write_cells(&cells());
    let lines = lines(&csv);
    assert_eq!(lines.len(), 4);
    let failed = &lines[2];
    for figure in [
        "ok",
        "total time",
        "acquire p50 ms",
        "errors json",
        "verdict",
        "commits",
    ] {
        assert_eq!(failed[figure], "", "{figure}");
    }
    assert_eq!((&*failed["workload"], &*failed["seed"]), ("small", "7"));
    assert_eq!(failed["folder"], "results/batches/small/never-came");
    assert_eq!(failed["solution"], "never-came");
    assert_eq!(failed["ended"], "could-not-run");
    assert_eq!(failed["error"], "redis://there: nobody answers");
    assert_eq!((&*lines[0]["locks"], &*failed["locks"]), ("none", "memory"));
    let of_a_run = csv::write(&report());
    let headings = |bytes: &[u8]| bytes.split(|&b| b == b'\n').next().unwrap().to_vec();
    assert_eq!(headings(&csv), headings(&of_a_run));
}

#[test]
fn json_has_null_for_a_missing_figure() {
    let json: serde_json::Value = serde_json::from_slice(&json::write(&report())).unwrap();
    assert_eq!(json["plan"], serde_json::to_value(plan()).unwrap());
    assert_eq!(json["not_run"], json!(["never-came"]));
    let mut trial = json["trials"][1].clone();
    assert_eq!(
        (&json["form"], &json["verdict"]),
        (&json!(json::FORM), &json!("violated"))
    );
    assert_eq!(
        (&json["why"], &json["verdict"]),
        (&trial["why"], &trial["verdict"])
    );
    for judged in ["answers", "why"] {
        trial.as_object_mut().unwrap().remove(judged);
    }
    let text = serde_json::to_string_pretty(&trial).unwrap();
    insta::assert_snapshot!(text, @r#"
    {
      "bottleneck": null,
      "conditions": null,
      "contention": {
        "cluster": 0,
        "nodes": [
          0,
          1
        ],
        "rows": 2,
        "rows_from_two_nodes": 0
      },
      "digest": "sha256:00",
      "ended": null,
      "fairness": {
        "fewest_ok": {
          "value": 0,
          "worker": 1
        },
        "longest_wait": {
          "row": 0,
          "wait_ms": 20.0,
          "worker": 2
        },
        "most_ok": {
          "value": 1,
          "worker": 0
        },
        "quickest_mean_acquire_ms": {
          "value": 1.0,
          "worker": 1
        },
        "slowest_mean_acquire_ms": {
          "value": 20.0,
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
        "the runner was killed; this is its record until then",
        "the last line of the history is torn and was skipped"
      ],
      "started": null,
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
        "checks_unread": 0,
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
        "errors_by_code": {
          "conflict 1213": 2
        },
        "failed": 1,
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
        "total_time_ms": 31.0
      },
      "verdict": "violated"
    }
    "#);
}
