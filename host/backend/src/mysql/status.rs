//! Reads a server's status with SHOW, which it answers even when it refuses everything else.

use super::answer::{Failure, answer};
use crate::model::counters::NodeCounters;
use crate::model::value::{Row, Value};
use mysql_async::Conn;
use std::collections::BTreeMap;

/// Names and values, the names in lower case.
pub(super) type Shown = BTreeMap<String, String>;

/// Identity of a server without its address: behind a proxy every connection has the same address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    /// Host, port and folder: no two running servers share all of them. The name of the node
    /// distinguishes copies with the same host name.
    parts: [Option<String>; 4],
    /// The node's own name, where it replicates.
    pub(super) node: Option<String>,
}

/// Variables that affect an experiment, besides the version of the replication and the size of the cluster.
const DESCRIBED: &[&str] = &[
    "version",
    "version_comment",
    "wsrep_on",
    "autocommit",
    "transaction_isolation",
    "tx_isolation",
    "wsrep_sync_wait",
    "wsrep_retry_autocommit",
    "wsrep_slave_threads",
    "innodb_lock_wait_timeout",
    "innodb_flush_log_at_trx_commit",
    "innodb_snapshot_isolation",
    "sql_mode",
];

pub(super) const CLUSTER: &[&str] = &["wsrep_cluster_size", "wsrep_cluster_status"];

/// Variables with a node's view of the members of its cluster.
pub(super) const ROLL: &[&str] = &[
    "wsrep_cluster_size",
    "wsrep_cluster_state_uuid",
    "wsrep_incoming_addresses",
];

const COUNTERS: &[&str] = &[
    "wsrep_local_commits",
    "wsrep_local_cert_failures",
    "wsrep_local_bf_aborts",
    "wsrep_local_replays",
    "wsrep_flow_control_paused_ns",
    "wsrep_flow_control_sent",
];

pub(super) async fn identify(connection: &mut Conn) -> Result<Identity, Failure> {
    let names = ["hostname", "port", "datadir", "wsrep_node_name", "wsrep_on"];
    let shown = show(connection, &show_variables(&names)).await?;
    let of = |name: &str| shown.get(name).filter(|value| !value.is_empty()).cloned();
    let replicates = of("wsrep_on").as_deref() == Some("ON");
    Ok(Identity {
        parts: [
            of("hostname"),
            of("port"),
            of("datadir"),
            of("wsrep_node_name"),
        ],
        node: of("wsrep_node_name").filter(|_| replicates),
    })
}

pub(super) async fn describe(connection: &mut Conn) -> Result<Shown, Failure> {
    let mut described = show(connection, &show_variables(DESCRIBED)).await?;
    let names = ["wsrep_cluster_size", "wsrep_provider_version"];
    described.extend(show(connection, &show_status(&names)).await?);
    Ok(described)
}

/// Uptime of the server, in whole seconds.
pub(super) async fn uptime_s(connection: &mut Conn) -> Result<Option<u64>, Failure> {
    let shown = show(connection, &show_status(&["uptime"])).await?;
    Ok(shown.get("uptime").and_then(|text| text.parse().ok()))
}

/// The connections that a server would still take. MySQL keeps its counters elsewhere and refuses this.
pub(super) const ROOM: &str = "SELECT CAST(@@max_connections AS SIGNED) - CAST(VARIABLE_VALUE AS SIGNED) \
    FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'THREADS_CONNECTED'";

/// Its answer.
pub(super) fn room(rows: &[Row]) -> Option<u64> {
    match rows.first()?.first()? {
        Value::Integer(left) => Some(u64::try_from(*left).unwrap_or(0)),
        _ => None,
    }
}

pub(super) fn counters_text() -> String {
    show_status(COUNTERS)
}

/// The counters of a node; nothing where none of them is counted.
pub(super) fn counters(node: &str, rows: Vec<Row>) -> Option<NodeCounters> {
    let shown = pairs(rows);
    let number = |name: &str| shown.get(name).and_then(|text| text.parse().ok());
    (!shown.is_empty()).then(|| NodeCounters {
        node: node.to_owned(),
        commits: number("wsrep_local_commits"),
        certification_failures: number("wsrep_local_cert_failures"),
        brute_force_aborts: number("wsrep_local_bf_aborts"),
        replays: number("wsrep_local_replays"),
        flow_control_paused_ns: number("wsrep_flow_control_paused_ns"),
        flow_control_pauses: number("wsrep_flow_control_sent"),
    })
}

fn show_variables(names: &[&str]) -> String {
    format!("SHOW SESSION VARIABLES WHERE {}", among(names))
}

pub(super) fn show_status(names: &[&str]) -> String {
    format!("SHOW GLOBAL STATUS WHERE {}", among(names))
}

fn among(names: &[&str]) -> String {
    format!("Variable_name IN ('{}')", names.join("', '"))
}

pub(super) async fn show(connection: &mut Conn, text: &str) -> Result<Shown, Failure> {
    let answer = answer(connection, text, &[], usize::MAX).await?;
    Ok(pairs(answer.rows))
}

pub(super) fn pairs(rows: Vec<Row>) -> Shown {
    let text = |value: Value| value.into_text();
    rows.into_iter()
        .filter_map(|row| {
            let mut values = row.into_iter();
            let name = text(values.next()?)?.to_ascii_lowercase();
            Some((name, text(values.next()?)?))
        })
        .collect()
}
