//! The figures of a trial that only one kind of workload has.

use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The same figures in three forms.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Figures {
    /// For programs, each under a name; none where there is nothing to count.
    #[serde(flatten)]
    pub json: BTreeMap<&'static str, Value>,
    /// Headings and values of the table, the same headings for every trial.
    #[serde(skip)]
    pub columns: Vec<(String, String)>,
    /// Lines for people.
    #[serde(skip)]
    pub lines: Vec<String>,
}

impl Figures {
    /// Adds those of another kind.
    pub fn and(mut self, other: Self) -> Self {
        self.json.extend(other.json);
        self.columns.extend(other.columns);
        self.lines.extend(other.lines);
        self
    }
}

/// A heading, and the text below it.
pub fn cell(heading: &str, value: impl ToString) -> (String, String) {
    (heading.to_owned(), value.to_string())
}

/// The text of a value; empty where there is none.
pub fn optional(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// The same with two decimals.
pub fn decimals(value: Option<f64>) -> String {
    optional(value.map(|value| format!("{value:.2}")))
}
