//! The ports of a lab.

/// Every node more takes 130 MB and slows the others down; five show all that a cluster does.
pub const MOST_NODES: u32 = 5;

/// The ports of a lab, all from its first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ports(pub(super) u16);

impl Ports {
    /// Number of ports from the first to the last.
    pub(super) const SPAN: u16 = 10 * MOST_NODES as u16 + 4;

    pub(super) fn proxy(self) -> u16 {
        self.0
    }

    pub(super) fn redis(self) -> u16 {
        self.0 + 1
    }

    /// The proxy's second port: to one writer of Galera, or for reading, on standbys of PostgreSQL.
    pub(super) fn second(self) -> u16 {
        self.0 + 2
    }

    pub(super) fn pooler(self) -> u16 {
        self.0 + 3
    }

    pub(super) fn memcached(self) -> u16 {
        self.0 + 4
    }

    pub(super) fn zookeeper(self) -> u16 {
        self.0 + 5
    }

    /// Client port of a server of etcd.
    pub(super) fn etcd(self, number: u32) -> u16 {
        self.clients(number) + 4
    }

    /// Port of a server of etcd for the others.
    pub(super) fn etcd_peer(self, number: u32) -> u16 {
        self.clients(number) + 5
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

    #[test]
    fn no_two_servers_share_a_port_and_none_leaves_the_span() {
        let ports = Ports(2000);
        let mut all =
            BTreeSet::from([ports.proxy(), ports.redis(), ports.second(), ports.pooler()]);
        all.extend([ports.memcached(), ports.zookeeper()]);
        all.extend((1..=3).flat_map(|number| [ports.etcd(number), ports.etcd_peer(number)]));
        for node in 1..=MOST_NODES {
            all.extend([
                ports.clients(node),
                ports.group(node),
                ports.missed(node),
                ports.copy(node),
            ]);
        }
        assert_eq!(all.len(), 12 + 4 * MOST_NODES as usize);
        assert_eq!(all.first(), Some(&2000));
        assert_eq!(all.last(), Some(&(2000 + Ports::SPAN - 1)));
    }
}
