//! The simulated cluster: its nodes, how far apart they are, how long everything takes there.

use super::change::Nanos;
use super::endpoint::Endpoint;
use serde::{Deserialize, Serialize};

/// A duration: the median, and the 99th percentile of a log-normal distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    pub p50_us: f64,
    pub p99_us: f64,
}

crate::words! {
    /// The way in which the nodes of a cluster work together.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum ClusterKind {
        /// MariaDB with Galera: every node takes writes, and certification decides between them.
        #[default]
        Galera = "galera",
        /// PostgreSQL with streaming replication: the first node is the primary, the others are standbys.
        Postgres = "postgres",
    }
}

/// Left out of files, so that plans of former builds are read as they were meant.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A cluster for the simulator. Every number has a default, most of them fitted to the lab.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Topology {
    #[serde(skip_serializing_if = "is_default")]
    pub kind: ClusterKind,
    /// A commit waits until one standby has it, as with `synchronous_standby_names = 'ANY 1 (*)'`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub synchronous: bool,
    /// 1 to 1,000, called `n1`, `n2`, …
    pub nodes: u32,
    /// The nodes stand in so many places, in turn: the first in the first place, and so on.
    pub regions: u32,
    /// One way between two places.
    pub region_latency_ms: f64,
    /// One way between any two nodes, by row and column; instead of the two above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<Vec<Vec<f64>>>,
    /// One way within a place, between nodes.
    pub latency: Spread,
    /// One way between a client and a server: a node, the proxy, the lock service.
    pub client_latency: Spread,
    /// Processor time of a statement.
    pub statement: Spread,
    /// Processor time of a commit on its own node.
    pub commit: Spread,
    /// Processor time of applying one write set on another node.
    pub apply: Spread,
    /// The number of processors of the servers; 0 for no bound. Work that finds none free waits.
    pub processors: u32,
    /// All nodes share the processors, as in a lab on one machine; otherwise each has so many.
    pub processors_shared: bool,
    /// A single autocommit statement that came as text is tried again so often by its server.
    pub retry_autocommit: u32,
    /// A wait for a row lock ends after this.
    pub lock_wait_timeout_ms: u64,
    /// `wsrep_sync_wait` as sessions find it.
    pub sync_wait: u32,
    /// A reading that waits for other nodes gives up after this.
    pub sync_wait_timeout_ms: u64,
    /// A node whose apply queue is longer makes all writers pause …
    pub flow_control_limit: u32,
    /// … until the queue is shorter than this part of the limit.
    pub flow_control_factor: f64,
    /// Nodes that do not hear from another shut it out after this.
    pub suspect_timeout_ms: u64,
    /// A node that comes back needs so long until it answers again.
    pub rejoin_ms: u64,
    /// `innodb_snapshot_isolation`: a write to a row that changed since the transaction's snapshot
    /// is refused with 1020 …
    pub snapshot_isolation: bool,
    /// … unless it came from another node and was applied within so many µs before: a race that others
    /// saw on clusters, never on one server. A violation that needs it says so; 0 leaves it out.
    pub snapshot_race_us: u64,
    /// The proxy asks each node so often …
    pub health_check_ms: u64,
    /// … and takes it out after so many answers missed.
    pub health_check_fall: u32,
    /// Left out where it is the default, so that plans and tokens of before mean what they did.
    #[serde(skip_serializing_if = "is_default")]
    pub endpoint: Endpoint,
}

impl Default for Topology {
    fn default() -> Self {
        let spread = |p50_us, p99_us| Spread { p50_us, p99_us };
        Self {
            kind: ClusterKind::Galera,
            synchronous: false,
            nodes: 3,
            regions: 1,
            region_latency_ms: 40.0,
            latency_ms: None,
            latency: spread(60.0, 300.0),
            client_latency: spread(40.0, 150.0),
            statement: spread(200.0, 900.0),
            commit: spread(150.0, 800.0),
            apply: spread(120.0, 700.0),
            processors: 2,
            processors_shared: true,
            retry_autocommit: 1,
            lock_wait_timeout_ms: 50_000,
            sync_wait: 0,
            sync_wait_timeout_ms: 6_000,
            flow_control_limit: 16,
            flow_control_factor: 1.0,
            suspect_timeout_ms: 6_000,
            rejoin_ms: 6_000,
            snapshot_isolation: false,
            snapshot_race_us: 300,
            health_check_ms: 1_000,
            health_check_fall: 2,
            endpoint: Endpoint::All,
        }
    }
}

impl Topology {
    /// Says whether a node can take the place of the one that takes the writes.
    pub fn has_standbys(&self) -> bool {
        self.kind == ClusterKind::Postgres && self.nodes > 1
    }

    /// The names of the nodes.
    pub fn names(&self) -> Vec<String> {
        (1..=self.nodes).map(|node| format!("n{node}")).collect()
    }

    /// One way between two nodes, without its spread, where they are in different places; nothing
    /// within one.
    pub fn distance(&self, from: usize, to: usize) -> Nanos {
        let ms = match &self.latency_ms {
            Some(matrix) => matrix[from][to],
            None if from % self.regions as usize == to % self.regions as usize => 0.0,
            None => self.region_latency_ms,
        };
        (ms * 1e6) as Nanos
    }
}
