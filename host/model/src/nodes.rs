//! A set of nodes, by their numbers.

use serde::{Deserialize, Serialize};

/// The nodes on which something happened: small, since each change of a history has one.
///
/// A node's number is its place in [`super::membership::Membership`]. Numbers from 64 on are left out: a
/// change on such a node counts as one of which nothing is known.
///
/// ```text
/// worker 3 reads on n1, loses its connection, and writes on n3:  {0, 2}  "nodes":[0,2]
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(from = "Vec<u32>", into = "Vec<u32>")]
pub struct NodeSet(u64);

impl NodeSet {
    /// The set of this one node.
    pub fn of(node: u32) -> Self {
        Self::from_bits(1u64.checked_shl(node).unwrap_or(0))
    }

    /// The set with bit `n` set for node `n`.
    pub fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    pub fn bits(self) -> u64 {
        self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0 == 0
    }

    pub fn count(self) -> u32 {
        self.0.count_ones()
    }

    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Says whether one of them was on a node on which the other need not have been: both are known,
    /// and they are not the same single node.
    pub fn differs_from(self, other: Self) -> bool {
        !self.is_empty() && !other.is_empty() && self.union(other).count() > 1
    }

    /// The numbers, ascending.
    pub fn numbers(self) -> impl Iterator<Item = u32> {
        (0..u64::BITS).filter(move |node| self.0 >> node & 1 == 1)
    }
}

impl From<Vec<u32>> for NodeSet {
    fn from(numbers: Vec<u32>) -> Self {
        let sets = numbers.into_iter().map(Self::of);
        sets.fold(Self::default(), Self::union)
    }
}

impl From<NodeSet> for Vec<u32> {
    fn from(nodes: NodeSet) -> Self {
        nodes.numbers().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn set_is_written_as_its_numbers_and_read_back() {
        let nodes = NodeSet::from(vec![2, 0]);
        let json = serde_json::to_string(&nodes).unwrap();
        assert_eq!(json, "[0,2]");
        assert_eq!(serde_json::from_str::<NodeSet>(&json).unwrap(), nodes);
        assert!(NodeSet::from(vec![64, 4_000_000_000]).is_empty());
        assert_eq!(NodeSet::of(63).numbers().collect::<Vec<_>>(), [63]);
    }

    #[test]
    fn one_common_node_is_no_difference_and_an_unknown_one_neither() {
        let [one, two] = [0, 1].map(NodeSet::of);
        assert!(one.differs_from(two));
        assert!(one.union(two).differs_from(one));
        assert!(one.union(two).differs_from(one.union(two)));
        assert!(!one.differs_from(one));
        assert!(!one.differs_from(NodeSet::default()));
        assert!(!NodeSet::default().differs_from(one.union(two)));
    }
}
