//! State of a lab: each server's process, and its answer.

use super::galera::client::Client;
use super::options::LabOptions;
use super::process::{Process, ProcessState};
use super::record::Record;
use super::server::Server;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

/// Timeout for the answer of a live server.
const LIMIT: Duration = Duration::from_secs(2);

/// A lab at one moment.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    pub dir: PathBuf,
    /// Every node has all data and sees all others; proxy and Redis answer.
    pub whole: bool,
    pub nodes: Vec<NodeStatus>,
    pub haproxy: ServerStatus,
    pub redis: ServerStatus,
}

/// A server's process, and whether clients get an answer.
#[derive(Debug, Clone, Serialize)]
pub struct ServerStatus {
    pub name: String,
    pub port: u16,
    pub process: ProcessState,
    /// `None` if it is dead.
    pub pid: Option<i32>,
    pub answers: bool,
}

/// A node, and how it sees itself. What it does not answer is nothing.
#[derive(Debug, Clone, Serialize)]
pub struct NodeStatus {
    #[serde(flatten)]
    pub server: ServerStatus,
    /// `Primary` in the majority, else `non-Primary`.
    pub component: Option<String>,
    /// `Synced`, `Joined`, `Donor/Desynced`, and so on.
    pub state: Option<String>,
    pub cluster_size: Option<u32>,
    /// Write sets that it has received and not yet applied.
    pub receive_queue: Option<u64>,
    /// Write sets that it has not yet sent.
    pub send_queue: Option<u64>,
    /// Its state in the proxy: `UP`, `DOWN`, or a step between.
    pub behind_proxy: Option<String>,
}

pub(super) fn read(options: &LabOptions) -> Status {
    let lab = &options.dir;
    let record = Record::read(lab).ok().flatten();
    let process = |server| record.as_ref().and_then(|record| record.process(server));
    let client = Client::find().ok();
    let seen = behind_proxy(lab);
    // Side by side: one that does not answer costs its limit once, not for each.
    let nodes: Vec<_> = thread::scope(|scope| {
        let asked: Vec<_> = (1..=options.nodes)
            .map(Server::Node)
            .map(|server| {
                let status = server_status(server, process(server), options);
                let (client, seen) = (client.as_ref(), &seen);
                scope.spawn(move || node_status(server, status, client, lab, seen))
            })
            .collect();
        let answers = asked.into_iter();
        answers
            .map(|node| node.join().expect("it only asks"))
            .collect()
    });
    let mut haproxy = server_status(Server::Proxy, process(Server::Proxy), options);
    haproxy.answers = haproxy.process == ProcessState::Running && listens(haproxy.port);
    let mut redis = server_status(Server::Redis, process(Server::Redis), options);
    redis.answers = redis.process == ProcessState::Running && redis_answers(redis.port);
    let in_step = |node: &NodeStatus| {
        node.server.answers
            && node.component.as_deref() == Some("Primary")
            && node.state.as_deref() == Some("Synced")
            && node.cluster_size == Some(options.nodes)
    };
    Status {
        dir: lab.clone(),
        whole: nodes.iter().all(in_step) && haproxy.answers && redis.answers,
        nodes,
        haproxy,
        redis,
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

fn node_status(
    node: Server,
    mut server: ServerStatus,
    client: Option<&Client>,
    lab: &Path,
    seen: &BTreeMap<String, String>,
) -> NodeStatus {
    let view = match (server.process, client) {
        (ProcessState::Running, Some(client)) => client.view(node, lab).ok(),
        _ => None,
    };
    server.answers = view.as_ref().is_some_and(|view| view.ready);
    let behind_proxy = seen.get(&server.name).cloned();
    let view = view.as_ref();
    NodeStatus {
        server,
        component: view.map(|view| view.component.clone()),
        state: view.map(|view| view.state.clone()),
        cluster_size: view.and_then(|view| view.size),
        receive_queue: view.and_then(|view| view.receive_queue),
        send_queue: view.and_then(|view| view.send_queue),
        behind_proxy,
    }
}

/// State of each node in the proxy; empty if the proxy does not answer.
pub(super) fn behind_proxy(lab: &Path) -> BTreeMap<String, String> {
    let ask = || -> std::io::Result<String> {
        let mut stream = UnixStream::connect(Server::Proxy.socket(lab))?;
        stream.set_read_timeout(Some(LIMIT))?;
        stream.write_all(b"show stat\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok(text)
    };
    states(&ask().unwrap_or_default())
}

/// Name and state of each server in the proxy's table. Its first line names the columns.
fn states(table: &str) -> BTreeMap<String, String> {
    let mut lines = table.lines();
    let columns: Vec<_> = lines.next().unwrap_or_default().split(',').collect();
    let (Some(name), Some(state)) = (
        columns.iter().position(|&column| column == "svname"),
        columns.iter().position(|&column| column == "status"),
    ) else {
        return BTreeMap::new();
    };
    let row = |line: &str| {
        let cells: Vec<_> = line.split(',').collect();
        Some((
            (*cells.get(name)?).to_owned(),
            (*cells.get(state)?).to_owned(),
        ))
    };
    lines.filter_map(row).collect()
}

pub(super) fn redis_answers(port: u16) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = connect(port)?;
        stream.write_all(b"PING\r\n")?;
        let mut answer = [0; 5];
        stream.read_exact(&mut answer)?;
        Ok(&answer == b"+PONG")
    };
    ask().unwrap_or(false)
}

pub(super) fn listens(port: u16) -> bool {
    connect(port).is_ok()
}

fn connect(port: u16) -> std::io::Result<TcpStream> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let stream = TcpStream::connect_timeout(&address, LIMIT)?;
    stream.set_read_timeout(Some(LIMIT))?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proxys_table_is_read_by_the_names_of_its_columns() {
        let table = "# pxname,svname,qcur,status\nnodes,n1,0,UP\nnodes,n2,0,DOWN\n\n";
        let seen = states(table);
        assert_eq!(seen.get("n1").map(String::as_str), Some("UP"));
        assert_eq!(seen.get("n2").map(String::as_str), Some("DOWN"));
        assert!(states("").is_empty());
    }
}
