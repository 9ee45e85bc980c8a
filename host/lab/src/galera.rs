//! The Galera lab: MariaDB nodes that replicate by certification, each of which takes writes.

mod client;
mod config;
mod fault;
mod group;
mod position;
mod seed;
mod settings;

use crate::error::{LabError, refused};
use crate::kind::Cluster;
use crate::launch::Launcher;
use crate::options::LabOptions;
use crate::process::{Process, ProcessState};
use crate::programs;
use crate::server::Server;
use crate::status::{NodeStatus, NodeView, ProxyTable};
use client::Client;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Galera's library, and the folders in which distributions install it.
const PROVIDER: &str = "libgalera_smm.so";
const PROVIDER_PLACES: &[&str] = &[
    "/usr/lib/galera",
    "/usr/lib64/galera-4",
    "/usr/lib/galera-4",
    "/usr/lib64/galera",
    "/usr/lib",
    "/usr/lib64",
];

/// A node's view of its group.
#[derive(Debug, Clone, Default, Serialize)]
pub struct GaleraView {
    /// `Primary` in the majority, else `non-Primary`.
    pub component: Option<String>,
    /// `Synced`, `Joined`, `Donor/Desynced`, and so on.
    pub state: Option<String>,
    pub cluster_size: Option<u32>,
    /// Write sets that it has received and not yet applied.
    pub receive_queue: Option<u64>,
    /// Write sets that it has not yet sent.
    pub send_queue: Option<u64>,
    #[serde(skip)]
    pub(super) ready: bool,
}

pub(super) struct Galera;

impl Cluster for Galera {
    fn needed(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("mariadbd", "mariadb-server"),
            ("mariadb-install-db", "mariadb-server"),
            ("mariadb", "mariadb-server"),
            (PROVIDER, "galera-4"),
            ("rsync", "rsync"),
        ]
    }

    fn program(&self, name: &str) -> Option<PathBuf> {
        if name != PROVIDER {
            return programs::program(name);
        }
        let mut places = PROVIDER_PLACES
            .iter()
            .map(|place| Path::new(place).join(PROVIDER));
        places.find(|path| path.exists())
    }

    fn refusal(&self, name: &str, value: &str) -> Option<&'static str> {
        settings::refusal(name, value)
    }

    fn files(
        &self,
        server: Server,
        launcher: &Launcher,
    ) -> Result<Vec<(&'static str, String)>, LabError> {
        let provider = launcher.programs.path(PROVIDER);
        let text = config::node(server, &launcher.options, provider);
        Ok(vec![(server.config_name(), text)])
    }

    fn proxied(&self, options: &LabOptions) -> String {
        config::proxied(options)
    }

    fn raise(
        &self,
        launcher: &Launcher,
        password: &str,
        new_password: bool,
        progress: &mut dyn FnMut(String),
    ) -> Result<(), LabError> {
        group::raise(launcher, password, new_password, progress)
    }

    fn view(&self, node: Server, options: &LabOptions, process: ProcessState) -> NodeView {
        let view = match (process, Client::find()) {
            (ProcessState::Running, Ok(client)) => client.view(node, &options.dir).ok(),
            _ => None,
        };
        NodeView::Galera(view.map_or_else(GaleraView::default, |view| GaleraView {
            component: Some(view.component),
            state: Some(view.state),
            cluster_size: view.size,
            receive_queue: view.receive_queue,
            send_queue: view.send_queue,
            ready: view.ready,
        }))
    }

    fn behind_proxy(&self, node: &str, table: &ProxyTable) -> Option<String> {
        table.state("nodes", node).map(str::to_owned)
    }

    fn is_whole(&self, nodes: &mut [NodeStatus]) -> bool {
        let all = nodes.len();
        nodes.iter().all(|node| {
            let NodeView::Galera(view) = &node.view else {
                return false;
            };
            view.ready
                && view.component.as_deref() == Some("Primary")
                && view.state.as_deref() == Some("Synced")
                && view.cluster_size.is_some_and(|size| size as usize == all)
        })
    }

    fn is_proxied(&self, table: &ProxyTable, options: &LabOptions) -> bool {
        let mut names = options.names().into_iter();
        names.all(|name| table.is_up("nodes", &name))
    }

    fn isolate(&self, node: Server, options: &LabOptions) -> Result<(), LabError> {
        fault::isolate(node, options)
    }

    fn heal(
        &self,
        node: Server,
        process: Option<Process>,
        options: &LabOptions,
    ) -> Result<(), LabError> {
        let server = node.name();
        let process = process.ok_or(LabError::NotRunning { server })?;
        fault::heal(node, process, options)
    }

    fn restart(
        &self,
        node: Server,
        process: Option<Process>,
        launcher: &Launcher,
    ) -> Result<(), LabError> {
        fault::restart(node, process, launcher)
    }

    fn promote(&self, node: Server, _options: &LabOptions) -> Result<(), LabError> {
        let why = "every node of Galera takes writes";
        Err(refused(node.name(), why))
    }
}
