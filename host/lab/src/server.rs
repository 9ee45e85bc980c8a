//! The servers of a lab: their names, places, ports and programs.

use super::kind::Kind;
use super::ports::Ports;
use super::service::{Service, Services};
use crate::model::lab_fault::{POOLER, PROXY, REDIS};
use rustix::process::Signal;
use std::path::{Path, PathBuf};

/// One server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Server {
    /// A node, numbered from 1.
    Node(Kind, u32),
    Proxy,
    Redis,
    /// PgBouncer, before the primary of PostgreSQL.
    Pooler,
    /// One of the servers of a service on request, numbered from 1.
    Service(Service, u32),
    /// The MariaDB that makes the first data and then ends.
    Seed,
}

impl Server {
    /// The servers of a lab with so many nodes, in the order of their start.
    pub(super) fn all(kind: Kind, nodes: u32, services: &Services) -> Vec<Self> {
        let mut all: Vec<_> = (1..=nodes).map(|node| Self::Node(kind, node)).collect();
        all.extend([Self::Proxy, Self::Redis]);
        if kind == Kind::Postgres {
            all.push(Self::Pooler);
        }
        all.extend(services.each().flat_map(Self::of_service));
        all
    }

    /// The servers of a service.
    pub(super) fn of_service(service: Service) -> impl Iterator<Item = Self> {
        (1..=service.servers()).map(move |number| Self::Service(service, number))
    }

    /// Every server that a folder may ever have had.
    pub(super) fn every(most_nodes: u32) -> Vec<Self> {
        let services = Service::ALL.into_iter().collect();
        let mut every = Self::all(Kind::Postgres, most_nodes, &services);
        every.extend((1..=most_nodes).map(|node| Self::Node(Kind::Galera, node)));
        every.push(Self::Seed);
        every
    }

    pub(super) fn is_node(self) -> bool {
        matches!(self, Self::Node(..))
    }

    pub(super) fn name(self) -> String {
        match self {
            Self::Node(_, node) => format!("n{node}"),
            Self::Proxy => PROXY.to_owned(),
            Self::Redis => REDIS.to_owned(),
            Self::Pooler => POOLER.to_owned(),
            Self::Service(service, number) => match service.servers() {
                1 => service.as_str().to_owned(),
                _ => format!("{}{number}", service.as_str()),
            },
            Self::Seed => "seed".to_owned(),
        }
    }

    /// Its client port. The seed has the first node's ports, as they never run together.
    pub(super) fn port(self, ports: Ports) -> u16 {
        match self {
            Self::Node(_, node) => ports.clients(node),
            Self::Proxy => ports.proxy(),
            Self::Redis => ports.redis(),
            Self::Pooler => ports.pooler(),
            Self::Service(Service::Etcd, number) => ports.etcd(number),
            Self::Service(Service::Zookeeper, _) => ports.zookeeper(),
            Self::Service(Service::Memcached, _) => ports.memcached(),
            Self::Seed => ports.clients(1),
        }
    }

    /// All ports that it takes.
    pub(super) fn ports(self, ports: Ports) -> Vec<u16> {
        let mut all = vec![self.port(ports)];
        match self {
            Self::Node(Kind::Galera, node) => {
                all.extend([ports.group(node), ports.missed(node), ports.copy(node)]);
            }
            Self::Proxy => all.push(ports.second()),
            Self::Service(Service::Etcd, number) => all.push(ports.etcd_peer(number)),
            _ => {}
        }
        all
    }

    /// Its own folder in that of the lab.
    pub(super) fn dir(self, lab: &Path) -> PathBuf {
        lab.join(self.name())
    }

    /// The folders that must be there before it starts.
    pub(super) fn dirs(self, lab: &Path) -> Vec<PathBuf> {
        let dir = self.dir(lab);
        match self {
            Self::Node(Kind::Galera, _) | Self::Seed => {
                vec![dir.clone(), dir.join("tmp"), dir.join("data")]
            }
            _ => vec![dir],
        }
    }

    pub(super) fn config_name(self) -> &'static str {
        match self {
            Self::Node(Kind::Galera, _) | Self::Seed => "my.cnf",
            Self::Node(Kind::Postgres, _) => "postgresql.conf",
            Self::Proxy => "haproxy.cfg",
            Self::Redis => "redis.conf",
            Self::Pooler => "pgbouncer.ini",
            Self::Service(Service::Etcd, _) => "etcd.yml",
            Self::Service(Service::Zookeeper, _) => "zoo.cfg",
            // It reads none; this one it writes.
            Self::Service(Service::Memcached, _) => "pid",
        }
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
            Self::Node(Kind::Galera, _) | Self::Seed => "mariadbd",
            Self::Node(Kind::Postgres, _) => "postgres",
            Self::Proxy => "haproxy",
            Self::Redis => "redis-server",
            Self::Pooler => "pgbouncer",
            Self::Service(Service::Etcd, _) => "etcd",
            Self::Service(Service::Zookeeper, _) => "java",
            Self::Service(Service::Memcached, _) => "memcached",
        }
    }

    /// The argument that says which configuration it has. No other process of that program has
    /// it, so it finds what a killed launcher started and had no time to write down.
    pub(super) fn config_argument(self, lab: &Path) -> String {
        let path = self.dir(lab).join(self.config_name());
        let path = path.display();
        match self {
            Self::Node(Kind::Galera, _) | Self::Seed => format!("--defaults-file={path}"),
            Self::Node(Kind::Postgres, _) | Self::Service(Service::Etcd, _) => {
                format!("--config-file={path}")
            }
            Self::Service(Service::Memcached, _) => format!("--pidfile={path}"),
            Self::Proxy | Self::Redis | Self::Pooler | Self::Service(Service::Zookeeper, _) => {
                path.to_string()
            }
        }
    }

    /// The signal by which it ends in order, without waiting for its clients.
    pub(super) fn stop_signal(self) -> Signal {
        match self {
            Self::Node(Kind::Postgres, _) => Signal::INT,
            Self::Pooler => Signal::QUIT,
            _ => Signal::TERM,
        }
    }
}
