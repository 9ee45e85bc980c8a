//! `runner locks`.

use super::place;
use crate::command::locks::{hold, locks};
use crate::console::{Form, Output};
use crate::exit::{CommandError, Exit};
use clap::Args;
use std::path::PathBuf;

/// Asks each service: does a second client get in, are its tokens monotone, in which order and how quickly
/// is a lock handed over with 1, 10 and 100 waiters, how many locks a second does one client get, and when
/// is the lock of a killed process free? With --lab it also pauses, kills and restarts the server of a service
/// of that lab. Takes about a minute for each. Exit code: 0 if every claim of a service holds; 1 if one is
/// refuted; 2 if a service can't be measured; 3 if a question about it was left without an answer.
#[derive(Args)]
pub struct LocksArguments {
    /// Lock service: memory, file:DIR, redis://HOST:PORT, etcd://…, zookeeper://…, mysql://… or postgres://…, or @FILE; may be repeated. With a
    /// lab, the word alone ("redis") is the lab's own [default: memory, a folder of files, and those of the
    /// lab if it runs]
    #[arg(long, value_name = "URL", value_parser = place::read)]
    lock: Vec<String>,
    /// Lab of this machine, in its default folder or in DIR, whose servers may be broken: it is whole again
    /// afterwards, unless this command is ended before (`runner lab up`)
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true)]
    lab: Option<Option<PathBuf>>,
    /// Write the lines as CSV to a new file, or to standard output with -
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Print them as JSON
    #[arg(long, conflicts_with = "quiet")]
    json: bool,
    /// Print errors only; read the exit code
    #[arg(long)]
    quiet: bool,
    /// Hold the lock that standard input names
    #[arg(long, hide = true)]
    hold: bool,
}

impl LocksArguments {
    pub fn run(self) -> Result<Exit, CommandError> {
        if self.hold {
            return hold();
        }
        let output = Output {
            csv: self.csv,
            form: Form::new(self.json, self.quiet),
        };
        locks(&self.lock, self.lab, &output)
    }
}
