//! The configuration of the servers that every lab has, as text.

use super::options::LabOptions;
use super::server::Server;

/// The lab's user. It may do everything in the database of its name, and make others.
pub(super) const USER: &str = "contend";

/// The user as whom the proxy asks whether a node answers. It may do nothing at all.
pub(super) const HEALTH_USER: &str = "haproxy";

/// Long waits for a lock are not cut.
pub(super) fn proxy(options: &LabOptions, open_files: u64) -> String {
    // Each connection has two ends, and some files are the proxy's own.
    let most = open_files.saturating_sub(100) / 2;
    format!(
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
  balance roundrobin
  option tcpka
{proxied}",
        most = most.clamp(100, 4000),
        socket = Server::Proxy.socket(&options.dir).display(),
        proxied = options.kind.cluster().proxied(options),
    )
}

/// Nothing is kept on disk: a restart forgets every lock, as one without persistence does.
pub(super) fn redis(options: &LabOptions) -> String {
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
        dir = Server::Redis.dir(&options.dir).display(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;
    use std::path::PathBuf;

    #[test]
    fn proxy_and_redis_listen_on_this_machine_only() {
        for kind in Kind::ALL {
            let options = LabOptions {
                kind,
                ..LabOptions::new(PathBuf::from("/lab"))
            };
            for text in [proxy(&options, 20_000), redis(&options)] {
                let listens = |line: &&str| line.trim().starts_with("bind ");
                let mut lines = text.lines().filter(listens).peekable();
                assert!(lines.peek().is_some(), "{text}");
                assert!(lines.all(|line| line.contains("127.0.0.1")), "{text}");
            }
        }
    }
}
