//! The services that a lab has on request, beside its database.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

crate::model::words! {
    /// A service that a lab has where `--with` names it.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Service {
        /// Three etcd servers: etcd1, etcd2, etcd3.
        Etcd = "etcd",
        /// One ZooKeeper server.
        Zookeeper = "zookeeper",
        /// One memcached server.
        Memcached = "memcached",
    }
}

/// The word for no service at all.
const NONE: &str = "none";

/// Services, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Services(BTreeSet<Service>);

impl Service {
    /// Number of its servers. Three of etcd outlive one.
    pub(super) fn servers(self) -> u32 {
        match self {
            Self::Etcd => 3,
            Self::Zookeeper | Self::Memcached => 1,
        }
    }

    /// The programs that it needs, each with the Debian package that has it.
    pub(super) fn needed(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Etcd => &[("etcd", "etcd-server")],
            Self::Zookeeper => &[
                ("java", "default-jre-headless"),
                (ZOOKEEPER_JAR, "libzookeeper-java"),
            ],
            Self::Memcached => &[("memcached", "memcached")],
        }
    }
}

/// ZooKeeper's classes; those that they need stand in its manifest.
pub(super) const ZOOKEEPER_JAR: &str = "zookeeper.jar";

impl Services {
    pub fn has(&self, service: Service) -> bool {
        self.0.contains(&service)
    }

    pub(super) fn each(&self) -> impl Iterator<Item = Service> {
        self.0.iter().copied()
    }
}

impl FromIterator<Service> for Services {
    fn from_iter<T: IntoIterator<Item = Service>>(services: T) -> Self {
        Self(services.into_iter().collect())
    }
}

/// `etcd,memcached`, or `none`.
impl FromStr for Services {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == NONE {
            return Ok(Self::default());
        }
        let services = text.split(',').map(|word| word.trim().parse::<Service>());
        services
            .collect::<Result<_, _>>()
            .map_err(|error| format!("{error}, with commas between them, or {NONE}"))
    }
}

impl fmt::Display for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.each().map(Service::as_str).collect();
        match words.is_empty() {
            true => f.write_str(NONE),
            false => f.write_str(&words.join(",")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_written_as_they_are_read() {
        for (text, written) in [
            ("none", "none"),
            ("memcached", "memcached"),
            ("memcached,etcd, etcd", "etcd,memcached"),
        ] {
            assert_eq!(text.parse::<Services>().unwrap().to_string(), written);
        }
        for text in ["", "etcd,", "consul", "none,etcd"] {
            let error = text.parse::<Services>().unwrap_err();
            assert!(error.contains("etcd, zookeeper, memcached"), "{error}");
        }
    }
}
