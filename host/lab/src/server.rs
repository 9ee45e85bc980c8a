//! The servers of a lab: their names, places and ports.

use super::ports::Ports;
use crate::model::lab_fault::{PROXY, REDIS};
use std::path::{Path, PathBuf};

/// One server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Server {
    /// A MariaDB node, numbered from 1.
    Node(u32),
    Proxy,
    Redis,
    /// The MariaDB that makes the first data and then ends.
    Seed,
}

impl Server {
    /// The servers of a lab with so many nodes, in the order of their start.
    pub(super) fn all(nodes: u32) -> Vec<Self> {
        let nodes = (1..=nodes).map(Self::Node);
        nodes.chain([Self::Proxy, Self::Redis]).collect()
    }

    pub(super) fn named(name: &str, nodes: u32) -> Option<Self> {
        Self::all(nodes)
            .into_iter()
            .find(|server| server.name() == name)
    }

    pub(super) fn name(self) -> String {
        match self {
            Self::Node(node) => format!("n{node}"),
            Self::Proxy => PROXY.to_owned(),
            Self::Redis => REDIS.to_owned(),
            Self::Seed => "seed".to_owned(),
        }
    }

    /// Its client port. The seed has the first node's ports, as they never run together.
    pub(super) fn port(self, ports: Ports) -> u16 {
        match self {
            Self::Node(node) => ports.clients(node),
            Self::Proxy => ports.proxy(),
            Self::Redis => ports.redis(),
            Self::Seed => ports.clients(1),
        }
    }

    /// All ports that it takes.
    pub(super) fn ports(self, ports: Ports) -> Vec<u16> {
        match self {
            Self::Node(node) => vec![
                ports.clients(node),
                ports.group(node),
                ports.missed(node),
                ports.copy(node),
            ],
            Self::Proxy | Self::Redis => vec![self.port(ports)],
            Self::Seed => Self::Node(1).ports(ports),
        }
    }

    /// Its own folder in that of the lab.
    pub(super) fn dir(self, lab: &Path) -> PathBuf {
        lab.join(self.name())
    }

    pub(super) fn config(self, lab: &Path) -> PathBuf {
        self.dir(lab).join(match self {
            Self::Node(_) | Self::Seed => "my.cnf",
            Self::Proxy => "haproxy.cfg",
            Self::Redis => "redis.conf",
        })
    }

    pub(super) fn log(self, lab: &Path) -> PathBuf {
        self.dir(lab).join("server.log")
    }

    /// Its administration socket.
    pub(super) fn socket(self, lab: &Path) -> PathBuf {
        self.dir(lab).join("socket")
    }

    /// The name under which its process runs.
    pub(super) fn program(self) -> &'static str {
        match self {
            Self::Node(_) | Self::Seed => "mariadbd",
            Self::Proxy => "haproxy",
            Self::Redis => "redis-server",
        }
    }

    /// The argument that says which configuration it has. No other process of that program has
    /// it, so it finds what a killed launcher started and had no time to write down.
    pub(super) fn config_argument(self, lab: &Path) -> String {
        let path = self.config(lab).display().to_string();
        match self {
            Self::Node(_) | Self::Seed => format!("--defaults-file={path}"),
            Self::Proxy | Self::Redis => path,
        }
    }
}
