//! The keys of `sim:` for a person: what each means, its unit and its default.

use crate::model::topology::Topology;
use std::fmt::Write;
use toml::{Table, Value};

/// Unit and meaning of each key, in the order of [`super::KEYS`].
const MEANINGS: &[(&str, &str, &str)] = &[
    ("nodes", "", "nodes of the cluster, called n1, n2, …"),
    ("regions", "", "places that the nodes stand in, in turn"),
    ("region_latency_ms", "ms", "one way between two places"),
    (
        "latency_ms",
        "ms",
        "one way from each node to each, instead of the two above, as in [[0,3],[3,0]]",
    ),
    ("latency", "µs", "one way between nodes within a place"),
    (
        "client_latency",
        "µs",
        "one way between a client and a server: a node, the proxy, the lock service",
    ),
    ("statement", "µs", "processor time of a statement"),
    ("commit", "µs", "processor time of a commit on its own node"),
    (
        "apply",
        "µs",
        "processor time of applying a write set on another node",
    ),
    (
        "processors",
        "",
        "processors of the servers; 0 for no bound",
    ),
    (
        "processors_shared",
        "",
        "all nodes share the processors; otherwise each has so many",
    ),
    (
        "retry_autocommit",
        "",
        "how often a server retries an autocommit statement that came as text (wsrep_retry_autocommit)",
    ),
    (
        "lock_wait_timeout_ms",
        "ms",
        "bound on a wait for a row lock",
    ),
    ("sync_wait", "", "wsrep_sync_wait as sessions find it"),
    (
        "sync_wait_timeout_ms",
        "ms",
        "bound on a reading that waits for other nodes",
    ),
    (
        "flow_control_limit",
        "",
        "a node whose apply queue is longer makes all writers pause",
    ),
    (
        "flow_control_factor",
        "",
        "they go on when the queue is shorter than this part of the limit",
    ),
    (
        "suspect_timeout_ms",
        "ms",
        "silence after which nodes evict another node",
    ),
    (
        "rejoin_ms",
        "ms",
        "how long a node that comes back takes until it answers",
    ),
    (
        "snapshot_isolation",
        "",
        "innodb_snapshot_isolation: a write to a row that changed since the snapshot fails with 1020",
    ),
    (
        "snapshot_race_us",
        "µs",
        "unless the change came within this time before",
    ),
    (
        "health_check_ms",
        "ms",
        "how often the proxy asks each node",
    ),
    (
        "health_check_fall",
        "",
        "missed answers after which the proxy takes a node out",
    ),
];

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
    MEANINGS.iter().map(move |(key, unit, meaning)| {
        let default = defaults.get(*key).map_or("-".to_owned(), shown);
        [
            (*key).to_owned(),
            (*unit).to_owned(),
            default,
            (*meaning).to_owned(),
        ]
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
        let listed: Vec<_> = MEANINGS.iter().map(|(key, ..)| *key).collect();
        let known: Vec<_> = KEYS.iter().map(|(key, _)| *key).collect();
        assert_eq!(listed, known);
        let help = help();
        let line = |key: &str| help.lines().find(|line| line.trim_start().starts_with(key));
        let words: Vec<_> = line("statement ").unwrap().split_whitespace().collect();
        assert_eq!(words[..4], ["statement", "µs", "200..900", "processor"]);
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
