//! A fault that a lab's server is made to have.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The servers of a lab that are no nodes; the pooler is only before PostgreSQL.
pub const PROXY: &str = "haproxy";
pub const REDIS: &str = "redis";
pub const POOLER: &str = "pgbouncer";

/// The target of a promotion that may be any standby: which one is the lab's choice at that moment.
pub const ANY_STANDBY: &str = "standby";
/// Every database server at once.
pub const ALL: &str = "all";

crate::words! {
    /// An action on a server.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum LabAction {
        /// The process stands still, and keeps its memory, its connections and its port.
        Pause = "pause",
        /// It goes on after a pause.
        Resume = "resume",
        /// The process ends at once, without closing its connections. `all` ends every node in the same
        /// moment.
        Kill = "kill",
        /// A server that was killed is started again. `all` makes the whole lab what it was: dead servers
        /// are started, the most advanced node first, and every other fault is undone.
        Start = "start",
        /// The process ends in order if it lives, and is started again.
        Restart = "restart",
        /// The node hears no other node, and none hears it; its clients still reach it.
        Isolate = "isolate",
        /// It hears the others again.
        Heal = "heal",
        /// A standby of PostgreSQL becomes the primary; the old one ends at once, if it lives.
        Promote = "promote",
    }
}

/// One fault: what is done, and to which server (`n1`, `n2`, …, `haproxy`, `redis`, `pgbouncer`; for a
/// promotion also `standby`, whichever is one then), or to all nodes (`all`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LabFault {
    pub action: LabAction,
    pub target: String,
}

impl LabFault {
    /// Checks that a lab with these nodes and other servers can have this fault; if not, returns a message
    /// that says why.
    pub fn check(&self, nodes: &[String], others: &[String]) -> Result<(), String> {
        let target = &self.target;
        if target == ALL {
            return match self.action {
                LabAction::Kill | LabAction::Start => Ok(()),
                _ => Err(format!(
                    "{self}: all servers at once can only be killed and started; name one of {}",
                    nodes.join(", ")
                )),
            };
        }
        let is_any = self.action == LabAction::Promote && target == ANY_STANDBY;
        if is_any || nodes.contains(target) {
            return Ok(());
        }
        if !others.contains(target) {
            let servers = [nodes, others].concat().join(", ");
            return Err(format!("the lab has no {target:?}; it has {servers}"));
        }
        match self.action {
            LabAction::Isolate | LabAction::Heal | LabAction::Promote => Err(format!(
                "{} is for nodes, which talk to each other; {target} talks to none of its kind",
                self.action.as_str()
            )),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for LabFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.action.as_str(), self.target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(action: LabAction, target: &str) -> LabFault {
        LabFault {
            action,
            target: target.to_owned(),
        }
    }

    #[test]
    fn an_action_is_the_same_word_everywhere() {
        for action in LabAction::ALL {
            assert_eq!(action.as_str().parse(), Ok(action));
            let json = serde_json::to_value(action).unwrap();
            assert_eq!(json, action.as_str());
        }
        let error = "burn".parse::<LabAction>().unwrap_err();
        assert!(error.contains("pause, resume, kill"), "{error}");
    }

    #[test]
    fn only_nodes_are_isolated_healed_and_promoted() {
        let nodes = ["n1", "n2"].map(str::to_owned);
        let others = [PROXY, REDIS].map(str::to_owned);
        for action in LabAction::ALL {
            let of_a_node = matches!(
                action,
                LabAction::Isolate | LabAction::Heal | LabAction::Promote
            );
            assert_eq!(fault(action, "n2").check(&nodes, &others), Ok(()));
            let any = fault(action, ANY_STANDBY).check(&nodes, &others);
            assert_eq!(any.is_ok(), action == LabAction::Promote);
            for server in [PROXY, REDIS] {
                let checked = fault(action, server).check(&nodes, &others);
                assert_eq!(checked.is_err(), of_a_node);
            }
        }
    }

    #[test]
    fn all_nodes_are_killed_and_started_and_nothing_else() {
        let nodes = ["n1", "n2"].map(str::to_owned);
        for action in LabAction::ALL {
            let checked = fault(action, ALL).check(&nodes, &[]);
            let is_fine = matches!(action, LabAction::Kill | LabAction::Start);
            assert_eq!(checked.is_ok(), is_fine, "{checked:?}");
        }
        let error = fault(LabAction::Pause, ALL).check(&nodes, &[]).unwrap_err();
        assert!(error.contains("name one of n1, n2"), "{error}");
    }

    #[test]
    fn a_server_that_is_not_there_is_reported_with_those_that_are() {
        let (nodes, others) = (["n1".to_owned()], [PROXY.to_owned()]);
        let absent = fault(LabAction::Kill, POOLER).check(&nodes, &others);
        let error = absent.unwrap_err();
        assert!(error.contains("it has n1, haproxy"), "{error}");
    }
}
