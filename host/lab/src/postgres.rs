//! The PostgreSQL lab: a primary, and standbys that stream from it.

mod client;
mod config;
mod data;
mod fault;
mod group;
mod programs;
mod settings;

use crate::cluster::Cluster;
use crate::error::LabError;
use crate::folder;
use crate::launch::Launcher;
use crate::options::LabOptions;
use crate::process::{Process, ProcessState};
use crate::record::Record;
use crate::server::Server;
use crate::view::{NodeStatus, NodeView, PostgresView, ProxyTable};
use client::Client;
use config::{TO_PRIMARY, TO_STANDBYS};
use group::Group;
use std::path::PathBuf;

/// A standby that lacks more than this of what the primary has written is not near: a segment.
const NEAR: u64 = 16 << 20;

pub(super) struct Postgres;

impl Cluster for Postgres {
    fn needed(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("postgres", "postgresql"),
            ("initdb", "postgresql"),
            ("pg_basebackup", "postgresql"),
            ("pg_rewind", "postgresql"),
            ("psql", "postgresql"),
            ("pgbouncer", "pgbouncer"),
        ]
    }

    fn program(&self, name: &str) -> Option<PathBuf> {
        programs::find(name)
    }

    fn refusal(&self, name: &str, _value: &str) -> Option<&'static str> {
        settings::refusal(name)
    }

    fn files(
        &self,
        server: Server,
        launcher: &Launcher,
    ) -> Result<Vec<(&'static str, String)>, LabError> {
        let options = &launcher.options;
        if server == Server::Pooler {
            let password = folder::read_password(&options.dir)?.unwrap_or_default();
            return Ok(vec![
                (server.config_name(), config::pooler(options)),
                ("users.txt", config::pooler_users(&password)),
            ]);
        }
        let upstream = group::upstream(server, options)?;
        Ok(vec![
            (
                server.config_name(),
                config::node(server, upstream, options),
            ),
            ("pg_hba.conf", config::access()),
        ])
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
        Group::of(launcher)?.raise(password, new_password, progress)
    }

    fn view(&self, node: Server, options: &LabOptions, process: ProcessState) -> NodeView {
        let view = match (process, Client::find(options)) {
            (ProcessState::Running, Ok(client)) => client.view(node).ok(),
            _ => None,
        };
        let role = |in_recovery| match in_recovery {
            true => "standby".to_owned(),
            false => "primary".to_owned(),
        };
        NodeView::Postgres(
            view.map_or_else(PostgresView::default, |view| PostgresView {
                role: Some(role(view.in_recovery)),
                stream: view.stream,
                position: Some(client::written(view.position)),
                lag_bytes: None,
                bytes: view.position,
            }),
        )
    }

    fn behind_proxy(&self, node: &str, table: &ProxyTable) -> Option<String> {
        let mut proxies = [TO_PRIMARY, TO_STANDBYS].into_iter();
        table.state(TO_PRIMARY, node)?;
        let up = proxies.find(|proxy| table.is_up(proxy, node));
        Some(up.unwrap_or("DOWN").to_owned())
    }

    fn is_whole(&self, nodes: &mut [NodeStatus]) -> bool {
        let mut views: Vec<_> = nodes
            .iter_mut()
            .filter_map(|node| match &mut node.view {
                NodeView::Postgres(view) => Some(view),
                NodeView::Galera(_) => None,
            })
            .collect();
        let has_role = |view: &PostgresView, role: &str| view.role.as_deref() == Some(role);
        let primaries = views.iter().filter(|view| has_role(view, "primary"));
        let primaries: Vec<_> = primaries.map(|view| view.bytes).collect();
        let &[written] = primaries.as_slice() else {
            return false;
        };
        let mut whole = true;
        for view in views.iter_mut().filter(|view| !has_role(view, "primary")) {
            view.lag_bytes = view
                .role
                .as_ref()
                .map(|_| written.saturating_sub(view.bytes));
            whole &= view.stream.as_deref() == Some("streaming")
                && view.lag_bytes.is_some_and(|lag| lag < NEAR);
        }
        whole
    }

    fn is_proxied(&self, table: &ProxyTable, options: &LabOptions) -> bool {
        let primary = Record::read(&options.dir).ok().flatten();
        let primary = primary.map(|record| record.primary());
        options.node_servers().into_iter().all(|node| {
            let proxy = match Some(node) == primary {
                true => TO_PRIMARY,
                false => TO_STANDBYS,
            };
            table.is_up(proxy, &node.name())
        })
    }

    fn isolate(&self, node: Server, launcher: &Launcher) -> Result<(), LabError> {
        fault::isolate(node, launcher)
    }

    fn heal(
        &self,
        node: Server,
        process: Option<Process>,
        launcher: &Launcher,
    ) -> Result<(), LabError> {
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

    fn promote(&self, node: Server, launcher: &Launcher) -> Result<(), LabError> {
        fault::promote(node, launcher)
    }

    fn heir(&self, launcher: &Launcher) -> Result<Server, LabError> {
        Group::of(launcher)?.heir()
    }
}
