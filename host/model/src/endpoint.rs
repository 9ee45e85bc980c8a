//! The server to which sessions go that are for none in particular.

use serde::{Deserialize, Serialize};

crate::words! {
    /// An endpoint of a lab, or of the simulated cluster, which has the first two.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Endpoint {
        /// A proxy that sends each session to the next healthy node.
        #[default]
        All = "all",
        /// A proxy that sends every session to the first healthy node of Galera, or to the primary of
        /// PostgreSQL. While Galera's first node is away, that is the next one; sessions stay there when the
        /// first is back, so for that time two nodes are written to.
        OneWriter = "one-writer",
        /// PgBouncer in transaction mode, before PostgreSQL's primary.
        Pooled = "pooled",
    }
}
