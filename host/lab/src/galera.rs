//! The Galera lab: MariaDB nodes that replicate by certification, each of which takes writes.

mod client;
mod config;
mod fault;
mod group;
mod position;
mod seed;
mod settings;

use crate::cluster::Cluster;
use crate::error::{LabError, refused};
use crate::launch::Launcher;
use crate::options::LabOptions;
use crate::process::{Process, ProcessState};
use crate::programs;
use crate::server::Server;
use crate::view::{GaleraView, NodeStatus, NodeView, ProxyTable};
use client::Client;
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
        table.state(config::NODES, node).map(str::to_owned)
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
        names.all(|name| table.is_up(config::NODES, &name))
    }

    fn isolate(&self, node: Server, launcher: &Launcher) -> Result<(), LabError> {
        fault::isolate(node, launcher.lab())
    }

    fn heal(
        &self,
        node: Server,
        process: Option<Process>,
        launcher: &Launcher,
    ) -> Result<(), LabError> {
        let server = node.name();
        let process = process.ok_or(LabError::NotRunning { server })?;
        fault::heal(node, process, launcher)
    }

    fn restart(
        &self,
        node: Server,
        process: Option<Process>,
        launcher: &Launcher,
    ) -> Result<(), LabError> {
        fault::restart(node, process, launcher)
    }

    fn promote(&self, node: Server, _launcher: &Launcher) -> Result<(), LabError> {
        let why = "every node of Galera takes writes";
        Err(refused(node.name(), why))
    }

    fn heir(&self, _launcher: &Launcher) -> Result<Server, LabError> {
        Err(refused("the lab", "every node of Galera takes writes"))
    }
}
