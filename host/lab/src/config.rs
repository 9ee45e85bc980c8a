//! The configuration of each server, as text.

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
        Server::Node(node) => mariadb(server, node, options, around),
        Server::Seed => mariadb(server, 1, options, around),
        Server::Proxy => proxy(options, around),
        Server::Redis => redis(options, around),
    }
}

/// Small and quick. What is written at a commit reaches the operating system, so it survives a
/// killed server, if not a power cut.
fn mariadb(server: Server, node: u32, options: &LabOptions, around: &Surroundings) -> String {
    let ports = options.ports();
    let dir = server.dir(around.lab);
    let dir = dir.display();
    let socket = server.socket(around.lab);
    let socket = socket.display();
    let group: Vec<_> = (1..=options.nodes)
        .map(|node| format!("127.0.0.1:{}", ports.group(node)))
        .collect();
    let group = group.join(",");
    let (clients, own, missed, copy) = (
        ports.clients(node),
        ports.group(node),
        ports.missed(node),
        ports.copy(node),
    );
    let provider = around.provider.display();
    let mut provider_options = format!(
        "gmcast.listen_addr=tcp://127.0.0.1:{own};ist.recv_addr=127.0.0.1:{missed};\
         gcache.size=16M;pc.recovery=no"
    );
    let mut settings = String::new();
    for (name, value) in &options.mariadb {
        // A second line would replace ours, which has the addresses.
        if name.to_ascii_lowercase().replace('-', "_") == "wsrep_provider_options" {
            write!(provider_options, ";{value}").expect("a string takes all");
        } else {
            writeln!(settings, "{name}={value}").expect("a string takes all");
        }
    }
    format!(
        "[mysqld]
datadir={dir}/data
tmpdir={dir}/tmp
socket={socket}
pid-file={dir}/pid
log-error={dir}/server.log
port={clients}
bind-address=127.0.0.1
skip-name-resolve
max_connections=2000
back_log=1000
performance_schema=OFF
default_storage_engine=InnoDB
binlog_format=ROW
log_bin_trust_function_creators=ON
innodb_autoinc_lock_mode=2
innodb_buffer_pool_size=64M
innodb_log_file_size=32M
innodb_flush_log_at_trx_commit=2
wsrep_on=ON
wsrep_provider={provider}
wsrep_provider_options=\"{provider_options}\"
wsrep_cluster_name=contend-lab-{clients_of_first}
wsrep_cluster_address=gcomm://{group}
wsrep_node_name=n{node}
wsrep_node_address=127.0.0.1:{own}
wsrep_node_incoming_address=127.0.0.1:{clients}
wsrep_sst_method=rsync
wsrep_sst_receive_address=127.0.0.1:{copy}
wsrep_slave_threads=1
{settings}",
        clients_of_first = ports.clients(1),
    )
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

    fn all_texts(setting: (&str, &str)) -> Vec<String> {
        let mut options = LabOptions::new(PathBuf::from("/lab"));
        options.mariadb = vec![(setting.0.to_owned(), setting.1.to_owned())];
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
        for text in all_texts(("a", "b")) {
            assert!(!text.contains("0.0.0.0"), "{text}");
            let listens = text.lines().any(|line| {
                let line = line.trim();
                line.starts_with("bind 127.0.0.1") || line == "bind-address=127.0.0.1"
            });
            assert!(listens, "{text}");
        }
    }

    #[test]
    fn a_setting_of_the_user_comes_after_ours() {
        let texts = all_texts(("max_connections", "7"));
        let ours = texts[0].find("max_connections=2000").unwrap();
        assert!(texts[0].find("max_connections=7").unwrap() > ours);
    }

    #[test]
    fn options_of_the_provider_are_added_to_ours() {
        let texts = all_texts(("wsrep-provider-options", "gcs.fc_limit=32"));
        let lines = |text: &str| text.matches("provider_options").count();
        assert_eq!(lines(&texts[0]), 1, "{}", texts[0]);
        assert!(texts[0].contains("pc.recovery=no;gcs.fc_limit=32\""));
    }
}
