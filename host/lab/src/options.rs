//! Options of a lab.

use super::error::LabError;
use std::path::PathBuf;

/// Every node more takes 130 MB and slows the others down; five show all that Galera does.
pub const MOST_NODES: u32 = 5;
const DEFAULT_NODES: u32 = 3;

/// The first port, unless another is named. All others follow from it.
const DEFAULT_PORT: u16 = 13300;

/// Settings that the user may not override: they hold the lab to its own folder, ports and group.
const OURS: &[&str] = &[
    "basedir",
    "bind_address",
    "datadir",
    "innodb_data_home_dir",
    "innodb_log_group_home_dir",
    "innodb_undo_directory",
    "log_error",
    "pid_file",
    "port",
    "skip_networking",
    "socket",
    "tmpdir",
    "user",
    "wsrep_cluster_address",
    "wsrep_cluster_name",
    "wsrep_node_address",
    "wsrep_node_incoming_address",
    "wsrep_node_name",
    "wsrep_on",
    "wsrep_provider",
    "wsrep_sst_method",
    "wsrep_sst_receive_address",
];

/// A lab as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabOptions {
    /// The folder of all the lab's files.
    pub dir: PathBuf,
    /// Number of nodes, named n1, n2, and so on.
    pub nodes: u32,
    /// The first port; the others follow from it.
    pub port: u16,
    /// MariaDB settings for each node, after the lab's own.
    pub mariadb: Vec<(String, String)>,
}

impl LabOptions {
    /// Three nodes at the usual ports.
    pub fn new(dir: PathBuf) -> Self {
        Self {
            dir,
            nodes: DEFAULT_NODES,
            port: DEFAULT_PORT,
            mariadb: Vec::new(),
        }
    }

    /// An error if such a lab can't be.
    pub(super) fn check(&self) -> Result<(), LabError> {
        if !(1..=MOST_NODES).contains(&self.nodes) {
            return Err(LabError::Nodes(self.nodes));
        }
        let last = u16::MAX - Ports::SPAN + 1;
        if !(1024..=last).contains(&self.port) {
            return Err(LabError::PortRange {
                port: self.port,
                span: Ports::SPAN,
                last,
            });
        }
        for (name, value) in &self.mariadb {
            check_setting(name, value)?;
        }
        Ok(())
    }

    pub(super) fn ports(&self) -> Ports {
        Ports(self.port)
    }

    /// The names of the nodes, in order.
    pub(super) fn names(&self) -> Vec<String> {
        (1..=self.nodes).map(|node| format!("n{node}")).collect()
    }

    /// The flags that ask for these options.
    pub(super) fn flags(&self) -> String {
        let mut flags = format!("--nodes {} --port {}", self.nodes, self.port);
        for (name, value) in &self.mariadb {
            flags.push_str(&format!(" --mariadb {name}={value}"));
        }
        flags
    }
}

fn check_setting(name: &str, value: &str) -> Result<(), LabError> {
    let refuse = |why: &str| {
        Err(LabError::Setting {
            setting: format!("{name}={value}"),
            why: why.to_owned(),
        })
    };
    let named = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.is_empty() || !name.chars().all(named) {
        return refuse("a setting is NAME=VALUE, and its name has letters, digits, _ and -");
    }
    if value.chars().any(char::is_control) {
        return refuse("a value is one line");
    }
    let plain = name.to_ascii_lowercase().replace('-', "_");
    let plain = plain.strip_prefix("loose_").unwrap_or(&plain);
    if OURS.contains(&plain) {
        return refuse("the lab sets that itself, to keep to its own folder and ports");
    }
    if plain == "wsrep_provider_options" {
        for option in [
            "gmcast.listen_addr",
            "ist.recv_addr",
            "base_host",
            "base_port",
        ] {
            if value.contains(option) {
                return refuse("the lab sets the provider's addresses itself");
            }
        }
    }
    Ok(())
}

/// The ports of a lab, all from its first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ports(u16);

impl Ports {
    /// Number of ports from the first to the last.
    pub(super) const SPAN: u16 = 10 * MOST_NODES as u16 + 4;

    pub(super) fn proxy(self) -> u16 {
        self.0
    }

    pub(super) fn redis(self) -> u16 {
        self.0 + 1
    }

    /// Client port of a node.
    pub(super) fn clients(self, node: u32) -> u16 {
        self.0 + 10 * node as u16
    }

    /// Group port of a node, for the other nodes.
    pub(super) fn group(self, node: u32) -> u16 {
        self.clients(node) + 1
    }

    /// Port on which a node receives missed write sets (IST).
    pub(super) fn missed(self, node: u32) -> u16 {
        self.clients(node) + 2
    }

    /// Port on which a node receives a whole copy (SST).
    pub(super) fn copy(self, node: u32) -> u16 {
        self.clients(node) + 3
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn options(nodes: u32, port: u16, setting: (&str, &str)) -> LabOptions {
        LabOptions {
            nodes,
            port,
            mariadb: vec![(setting.0.to_owned(), setting.1.to_owned())],
            ..LabOptions::new(PathBuf::from("lab"))
        }
    }

    const HARMLESS: (&str, &str) = ("max-connections", "500");

    #[test]
    fn no_two_servers_share_a_port_and_none_leaves_the_span() {
        let ports = Ports(2000);
        let mut all = BTreeSet::from([ports.proxy(), ports.redis()]);
        for node in 1..=MOST_NODES {
            all.extend([
                ports.clients(node),
                ports.group(node),
                ports.missed(node),
                ports.copy(node),
            ]);
        }
        assert_eq!(all.len(), 2 + 4 * MOST_NODES as usize);
        assert_eq!(all.first(), Some(&2000));
        assert_eq!(all.last(), Some(&(2000 + Ports::SPAN - 1)));
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        assert!(options(1, 1024, HARMLESS).check().is_ok());
        assert!(
            options(5, u16::MAX - Ports::SPAN + 1, HARMLESS)
                .check()
                .is_ok()
        );
        for (nodes, port) in [(0, 2000), (6, 2000), (3, 1023), (3, 65500)] {
            assert!(options(nodes, port, HARMLESS).check().is_err());
        }
    }

    #[test]
    fn settings_that_would_leave_the_lab_are_refused() {
        for (name, value) in [
            ("bind-address", "0.0.0.0"),
            ("BIND_ADDRESS", "0.0.0.0"),
            ("loose-port", "3306"),
            (
                "wsrep_provider_options",
                "gmcast.listen_addr=tcp://0.0.0.0:4567",
            ),
            ("", "1"),
            ("max connections", "1"),
            ("max_connections", "1\nport=3306"),
        ] {
            let asked = options(3, 2000, (name, value));
            assert!(asked.check().is_err(), "{name}={value}");
        }
        let provider = ("wsrep_provider_options", "gcs.fc_limit=32");
        assert!(options(3, 2000, provider).check().is_ok());
    }
}
