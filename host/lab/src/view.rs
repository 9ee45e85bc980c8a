//! The view of a server: its process, its answer, its group, its state in the proxy.

use super::process::ProcessState;
use super::server::Server;
use super::service::Service;
use serde::Serialize;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// Timeout for the answer of a live server.
const LIMIT: Duration = Duration::from_secs(2);

/// The longest reply that is read.
const MOST_BYTES: usize = 4096;

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

/// A node, and how it sees its group.
#[derive(Debug, Clone, Serialize)]
pub struct NodeStatus {
    #[serde(flatten)]
    pub server: ServerStatus,
    #[serde(flatten)]
    pub view: NodeView,
    /// Its state in the proxy: for Galera `UP`, `DOWN`, or a step between; for PostgreSQL `primary`, `read`
    /// (the ports that lead to it) or `DOWN`.
    pub behind_proxy: Option<String>,
}

/// A node's view of its group. What it does not answer is `None`.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum NodeView {
    Galera(GaleraView),
    Postgres(PostgresView),
}

/// A Galera node's view of its group.
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

/// A PostgreSQL node's view of its group.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PostgresView {
    /// `primary` or `standby`.
    pub role: Option<String>,
    /// State of a standby's receiver: `streaming` if it receives the primary's log.
    pub stream: Option<String>,
    /// The position in the log that a primary has written, or a standby replayed.
    pub position: Option<String>,
    /// Bytes of the log by which a standby is behind the primary.
    pub lag_bytes: Option<u64>,
    #[serde(skip)]
    pub(super) bytes: u64,
}

impl NodeView {
    pub(super) fn answers(&self) -> bool {
        match self {
            Self::Galera(view) => view.ready,
            Self::Postgres(view) => view.role.is_some(),
        }
    }

    /// Name and text of each figure.
    pub fn figures(&self) -> Vec<(&'static str, String)> {
        fn shown(figure: Option<impl ToString>) -> String {
            figure.map(|figure| figure.to_string()).unwrap_or_default()
        }
        match self {
            Self::Galera(view) => vec![
                ("component", shown(view.component.as_ref())),
                ("state", shown(view.state.as_ref())),
                ("size", shown(view.cluster_size)),
                ("receive queue", shown(view.receive_queue)),
                ("send queue", shown(view.send_queue)),
            ],
            Self::Postgres(view) => vec![
                ("role", shown(view.role.as_ref())),
                ("stream", shown(view.stream.as_ref())),
                ("position", shown(view.position.as_ref())),
                ("lag bytes", shown(view.lag_bytes)),
            ],
        }
    }
}

/// The proxy's table: name of the proxy, name of the server, state. Empty if the proxy does not answer.
#[derive(Debug, Default)]
pub(super) struct ProxyTable(Vec<[String; 3]>);

impl ProxyTable {
    pub(super) fn read(lab: &Path) -> Self {
        let ask = || -> std::io::Result<String> {
            let mut stream = UnixStream::connect(Server::Proxy.socket(lab))?;
            stream.set_read_timeout(Some(LIMIT))?;
            stream.write_all(b"show stat\n")?;
            let mut text = String::new();
            stream.read_to_string(&mut text)?;
            Ok(text)
        };
        Self::parse(&ask().unwrap_or_default())
    }

    /// The first line names the columns.
    pub(super) fn parse(text: &str) -> Self {
        let mut lines = text.lines();
        let columns = lines.next().unwrap_or_default().trim_start_matches("# ");
        let columns: Vec<_> = columns.split(',').collect();
        let place = |name: &str| columns.iter().position(|&column| column == name);
        let (Some(proxy), Some(server), Some(state)) =
            (place("pxname"), place("svname"), place("status"))
        else {
            return Self::default();
        };
        let row = |line: &str| {
            let cells: Vec<_> = line.split(',').collect();
            let cell = |place: usize| cells.get(place).map(|&cell| cell.to_owned());
            Some([cell(proxy)?, cell(server)?, cell(state)?])
        };
        Self(lines.filter_map(row).collect())
    }

    /// The state of a server in one of the proxies.
    pub(super) fn state(&self, proxy: &str, server: &str) -> Option<&str> {
        let row = |[p, s, _]: &&[String; 3]| p == proxy && s == server;
        self.0.iter().find(row).map(|[_, _, state]| state.as_str())
    }

    /// True if clients may be sent to a server: also to one that has failed a check, and is `UP 1/2`.
    pub(super) fn is_used(&self, proxy: &str, server: &str) -> bool {
        let state = self.state(proxy, server);
        state.is_some_and(|state| state.starts_with("UP"))
    }

    pub(super) fn is_up(&self, proxy: &str, server: &str) -> bool {
        self.state(proxy, server) == Some("UP")
    }
}

/// True if a server that is no node answers.
pub(super) fn answers(server: Server, port: u16) -> bool {
    match server {
        Server::Redis => replies(port, b"PING\r\n", "+PONG"),
        // Healthy is what has a leader.
        Server::Service(Service::Etcd, _) => {
            replies(port, b"GET /health HTTP/1.0\r\n\r\n", "\"health\":\"true\"")
        }
        Server::Service(Service::Zookeeper, _) => replies(port, b"ruok", "imok"),
        Server::Service(Service::Memcached, _) => replies(port, b"version\r\n", "VERSION "),
        _ => connect(port).is_ok(),
    }
}

/// True if the server's reply to a request has these words in it.
fn replies(port: u16, request: &[u8], words: &str) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = connect(port)?;
        stream.write_all(request)?;
        let (mut reply, mut part) = (Vec::new(), [0; 512]);
        while reply.len() < MOST_BYTES {
            let length = stream.read(&mut part)?;
            reply.extend_from_slice(&part[..length]);
            if String::from_utf8_lossy(&reply).contains(words) {
                return Ok(true);
            }
            if length == 0 {
                break;
            }
        }
        Ok(false)
    };
    ask().unwrap_or(false)
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
        let table = ProxyTable::parse(table);
        assert!(table.is_up("nodes", "n1"));
        assert_eq!(table.state("nodes", "n2"), Some("DOWN"));
        assert_eq!(table.state("read", "n2"), None);
        let failing = ProxyTable::parse("# pxname,svname,status\nnodes,n1,UP 1/2\n");
        assert!(failing.is_used("nodes", "n1") && !failing.is_up("nodes", "n1"));
        assert_eq!(ProxyTable::parse("").state("nodes", "n1"), None);
    }
}
