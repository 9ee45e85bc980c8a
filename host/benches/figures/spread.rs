//! One figure's rounds.

use std::fmt;

/// Measurements, round by round.
#[derive(Debug, Clone)]
pub struct Spread {
    rounds: Vec<f64>,
    unit: &'static str,
}

impl Spread {
    pub fn new(rounds: impl IntoIterator<Item = f64>, unit: &'static str) -> Self {
        let rounds: Vec<f64> = rounds.into_iter().collect();
        assert!(!rounds.is_empty() && rounds.iter().all(|r| r.is_finite()));
        Self { rounds, unit }
    }

    pub fn median(&self) -> f64 {
        let mut sorted = self.rounds.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        match sorted.len() % 2 {
            0 => (sorted[middle - 1] + sorted[middle]) / 2.0,
            _ => sorted[middle],
        }
    }

    pub fn unit(&self) -> &'static str {
        self.unit
    }

    /// Every round, in order.
    pub fn rounds(&self) -> String {
        let digits = self.digits();
        let rounds = self.rounds.iter().map(|r| format!("{r:.digits$}"));
        rounds.collect::<Vec<_>>().join(", ")
    }

    fn digits(&self) -> usize {
        match self.median().abs() {
            large if large >= 100.0 => 0,
            medium if medium >= 10.0 => 1,
            _ => 2,
        }
    }
}

/// `1.20 µs (1.15 to 1.31)`: the median, and between what the rounds were.
impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.digits();
        let least = self.rounds.iter().copied().fold(f64::INFINITY, f64::min);
        let most = self
            .rounds
            .iter()
            .copied()
            .fold(f64::NEG_INFINITY, f64::max);
        let (median, unit) = (self.median(), self.unit);
        write!(f, "{median:.digits$} {unit}")?;
        match self.rounds.len() {
            1 => Ok(()),
            _ => write!(f, " ({least:.digits$} to {most:.digits$})"),
        }
    }
}
