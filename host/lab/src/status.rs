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
    /// The servers of the services on request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<ServerStatus>,
}

impl Status {
    /// Every server that is no node.
    pub fn others(&self) -> impl Iterator<Item = &ServerStatus> {
        let others = [&self.haproxy, &self.redis];
        others
            .into_iter()
            .chain(&self.pgbouncer)
            .chain(&self.services)
    }
}

pub(super) fn read(options: &LabOptions, cluster: &dyn Cluster) -> Status {
    let lab = &options.dir;
    let record = Record::read(lab).ok().flatten();
    let status = |server| {
        let process = record.as_ref().and_then(|record| record.process(server));
        server_status(server, process, options)
    };
    let table = ProxyTable::read(lab);
    let mut nodes = side_by_side(options.node_servers(), &|node| {
        let mut server = status(node);
        let view = cluster.view(node, options, server.process);
        server.answers = view.answers();
        let behind_proxy = cluster.behind_proxy(&server.name, &table);
        NodeStatus {
            server,
            view,
            behind_proxy,
        }
    });
    let other = |server| {
        let mut status = status(server);
        status.answers = status.process == ProcessState::Running && answers(server, status.port);
        status
    };
    let (haproxy, redis) = (other(Server::Proxy), other(Server::Redis));
    let pgbouncer = (options.kind == Kind::Postgres).then(|| other(Server::Pooler));
    let services = options.services.each().flat_map(Server::of_service);
    let services = side_by_side(services.collect(), &other);
    let mut status = Status {
        dir: lab.clone(),
        kind: options.kind,
        whole: cluster.is_whole(&mut nodes),
        nodes,
        haproxy,
        redis,
        pgbouncer,
        services,
    };
    let others_answer = status.others().all(|server| server.answers);
    status.whole &= others_answer;
    status
}

/// Asks all at once: one that does not answer costs its limit once, not for each.
fn side_by_side<T: Send>(servers: Vec<Server>, ask: &(dyn Fn(Server) -> T + Sync)) -> Vec<T> {
    thread::scope(|scope| {
        let asked = servers
            .into_iter()
            .map(|server| scope.spawn(move || ask(server)));
        // All are asked before the first is waited for.
        let asked: Vec<_> = asked.collect();
        let answers = asked.into_iter();
        answers
            .map(|answer| answer.join().expect("it only asks"))
            .collect()
    })
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
