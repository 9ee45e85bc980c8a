//! Options of every command that runs strategies.

use crate::backend::session_options::{AffectedRows, Isolation, SessionSettings};
use crate::backend::url::AutocommitWrites;
use crate::model::endpoint::Endpoint;
use crate::plan::options::{DEFAULT_COMPUTING_MS, DEFAULT_MEMORY_MIB, Defaults, PlanOptions};
use crate::plan::workload_file::WorkloadOptions;
use clap::Args;

#[derive(Args)]
pub struct SharedArguments {
    /// Setting for the strategy; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Protocol of autocommit writes, prepared or text: a Galera server retries text only
    /// (wsrep_retry_autocommit) [default: prepared]
    #[arg(
        long,
        value_name = "HOW",
        default_value = "prepared",
        hide_default_value = true
    )]
    autocommit_writes: AutocommitWrites,
    /// Rows that a write counts: changed, or found (CLIENT_FOUND_ROWS, which most drivers set)
    /// [default: changed; SQLite and PostgreSQL always count found rows]
    #[arg(long, value_name = "WHICH")]
    affected_rows: Option<AffectedRows>,
    /// Isolation level of the workers' sessions: read-committed, repeatable-read, serializable, or snapshot
    /// (MariaDB's innodb_snapshot_isolation) [default: the server's]
    #[arg(long, value_name = "LEVEL")]
    isolation: Option<Isolation>,
    /// wsrep_sync_wait of the workers' sessions: 1 lets reads wait for what other nodes committed
    /// [default: the server's]
    #[arg(long, value_name = "N")]
    sync_wait: Option<u8>,
    /// Endpoint of the lab or the simulator: all (Galera's nodes in turn), one-writer (one node, the others as
    /// backups), or pooled (PgBouncer in transaction mode, before PostgreSQL) [default: all, or PostgreSQL's
    /// primary]
    #[arg(long, value_name = "WHICH")]
    endpoint: Option<Endpoint>,
    /// Memory limit of one instance
    #[arg(long, value_name = "MIB", default_value_t = DEFAULT_MEMORY_MIB)]
    memory_mib: u64,
    /// Limit on the processor time of one call of the strategy; waiting does not count
    #[arg(long, value_name = "MS", default_value_t = DEFAULT_COMPUTING_MS)]
    computing_ms: u64,
}

impl SharedArguments {
    /// The options of these strategies on this database, without a workload.
    pub fn options(
        self,
        strategies: Vec<String>,
        database: String,
        locks: String,
        defaults: Defaults,
    ) -> PlanOptions {
        PlanOptions {
            strategies,
            workload: None,
            flags: WorkloadOptions::default(),
            defaults,
            database,
            nodes: Vec::new(),
            lab: None,
            autocommit_writes: self.autocommit_writes,
            affected_rows: self.affected_rows,
            session: SessionSettings {
                isolation: self.isolation,
                sync_wait: self.sync_wait,
            },
            endpoint: self.endpoint,
            locks,
            settings: self.set,
            memory_mib: self.memory_mib,
            computing_ms: self.computing_ms,
        }
    }
}
