//! `runner lab`.

use crate::command::lab;
use crate::console::Form;
use crate::exit::{CommandError, Exit};
use crate::model::lab_fault::{LabAction, LabFault};
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum LabArguments {
    /// Start the lab, or its missing servers, and undo its faults
    Up {
        /// MariaDB nodes, 1 to 5 [default: as before, or 3]
        #[arg(long, value_name = "N")]
        nodes: Option<u32>,
        /// First port; the others follow from it [default: as before, or 13300]
        #[arg(long, value_name = "PORT")]
        port: Option<u16>,
        /// MariaDB setting for every node, after the lab's own; may be repeated [default: as before]
        #[arg(long, value_name = "NAME=VALUE")]
        mariadb: Vec<String>,
    },
    /// Show the state of each server; exit code 0 if the lab is whole
    Status {
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the flags that make a run use this lab, with its password
    Url {
        /// Print the addresses as JSON
        #[arg(long)]
        json: bool,
    },
    /// Inject a fault into a server, or end it
    Fault {
        #[arg(value_name = "pause|resume|kill|start|restart|isolate|heal")]
        action: LabAction,
        /// A node such as n1, haproxy or redis
        #[arg(value_name = "SERVER")]
        target: String,
    },
    /// Stop the lab; leaves no process
    Down {
        /// Remove its data too
        #[arg(long)]
        wipe: bool,
    },
}

impl LabArguments {
    /// Carries out the action on the lab in this folder, or in the usual one.
    pub fn run(self, dir: Option<PathBuf>) -> Result<Exit, CommandError> {
        let dir = lab::dir(dir)?;
        let form = |json| Form::new(json, false);
        match self {
            Self::Up {
                nodes,
                port,
                mariadb,
            } => lab::up(dir, nodes, port, &mariadb),
            Self::Status { json } => lab::status(&dir, form(json)),
            Self::Url { json } => lab::url(&dir, form(json)),
            Self::Fault { action, target } => lab::fault(&dir, &LabFault { action, target }),
            Self::Down { wipe } => lab::down(&dir, wipe),
        }
    }
}
