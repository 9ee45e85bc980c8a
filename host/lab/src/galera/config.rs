//! The configuration of a MariaDB node, as text.

use crate::config::HEALTH_USER;
use crate::options::LabOptions;
use crate::server::Server;
use std::fmt::Write;
use std::path::Path;

/// The proxy with all nodes in turn. Its health checks count for the other one, too.
pub(super) const NODES: &str = "nodes";

/// The proxy's part: one port to all nodes in turn, and one to the first, to which the others are backups.
pub(super) fn proxied(options: &LabOptions) -> String {
    let ports = options.ports();
    let (mut nodes, mut writer) = (String::new(), String::new());
    for (index, node) in options.node_servers().into_iter().enumerate() {
        let (name, port) = (node.name(), node.port(ports));
        let backup = if index == 0 { "" } else { " backup" };
        writeln!(
            nodes,
            "  server {name} 127.0.0.1:{port} check inter 1s fall 2 rise 1"
        )
        .expect("a string takes all");
        writeln!(
            writer,
            "  server {name} 127.0.0.1:{port} track {NODES}/{name}{backup}"
        )
        .expect("a string takes all");
    }
    format!(
        "listen {NODES}
  bind 127.0.0.1:{all}
  option mysql-check user {HEALTH_USER}
{nodes}listen writer
  bind 127.0.0.1:{one}
{writer}",
        all = ports.proxy(),
        one = ports.second(),
    )
}

/// Small and quick. What is written at a commit reaches the operating system, so it survives a
/// killed server, if not a power cut.
pub(super) fn node(server: Server, options: &LabOptions, provider: &Path) -> String {
    let node = match server {
        Server::Node(_, node) => node,
        _ => 1,
    };
    let ports = options.ports();
    let dir = server.dir(&options.dir);
    let dir = dir.display();
    let socket = server.socket(&options.dir);
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
    let provider = provider.display();
    let mut provider_options = format!(
        "gmcast.listen_addr=tcp://127.0.0.1:{own};ist.recv_addr=127.0.0.1:{missed};\
         gcache.size=16M;pc.recovery=no"
    );
    let mut settings = String::new();
    for (name, value) in &options.settings {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn text_with(setting: (&str, &str)) -> String {
        let mut options = LabOptions::new(PathBuf::from("/lab"));
        options.settings = vec![(setting.0.to_owned(), setting.1.to_owned())];
        node(options.node_servers()[0], &options, Path::new("/galera.so"))
    }

    #[test]
    fn one_writer_is_the_first_node_and_the_others_stand_by() {
        let text = proxied(&LabOptions::new(PathBuf::from("/lab")));
        let (all, one) = text.split_once("listen writer").unwrap();
        assert_eq!(all.matches(" check ").count(), 3, "{text}");
        assert!(!all.contains("backup"), "{text}");
        let backups = one.lines().filter(|line| line.ends_with(" backup"));
        assert_eq!(backups.count(), 2, "{text}");
        assert!(
            one.contains("server n1 127.0.0.1:13310 track nodes/n1\n"),
            "{text}"
        );
    }

    #[test]
    fn node_listens_on_this_machine_only() {
        let text = text_with(("a", "b"));
        assert!(text.contains("\nbind-address=127.0.0.1\n"), "{text}");
        assert!(!text.contains("0.0.0.0"), "{text}");
    }

    #[test]
    fn a_setting_of_the_user_comes_after_ours() {
        let text = text_with(("max_connections", "7"));
        let ours = text.find("max_connections=2000").unwrap();
        assert!(text.find("max_connections=7").unwrap() > ours);
    }

    #[test]
    fn options_of_the_provider_are_added_to_ours() {
        let text = text_with(("wsrep-provider-options", "gcs.fc_limit=32"));
        assert_eq!(text.matches("provider_options").count(), 1, "{text}");
        assert!(text.contains("pc.recovery=no;gcs.fc_limit=32\""));
    }
}
