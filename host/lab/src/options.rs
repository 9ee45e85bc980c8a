//! Options of a lab.

use super::error::LabError;
use super::kind::Kind;
use super::ports::{MOST_NODES, Ports};
use super::server::Server;
use super::service::Services;
use std::path::PathBuf;

const DEFAULT_NODES: u32 = 3;

/// The first port, unless another is named. All others follow from it.
const DEFAULT_PORT: u16 = 13300;

/// The reason why a user may not change a setting.
pub(super) const OF_THE_LAB: &str =
    "the lab sets that itself, to keep to its own folder, ports and group";

/// The reason why a user may not change a setting to a value; `None` if the user may.
pub(super) type Refusal<'a> = &'a dyn Fn(&str, &str) -> Option<&'static str>;

/// A lab as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabOptions {
    /// The folder of all the lab's files.
    pub dir: PathBuf,
    pub kind: Kind,
    /// Number of nodes, named n1, n2, and so on.
    pub nodes: u32,
    /// The first port; the others follow from it.
    pub port: u16,
    /// Settings of the database for each node, after the lab's own.
    pub settings: Vec<(String, String)>,
    /// A commit on a PostgreSQL primary waits until one standby has it on disk.
    pub synchronous: bool,
    /// Services beside the database.
    pub services: Services,
}

impl LabOptions {
    /// Three nodes at the usual ports.
    pub fn new(dir: PathBuf) -> Self {
        Self {
            dir,
            kind: Kind::default(),
            nodes: DEFAULT_NODES,
            port: DEFAULT_PORT,
            settings: Vec::new(),
            synchronous: false,
            services: Services::default(),
        }
    }

    /// An error if such a lab can't be, or its kind refuses a setting.
    pub(super) fn check(&self, refusal: Refusal) -> Result<(), LabError> {
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
        match (self.kind, self.nodes) {
            _ if !self.synchronous => {}
            (Kind::Galera, _) => return Err(LabError::Synchronous("is for --kind postgres")),
            (Kind::Postgres, 1) => return Err(LabError::Synchronous("needs a standby: --nodes 2")),
            (Kind::Postgres, _) => {}
        }
        let mut settings = self.settings.iter();
        settings.try_for_each(|setting| Self::check_setting(setting, refusal))
    }

    fn check_setting((name, value): &(String, String), refusal: Refusal) -> Result<(), LabError> {
        let refuse = |why: &str| {
            Err(LabError::Setting {
                setting: format!("{name}={value}"),
                why: why.to_owned(),
            })
        };
        let named = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        if name.is_empty() || !name.chars().all(named) {
            return refuse("a setting is NAME=VALUE, and its name has letters, digits, _, - and .");
        }
        if value.chars().any(char::is_control) {
            return refuse("a value is one line");
        }
        let plain = name.to_ascii_lowercase().replace('-', "_");
        match refusal(&plain, value) {
            Some(why) => refuse(why),
            None => Ok(()),
        }
    }

    pub(super) fn ports(&self) -> Ports {
        Ports(self.port)
    }

    /// All servers, in the order of their start.
    pub(super) fn servers(&self) -> Vec<Server> {
        Server::all(self.kind, self.nodes, &self.services)
    }

    /// The names of the nodes, in order.
    pub(super) fn names(&self) -> Vec<String> {
        self.node_servers().into_iter().map(Server::name).collect()
    }

    pub(super) fn node_servers(&self) -> Vec<Server> {
        let node = |node| Server::Node(self.kind, node);
        (1..=self.nodes).map(node).collect()
    }

    /// The flags that ask for these options.
    pub(super) fn flags(&self) -> String {
        let (kind, nodes, port) = (self.kind.as_str(), self.nodes, self.port);
        let mut flags = format!("--kind {kind} --nodes {nodes} --port {port}");
        if self.synchronous {
            flags.push_str(" --synchronous");
        }
        if self.services != Services::default() {
            flags.push_str(&format!(" --with {}", self.services));
        }
        for (name, value) in &self.settings {
            flags.push_str(&format!(" --set {name}={value}"));
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

    fn any(_: &str, _: &str) -> Option<&'static str> {
        None
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        assert!(options(1, 1024).check(&any).is_ok());
        assert!(options(5, u16::MAX - Ports::SPAN + 1).check(&any).is_ok());
        for (nodes, port) in [(0, 2000), (6, 2000), (3, 1023), (3, 65500)] {
            assert!(options(nodes, port).check(&any).is_err());
        }
    }

    #[test]
    fn settings_that_are_not_one_line_of_a_configuration_are_refused() {
        let refusal = |name: &str, _: &str| (name == "a_port").then_some("it is ours");
        let accepts = |name: &str, value: &str| {
            let setting = (name.to_owned(), value.to_owned());
            LabOptions::check_setting(&setting, &refusal).is_ok()
        };
        assert!(accepts("max-connections", "500"));
        assert!(!accepts("", "1"));
        assert!(!accepts("max connections", "1"));
        assert!(!accepts("max_connections", "1\nport=3306"));
        assert!(!accepts("A-PORT", "3306"));
    }

    #[test]
    fn only_standbys_are_waited_for_at_a_commit() {
        for (kind, nodes, is_fine) in [
            (Kind::Galera, 3, false),
            (Kind::Postgres, 1, false),
            (Kind::Postgres, 2, true),
        ] {
            let options = LabOptions {
                kind,
                synchronous: true,
                ..options(nodes, 2000)
            };
            assert_eq!(options.check(&any).is_ok(), is_fine, "{options:?}");
        }
    }
}
