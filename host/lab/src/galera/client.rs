//! Talking to a node as its owner: over its socket, with MariaDB's own client.

use crate::account::our_name;
use crate::launch::{answer, clean};
use crate::programs;
use crate::server::Server;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A node that runs answers in milliseconds; one that stands still never does.
const LIMIT: Duration = Duration::from_secs(5);

const VARIABLES: &str = "'wsrep_cluster_status', 'wsrep_local_state_comment', 'wsrep_cluster_size', \
     'wsrep_local_recv_queue', 'wsrep_local_send_queue', 'wsrep_ready'";

/// A node's status variables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct View {
    /// `Primary` if it belongs to the majority.
    pub(super) component: String,
    /// `Synced` if it has all that the others have.
    pub(super) state: String,
    pub(super) size: Option<u32>,
    pub(super) receive_queue: Option<u64>,
    pub(super) send_queue: Option<u64>,
    pub(super) ready: bool,
}

impl View {
    pub(super) fn is_primary(&self) -> bool {
        self.component == "Primary"
    }

    /// True if it serves clients and is synced with the others.
    pub(super) fn serves(&self) -> bool {
        self.is_primary() && self.state == "Synced" && self.ready
    }

    fn parse(text: &str) -> Self {
        let mut view = Self::default();
        for (name, value) in text.lines().filter_map(|line| line.split_once('\t')) {
            match name.to_ascii_lowercase().as_str() {
                "wsrep_cluster_status" => view.component = value.to_owned(),
                "wsrep_local_state_comment" => view.state = value.to_owned(),
                "wsrep_cluster_size" => view.size = value.parse().ok(),
                "wsrep_local_recv_queue" => view.receive_queue = value.parse().ok(),
                "wsrep_local_send_queue" => view.send_queue = value.parse().ok(),
                "wsrep_ready" => view.ready = value == "ON",
                _ => {}
            }
        }
        view
    }
}

/// The client, ready to talk to the nodes of a lab.
#[derive(Debug, Clone)]
pub(super) struct Client {
    program: PathBuf,
    our_name: String,
}

impl Client {
    pub(super) fn find() -> Result<Self, String> {
        let program = programs::program("mariadb").ok_or("the program mariadb is missing")?;
        let our_name = our_name().map_err(|error| error.to_string())?;
        Ok(Self { program, our_name })
    }

    /// Runs statements, and gives what came back: a line for each row, tabs between columns.
    pub(super) fn run(&self, node: Server, lab: &Path, statements: &str) -> Result<String, String> {
        let mut command = clean(&self.program);
        command
            .args(["--no-defaults", "--batch", "--skip-column-names"])
            .args(["--connect-timeout=3", "--user", &self.our_name, "--socket"])
            .arg(node.socket(lab));
        answer(&mut command, statements, LIMIT)
    }

    /// Reads a node's status; the error says why it does not answer.
    pub(super) fn view(&self, node: Server, lab: &Path) -> Result<View, String> {
        let question = format!("SHOW STATUS WHERE Variable_name IN ({VARIABLES});");
        Ok(View::parse(&self.run(node, lab, &question)?))
    }

    /// The same, after it has applied all that the others had sent when it was asked. A node that was
    /// paused believes for some seconds that nothing has happened; this finds it out.
    pub(super) fn view_in_step(&self, node: Server, lab: &Path) -> Result<View, String> {
        self.run(node, lab, "SET SESSION wsrep_sync_wait = 1; SELECT 1;")?;
        self.view(node, lab)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_serves_only_in_the_majority_and_with_all_data() {
        let text = "wsrep_cluster_size\t3\nwsrep_cluster_status\tPrimary\n\
                    wsrep_local_recv_queue\t0\nwsrep_local_state_comment\tSynced\nwsrep_ready\tON\n";
        let view = View::parse(text);
        assert!(view.serves());
        assert_eq!(
            (view.size, view.receive_queue, view.send_queue),
            (Some(3), Some(0), None)
        );
        for (from, to) in [
            ("Primary", "non-Primary"),
            ("Synced", "Donor/Desynced"),
            ("ON", "OFF"),
        ] {
            assert!(!View::parse(&text.replace(from, to)).serves(), "{to}");
        }
    }
}
