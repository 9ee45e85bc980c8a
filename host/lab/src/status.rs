//! State of a lab: each server's process, and its answer.

use super::cluster::Cluster;
use super::kind::Kind;
use super::options::LabOptions;
use super::process::{Process, ProcessState};
use super::record::Record;
use super::server::Server;
use super::view::{NodeStatus, ProxyTable, ServerStatus, answers};
use serde::Serialize;
use std::path::PathBuf;
use std::thread;

/// A lab at one moment.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    pub dir: PathBuf,
    pub kind: Kind,
    /// Every node has all data and sees all others (PostgreSQL: one is primary, and the others stream from
    /// it and are near); the other servers answer.
    pub whole: bool,
    pub nodes: Vec<NodeStatus>,
    pub haproxy: ServerStatus,
    pub redis: ServerStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pgbouncer: Option<ServerStatus>,
}

pub(super) fn read(options: &LabOptions, cluster: &dyn Cluster) -> Status {
    let lab = &options.dir;
    let record = Record::read(lab).ok().flatten();
    let status = |server| {
        let process = record.as_ref().and_then(|record| record.process(server));
        server_status(server, process, options)
    };
    let table = ProxyTable::read(lab);
    // Side by side: one that does not answer costs its limit once, not for each.
    let mut nodes: Vec<_> = thread::scope(|scope| {
        let asked: Vec<_> = options
            .node_servers()
            .into_iter()
            .map(|node| {
                let (mut server, table) = (status(node), &table);
                scope.spawn(move || {
                    let view = cluster.view(node, options, server.process);
                    server.answers = view.answers();
                    let behind_proxy = cluster.behind_proxy(&server.name, table);
                    NodeStatus {
                        server,
                        view,
                        behind_proxy,
                    }
                })
            })
            .collect();
        let answers = asked.into_iter();
        answers
            .map(|node| node.join().expect("it only asks"))
            .collect()
    });
    let other = |server| {
        let mut status = status(server);
        status.answers = status.process == ProcessState::Running && answers(server, status.port);
        status
    };
    let (haproxy, redis) = (other(Server::Proxy), other(Server::Redis));
    let pgbouncer = (options.kind == Kind::Postgres).then(|| other(Server::Pooler));
    let others_answer =
        haproxy.answers && redis.answers && pgbouncer.as_ref().is_none_or(|pooler| pooler.answers);
    Status {
        dir: lab.clone(),
        kind: options.kind,
        whole: cluster.is_whole(&mut nodes) && others_answer,
        nodes,
        haproxy,
        redis,
        pgbouncer,
    }
}

fn server_status(server: Server, process: Option<Process>, options: &LabOptions) -> ServerStatus {
    let state = process.map_or(ProcessState::Dead, Process::state);
    let living = process.filter(|_| state != ProcessState::Dead);
    ServerStatus {
        name: server.name(),
        port: server.port(options.ports()),
        process: state,
        pid: living.map(|process| process.pid),
        answers: false,
    }
}
