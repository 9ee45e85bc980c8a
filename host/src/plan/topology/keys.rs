//! The keys of `sim:` for a person: what each means, its unit and its default.

use super::ENDPOINT;
use crate::model::endpoint::Endpoint;
use crate::model::topology::Topology;
use std::fmt::Write;
use toml::{Table, Value};

/// Unit and meaning of each key, in the order of [`super::KEYS`].
const MEANINGS: &str = include_str!("keys.tsv");

/// The word with which the user asks for the list, after `sim:`.
pub const HELP: &str = "help";

/// The list, for `--db sim:help`.
pub fn help() -> String {
    let mut text = "The keys of --db sim:KEY=VALUE,… and of [sim] in a workload file. A time in µs is a median \
                    and a\n99th percentile, as in 90..400, or one number for both.\n\n"
        .to_owned();
    for [key, unit, default, meaning] in rows() {
        let unit = if unit.is_empty() { "-" } else { &unit };
        let _ = writeln!(text, "  {key:<22}{unit:<4}{default:<11}{meaning}");
    }
    text
}

/// Key, unit, default and meaning of each.
fn rows() -> impl Iterator<Item = [String; 4]> {
    let defaults = Table::try_from(Topology::default()).expect("plain data");
    MEANINGS.lines().map(move |line| {
        let columns: Vec<_> = line.split('\t').collect();
        let [key, unit, meaning] = columns[..] else {
            unreachable!("{line} has three columns");
        };
        let default = match key {
            // The default endpoint is left out of plans.
            ENDPOINT => Endpoint::default().as_str().to_owned(),
            _ => defaults.get(key).map_or("-".to_owned(), shown),
        };
        [key, unit, &default, meaning].map(str::to_owned)
    })
}

fn shown(value: &Value) -> String {
    match value {
        Value::Table(spread) => {
            format!("{}..{}", shown(&spread["p50_us"]), shown(&spread["p99_us"]))
        }
        Value::Float(number) => number.to_string(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::KEYS;
    use super::*;

    #[test]
    fn every_key_is_listed_with_meaning_and_default() {
        let listed: Vec<_> = rows().map(|[key, ..]| key).collect();
        let known: Vec<_> = KEYS.iter().map(|(key, ..)| *key).collect();
        assert_eq!(listed, known);
        let help = help();
        let line = |key: &str| help.lines().find(|line| line.trim_start().starts_with(key));
        let words: Vec<_> = line("statement ").unwrap().split_whitespace().collect();
        assert_eq!(words[..4], ["statement", "µs", "200..900", "processor"]);
        assert!(line("endpoint").unwrap().contains(" all "), "{help}");
        assert!(line("nodes ").unwrap().contains(" 3 "), "{help}");
        assert!(line("latency_ms").unwrap().contains(" -  "), "{help}");
    }

    #[test]
    fn the_documented_table_is_that_of_the_program() {
        let page = include_str!("../../../../results/simulator/README.md");
        let table: String = rows()
            .map(|[key, unit, default, meaning]| {
                format!("| `{key}` | {unit} | {default} | {meaning} |\n")
            })
            .collect();
        let heading = "| key | unit | default | meaning |\n|---|---|---|---|\n";
        assert!(
            page.contains(&format!("{heading}{table}")),
            "put this there:\n{table}"
        );
    }
}
