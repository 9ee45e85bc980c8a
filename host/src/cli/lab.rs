//! `runner lab`.

use crate::command::lab;
use crate::console::Form;
use crate::exit::{CommandError, Exit};
use crate::lab::{Kind, Services};
use crate::model::endpoint::Endpoint;
use crate::model::lab_fault::{LabAction, LabFault};
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum LabArguments {
    /// Start the lab, or its missing servers, and undo its faults
    Up {
        /// galera (MariaDB) or postgres (a primary, standbys, PgBouncer) [default: as before, or galera]
        #[arg(long, value_name = "KIND")]
        kind: Option<Kind>,
        /// Nodes, 1 to 5 [default: as before, or 3]
        #[arg(long, value_name = "N")]
        nodes: Option<u32>,
        /// A commit on the PostgreSQL primary waits for a standby [default: as before, or false]
        #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
        synchronous: Option<bool>,
        /// Services beside the database: etcd (three servers), zookeeper and memcached, with commas between them,
        /// or none [default: as before, or none]
        #[arg(long, value_name = "SERVICES")]
        with: Option<Services>,
        /// First port; the others follow from it [default: as before, or 13300]
        #[arg(long, value_name = "PORT")]
        port: Option<u16>,
        /// Database setting for every node, after the lab's own; may be repeated [default: as before]
        #[arg(long = "set", value_name = "NAME=VALUE", alias = "mariadb")]
        settings: Vec<String>,
    },
    /// Show the state of each server; exit code 0 if the lab is whole
    Status {
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the flags that make a run use this lab, with its password
    Url {
        /// all (Galera's nodes in turn), one-writer (one node, the others as backups), or pooled (PgBouncer
        /// before PostgreSQL) [default: all, or PostgreSQL's primary]
        #[arg(long, value_name = "WHICH")]
        endpoint: Option<Endpoint>,
        /// Print the addresses as JSON
        #[arg(long)]
        json: bool,
    },
    /// Inject a fault into a server, or end it
    Fault {
        #[arg(value_name = "pause|resume|kill|start|restart|isolate|heal|promote")]
        action: LabAction,
        /// A node such as n1, haproxy, redis, pgbouncer, etcd1, zookeeper or memcached; "kill all" kills every node at once, "start all" makes
        /// the lab whole
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
                kind,
                nodes,
                synchronous,
                with,
                port,
                settings,
            } => {
                let mut options = lab::last_options(dir, kind)?;
                options.nodes = nodes.unwrap_or(options.nodes);
                options.port = port.unwrap_or(options.port);
                options.synchronous = synchronous.unwrap_or(options.synchronous);
                options.services = with.unwrap_or(options.services);
                lab::up(options, &settings)
            }
            Self::Status { json } => lab::status(&dir, form(json)),
            Self::Url { endpoint, json } => lab::url(&dir, endpoint, form(json)),
            Self::Fault { action, target } => lab::fault(&dir, &LabFault { action, target }),
            Self::Down { wipe } => lab::down(&dir, wipe),
        }
    }
}
