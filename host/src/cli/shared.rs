//! Options of every command that runs strategies.

use crate::backend::session_options::AffectedRows;
use crate::backend::url::AutocommitWrites;
use crate::command::options::{DEFAULT_COMPUTING_MS, DEFAULT_MEMORY_MIB};
use clap::Args;

#[derive(Args)]
pub struct SharedArguments {
    /// Setting for the strategy; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    pub(super) set: Vec<String>,
    /// Protocol of autocommit writes, prepared or text: a Galera server retries text only
    /// (wsrep_retry_autocommit) [default: prepared]
    #[arg(
        long,
        value_name = "HOW",
        default_value = "prepared",
        hide_default_value = true
    )]
    pub(super) autocommit_writes: AutocommitWrites,
    /// Rows that a write counts: changed, or found (CLIENT_FOUND_ROWS, which most drivers set)
    /// [default: changed; SQLite always counts found rows]
    #[arg(long, value_name = "WHICH")]
    pub(super) affected_rows: Option<AffectedRows>,
    /// Memory limit of one instance
    #[arg(long, value_name = "MIB", default_value_t = DEFAULT_MEMORY_MIB)]
    pub(super) memory_mib: u64,
    /// Limit on the processor time of one call of the strategy; waiting does not count
    #[arg(long, value_name = "MS", default_value_t = DEFAULT_COMPUTING_MS)]
    pub(super) computing_ms: u64,
}
