//! The values of a cluster's keys: their types, their bounds, and how they are written.

use toml::{Table, Value};

/// Times are drawn from a table of nanoseconds in 32 bits.
const SECOND_US: f64 = 1e6;
pub(super) const MINUTE_MS: f64 = 60e3;
pub(super) const HOUR_MS: i64 = 3_600_000;

/// The type of a key's value, with its bounds.
pub(super) enum Kind {
    Count(i64, i64),
    Real(f64, f64),
    Flag,
    /// One of these.
    Word(&'static [&'static str]),
    /// `90..400`: median and 99th percentile, in µs.
    Spread,
    Matrix,
}

impl Kind {
    /// Makes the value what `Topology` reads. The error says what it may be.
    pub(super) fn check(&self, value: &mut Value) -> Result<(), String> {
        match self {
            Self::Count(least, most) => match value {
                Value::Integer(n) if (least..=most).contains(&&*n) => Ok(()),
                _ => Err(format!("it must be from {least} to {most}")),
            },
            Self::Real(least, most) => match real(value) {
                Some(n) if (*least..=*most).contains(&n) => Ok(()),
                _ => Err(format!("it must be from {least} to {most}")),
            },
            Self::Flag => match value {
                Value::Boolean(_) => Ok(()),
                _ => Err("it must be true or false".to_owned()),
            },
            Self::Word(words) => match value.as_str() {
                Some(word) if words.contains(&word) => Ok(()),
                _ => Err(format!("it must be {}", words.join(" or "))),
            },
            Self::Spread => spread(value),
            Self::Matrix => {
                let cells = value.as_array().into_iter().flatten();
                let rows: Option<Vec<_>> = cells.map(Value::as_array).collect();
                let mut cells = rows.iter().flatten().copied().flatten().map(real);
                let is_number = |n: Option<f64>| n.is_some_and(|n| (0.0..=MINUTE_MS).contains(&n));
                match value.is_array() && rows.is_some() && cells.all(is_number) {
                    true => Ok(()),
                    false => Err(format!(
                        "it must be rows of numbers from 0 to {MINUTE_MS}, as in [[0,3],[3,0]]"
                    )),
                }
            }
        }
    }
}

fn real(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(n) => Some(*n as f64),
        Value::Float(n) => Some(*n),
        _ => None,
    }
}

/// From `90..400`, one number for both, or a table of the two.
fn spread(value: &mut Value) -> Result<(), String> {
    let both = match &*value {
        Value::String(text) => text
            .split_once("..")
            .and_then(|(p50, p99)| Some((p50.trim().parse().ok()?, p99.trim().parse().ok()?))),
        Value::Table(table) if table.len() == 2 => {
            let part = |key: &str| table.get(key).and_then(real);
            part("p50_us").zip(part("p99_us"))
        }
        number => real(number).map(|both| (both, both)),
    };
    match both {
        Some((p50, p99)) if (0.0..=SECOND_US).contains(&p99) && (0.0..=p99).contains(&p50) => {
            let part = |key: &str, us: f64| (key.to_owned(), Value::Float(us));
            let table = Table::from_iter([part("p50_us", p50), part("p99_us", p99)]);
            *value = Value::Table(table);
            Ok(())
        }
        _ => Err(format!(
            "it must be the median and the 99th percentile in µs, from 0 to {SECOND_US}, as in \
             90..400"
        )),
    }
}

/// As it was given.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
