//! The configuration of each server, as text.

use super::galera;
use super::options::LabOptions;
use super::server::Server;
use std::fmt::Write;
use std::path::Path;

/// Inputs of a server's configuration besides the options.
pub(super) struct Surroundings<'a> {
    pub(super) lab: &'a Path,
    /// Galera's library.
    pub(super) provider: &'a Path,
    /// Limit of open files of a process.
    pub(super) open_files: u64,
}

/// The lab's user, with all rights in the databases `contend` and `contend_…`.
pub(super) const USER: &str = "contend";

/// The user as whom the proxy asks whether a node answers. It may do nothing at all.
pub(super) const HEALTH_USER: &str = "haproxy";

pub(super) fn text(server: Server, options: &LabOptions, around: &Surroundings) -> String {
    match server {
        Server::Node(node) => galera::config::text(server, node, options, around),
        Server::Seed => galera::config::text(server, 1, options, around),
        Server::Proxy => proxy(options, around),
        Server::Redis => redis(options, around),
    }
}

/// Round robin. Long waits for a lock are not cut.
fn proxy(options: &LabOptions, around: &Surroundings) -> String {
    let ports = options.ports();
    let socket = Server::Proxy.socket(around.lab);
    // Each connection has two ends, and some files are the proxy's own.
    let most = around.open_files.saturating_sub(100) / 2;
    let mut text = format!(
        "global
  maxconn {most}
  nbthread 1
  stats socket {socket} mode 600 level user
defaults
  mode tcp
  timeout connect 5s
  timeout check 2s
  timeout client 1h
  timeout server 1h
listen nodes
  bind 127.0.0.1:{port}
  balance roundrobin
  option tcpka
  option mysql-check user {HEALTH_USER}
",
        socket = socket.display(),
        port = ports.proxy(),
        most = most.clamp(100, 4000),
    );
    for node in 1..=options.nodes {
        let port = ports.clients(node);
        writeln!(
            text,
            "  server n{node} 127.0.0.1:{port} check inter 1s fall 2 rise 1"
        )
        .expect("a string takes all");
    }
    text
}

/// Nothing is kept on disk: a restart forgets every lock, as one without persistence does.
fn redis(options: &LabOptions, around: &Surroundings) -> String {
    format!(
        "bind 127.0.0.1
port {port}
dir {dir}
save \"\"
appendonly no
daemonize no
set-proc-title no
",
        port = options.ports().redis(),
        dir = Server::Redis.dir(around.lab).display(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn all_texts() -> Vec<String> {
        let options = LabOptions::new(PathBuf::from("/lab"));
        let around = Surroundings {
            lab: Path::new("/lab"),
            provider: Path::new("/galera.so"),
            open_files: 20_000,
        };
        let servers = Server::all(3);
        servers
            .iter()
            .map(|&server| text(server, &options, &around))
            .collect()
    }

    #[test]
    fn every_server_listens_on_this_machine_only() {
        for text in all_texts() {
            assert!(!text.contains("0.0.0.0"), "{text}");
            let listens = text.lines().any(|line| {
                let line = line.trim();
                line.starts_with("bind 127.0.0.1") || line == "bind-address=127.0.0.1"
            });
            assert!(listens, "{text}");
        }
    }
}
