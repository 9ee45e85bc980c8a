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
