//! What every command is asked for alike that runs strategies.

use crate::backend::session_options::AffectedRows;
use crate::backend::url::AutocommitWrites;
use crate::command::options::{DEFAULT_COMPUTING_MS, DEFAULT_MEMORY_MIB};
use clap::Args;

#[derive(Args)]
pub struct SharedArguments {
    /// A setting for the strategy; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    pub(super) set: Vec<String>,
    /// How writes that commit by themselves are sent to a server, prepared or text: Galera's own
    /// retry (wsrep_retry_autocommit) is for text only [default: prepared]
    #[arg(
        long,
        value_name = "HOW",
        default_value = "prepared",
        hide_default_value = true
    )]
    pub(super) autocommit_writes: AutocommitWrites,
    /// Which rows a write counts: those that it changed, or those that it found (CLIENT_FOUND_ROWS,
    /// which most drivers set) [default: changed; SQLite counts found rows always]
    #[arg(long, value_name = "WHICH")]
    pub(super) affected_rows: Option<AffectedRows>,
    /// Memory of one instance, at most
    #[arg(long, value_name = "MIB", default_value_t = DEFAULT_MEMORY_MIB)]
    pub(super) memory_mib: u64,
    /// Computing time of one call of the strategy, at most; waiting is not counted
    #[arg(long, value_name = "MS", default_value_t = DEFAULT_COMPUTING_MS)]
    pub(super) computing_ms: u64,
}
