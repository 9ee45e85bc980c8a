//! The kinds of lab.

use serde::{Deserialize, Serialize};

crate::model::words! {
    /// A kind of lab, by what its nodes are.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Kind {
        /// MariaDB nodes with Galera, of which each takes writes.
        #[default]
        Galera = "galera",
        /// A PostgreSQL primary and its standbys, with PgBouncer.
        Postgres = "postgres",
    }
}
