//! Counters that the nodes of a cluster keep of themselves.

use serde::{Deserialize, Serialize};

/// Counters of one node, or how much they grew during a trial. Absent where the node has no such
/// counter.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NodeCounters {
    pub node: String,
    /// Write sets that this node committed for its own clients.
    pub commits: Option<u64>,
    /// Commits of its clients that failed certification: a remote write set came first.
    pub certification_failures: Option<u64>,
    /// Transactions of its clients that were killed for a remote write set to be applied.
    pub brute_force_aborts: Option<u64>,
    /// Transactions that were certified, then killed, and done again by the server.
    pub replays: Option<u64>,
    /// Time for which flow control paused replication, in nanoseconds.
    pub flow_control_paused_ns: Option<u64>,
    /// The number of pauses that this node asked for.
    pub flow_control_pauses: Option<u64>,
}

impl NodeCounters {
    /// Subtracts the counters of before. A counter that went back belongs to a server that has
    /// restarted since: then its value is all there is, and the rest is lost with the old server.
    pub fn since(&self, before: &Self) -> Self {
        let grown = |pick: fn(&Self) -> Option<u64>| {
            let (now, then) = (pick(self)?, pick(before)?);
            Some(now.checked_sub(then).unwrap_or(now))
        };
        Self {
            node: self.node.clone(),
            commits: grown(|c| c.commits),
            certification_failures: grown(|c| c.certification_failures),
            brute_force_aborts: grown(|c| c.brute_force_aborts),
            replays: grown(|c| c.replays),
            flow_control_paused_ns: grown(|c| c.flow_control_paused_ns),
            flow_control_pauses: grown(|c| c.flow_control_pauses),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commits(commits: Option<u64>) -> NodeCounters {
        NodeCounters {
            node: "n1".to_owned(),
            commits,
            ..NodeCounters::default()
        }
    }

    #[test]
    fn growth_is_a_difference_and_what_is_missing_stays_missing() {
        let grown = |now, then| commits(now).since(&commits(then)).commits;
        assert_eq!(grown(Some(7), Some(5)), Some(2));
        assert_eq!(grown(Some(3), Some(5)), Some(3), "a server started anew");
        assert_eq!(grown(None, Some(5)), None);
        assert_eq!(grown(Some(5), None), None);
    }
}
