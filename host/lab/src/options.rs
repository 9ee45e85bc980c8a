//! Options of a lab.

use super::error::LabError;
use super::galera::settings;
use super::ports::Ports;
use super::server::Server;
use std::path::PathBuf;

/// Every node more takes 130 MB and slows the others down; five show all that Galera does.
pub const MOST_NODES: u32 = 5;
const DEFAULT_NODES: u32 = 3;

/// The first port, unless another is named. All others follow from it.
const DEFAULT_PORT: u16 = 13300;

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
            settings::check(name, value)?;
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

    pub(super) fn node_servers(&self) -> Vec<Server> {
        (1..=self.nodes).map(Server::Node).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn options(nodes: u32, port: u16) -> LabOptions {
        LabOptions {
            nodes,
            port,
            ..LabOptions::new(PathBuf::from("lab"))
        }
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        assert!(options(1, 1024).check().is_ok());
        assert!(options(5, u16::MAX - Ports::SPAN + 1).check().is_ok());
        for (nodes, port) in [(0, 2000), (6, 2000), (3, 1023), (3, 65500)] {
            assert!(options(nodes, port).check().is_err());
        }
    }
}
