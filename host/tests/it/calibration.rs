//! The simulator against the lab: two published workloads, simulated, beside what the lab measured in
//! three repetitions (`results/simulator/lab.csv`). `results/simulator/README.md` says what the model gets
//! wrong.
//!
//! `make test` makes a fifth of the changes; `make oracles` all of them, with the release build.

use crate::support::Sandbox;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// By workload, strategy and, for those that take locks, the lock service.
type Cells = BTreeMap<(String, String, String), Cell>;

struct Cell {
    acquire_mean_ms: f64,
    conflicts_per_change: f64,
    verdict: String,
}

impl Cell {
    /// The mean of the repetitions, which must agree about the verdict.
    fn mean(repetitions: &[Cell]) -> Self {
        let verdict = repetitions[0].verdict.clone();
        assert!(repetitions.iter().all(|cell| cell.verdict == verdict));
        let mean = |figure: fn(&Cell) -> f64| {
            repetitions.iter().map(figure).sum::<f64>() / repetitions.len() as f64
        };
        Self {
            acquire_mean_ms: mean(|cell| cell.acquire_mean_ms),
            conflicts_per_change: mean(|cell| cell.conflicts_per_change),
            verdict,
        }
    }
}

fn cells(csv: &Path) -> Cells {
    let mut reader = csv::Reader::from_path(csv).unwrap();
    let headings = reader.headers().unwrap().clone();
    let mut repetitions = BTreeMap::<_, Vec<Cell>>::new();
    let cell = |record: csv::StringRecord| {
        let at = |heading: &str| {
            let place = headings.iter().position(|name| name == heading);
            record[place.unwrap()].to_owned()
        };
        let number = |heading: &str| at(heading).parse::<f64>().unwrap();
        let locks = match at("locks").split(':').next().unwrap() {
            _ if !at("solution").starts_with("lock") => "",
            // What stands for it in the simulator.
            "redis" => "lease",
            locks => locks,
        }
        .to_owned();
        let cell = Cell {
            acquire_mean_ms: number("acquire mean"),
            conflicts_per_change: number("deadlocks sum") / number("ok"),
            verdict: at("verdict"),
        };
        ((at("workload"), at("solution"), locks), cell)
    };
    for (key, cell) in reader.records().map(Result::unwrap).map(cell) {
        repetitions.entry(key).or_default().push(cell);
    }
    let mean = |(key, cells): (_, Vec<Cell>)| (key, Cell::mean(&cells));
    repetitions.into_iter().map(mean).collect()
}

#[test]
fn the_simulator_agrees_with_the_lab() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let lab = cells(&root.join("results/simulator/lab.csv"));
    let sandbox = Sandbox::new();
    let mut files = Vec::new();
    let thorough = std::env::var_os("CONTEND_ORACLES").map(PathBuf::from);
    for workload in ["seed-100x1", "seed-100x3"] {
        let text = std::fs::read_to_string(root.join(format!("workloads/{workload}.toml")));
        let text = text.unwrap();
        assert!(text.contains("changes_per_worker = 10"), "{text}");
        let text = match thorough {
            Some(_) => text,
            None => text.replace("changes_per_worker = 10", "changes_per_worker = 2"),
        };
        sandbox.write(&format!("{workload}.toml"), text);
        files.push(format!("{workload}.toml"));
    }
    let strategies = ["cas", "for-update", "lock-change", "lock-operation"];
    let components = strategies.map(|name| {
        let component = crate::support::component(name);
        component.to_string_lossy().into_owned()
    });
    let arguments = format!(
        "batch --db sim --seed 1 --workload {} --strategy {} --lock lease --lock file \
         --csv simulated.csv --quiet",
        files.join(" "),
        components.join(",")
    );
    let ran = match thorough {
        Some(runner) => sandbox.run_program(&runner, &arguments),
        None => sandbox.run(&arguments),
    };
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let simulated = cells(&sandbox.path("simulated.csv"));
    assert_eq!(simulated.len(), 12);
    for (key, ours) in &simulated {
        let theirs = &lab[key];
        assert_eq!(ours.verdict, theirs.verdict, "{key:?}");
        let (one, other) = (ours.conflicts_per_change, theirs.conflicts_per_change);
        // Below one in twenty changes, there is hardly a conflict in either.
        let alike = one.max(other) < 0.05 || (one / other < 2.0 && other / one < 2.0);
        assert!(
            alike,
            "{key:?}: {one} conflicts per change, the lab {other}"
        );
    }
    // The order of mean acquire times where rows are contended, but for compare-and-swap, which the
    // model makes too quick.
    let order = |cells: &Cells| {
        let mut cells: Vec<_> = cells
            .iter()
            .filter(|((workload, strategy, locks), _)| {
                workload == "seed-100x3" && strategy != "cas" && locks != "lease"
            })
            .map(|((_, strategy, _), cell)| (cell.acquire_mean_ms, strategy.clone()))
            .collect();
        cells.sort_by(|one, other| one.0.total_cmp(&other.0));
        cells.into_iter().map(|(_, name)| name).collect::<Vec<_>>()
    };
    assert_eq!(order(&simulated), order(&lab));
}
