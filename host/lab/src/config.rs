//! The configuration of the servers that every lab has, as text.

use super::options::LabOptions;
use super::server::Server;

/// The lab's user. It may do everything in the database of its name, and make others.
pub(super) const USER: &str = "contend";

/// The user as whom the proxy asks whether a node answers. It may do nothing at all.
pub(super) const HEALTH_USER: &str = "haproxy";

/// Long waits for a lock are not cut. `proxied` says what it listens on, and for which nodes.
pub(super) fn proxy(options: &LabOptions, open_files: u64, proxied: &str) -> String {
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
    use std::path::PathBuf;

    #[test]
    fn redis_listens_on_this_machine_only() {
        let text = redis(&LabOptions::new(PathBuf::from("/lab")));
        assert!(text.starts_with("bind 127.0.0.1\n"), "{text}");
    }

    #[test]
    fn proxy_has_room_for_both_ends_of_a_connection() {
        let options = LabOptions::new(PathBuf::from("/lab"));
        let text = proxy(&options, 2100, "listen nodes\n");
        assert!(
            text.contains("maxconn 1000\n") && text.ends_with("listen nodes\n"),
            "{text}"
        );
    }
}
