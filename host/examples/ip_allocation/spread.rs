//! The repetitions of each cell, and how far they are apart.

use std::error::Error;

/// Two-sided 95 % of Student's t, by degrees of freedom from 1 on.
const T95: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
    2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
    2.052, 2.048, 2.045, 2.042,
];

/// One line of the table.
pub struct Run {
    pub workload: String,
    pub strategy: String,
    pub verdict: String,
    pub workers: f64,
    pub ok: f64,
    pub per_second: Option<f64>,
    /// Mean of the time that a worker's allocation took, over ok ones.
    pub acquire_ms: Option<f64>,
    pub attempts: Option<f64>,
    pub deadlocks: Option<f64>,
    /// All statements of the run.
    pub statements: f64,
}

/// All lines, in the order of the table.
pub struct Runs(pub Vec<Run>);

/// A mean with the half of its 95 % interval, which takes two values at least.
#[derive(Clone, Copy)]
pub struct Mean {
    pub mean: f64,
    pub within: Option<f64>,
}

impl Runs {
    pub fn read(path: &str) -> Result<Self, Box<dyn Error>> {
        let mut table = csv::Reader::from_path(path)?;
        let headings = table.headers()?.clone();
        let place = |name: &str| {
            let found = headings.iter().position(|heading| heading == name);
            found.ok_or_else(|| format!("it has no column {name:?}"))
        };
        let [solution, verdict, workload] =
            [place("solution")?, place("verdict")?, place("workload")?];
        let verbs = ["select", "insert", "update", "delete"];
        let counts = verbs.map(|verb| place(&format!("{verb} count")));
        let counts = counts.into_iter().collect::<Result<Vec<_>, _>>()?;
        let [ok, per_second, acquire, attempts, deadlocks, workers] = [
            place("ok")?,
            place("changes per second")?,
            place("acquire mean")?,
            place("attempts mean")?,
            place("deadlocks sum")?,
            place("workers per row")?,
        ];
        let mut runs = Vec::new();
        for line in table.records() {
            let line = line?;
            let number = |place: usize| line[place].parse::<f64>().ok();
            runs.push(Run {
                workload: line[workload].to_owned(),
                strategy: line[solution].to_owned(),
                verdict: line[verdict].to_owned(),
                workers: number(workers).ok_or("a line without workers")?,
                ok: number(ok).unwrap_or(0.0),
                per_second: number(per_second),
                acquire_ms: number(acquire),
                attempts: number(attempts),
                deadlocks: number(deadlocks),
                statements: counts.iter().filter_map(|&place| number(place)).sum(),
            });
        }
        Ok(Self(runs))
    }

    /// Each once, in the order of the table.
    pub fn workloads(&self) -> Vec<&str> {
        once(self.0.iter().map(|run| &*run.workload))
    }

    pub fn strategies(&self) -> Vec<&str> {
        once(self.0.iter().map(|run| &*run.strategy))
    }

    pub fn of(&self, workload: &str, strategy: &str) -> Vec<&Run> {
        let is_of = |run: &&Run| run.workload == workload && run.strategy == strategy;
        self.0.iter().filter(is_of).collect()
    }
}

fn once<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = Vec::new();
    for name in names {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
}

/// Of the runs that have the figure; nothing if none has.
pub fn mean(runs: &[&Run], figure: impl Fn(&Run) -> Option<f64>) -> Option<Mean> {
    let values: Vec<f64> = runs.iter().filter_map(|run| figure(run)).collect();
    let count = values.len() as f64;
    let mean = (!values.is_empty()).then(|| values.iter().sum::<f64>() / count)?;
    let within = (values.len() > 1).then(|| {
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let t = T95[(values.len() - 2).min(T95.len() - 1)];
        t * (squares / (count - 1.0) / count).sqrt()
    });
    Some(Mean { mean, within })
}
