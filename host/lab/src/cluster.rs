//! The questions that each kind of lab answers in its own way.

use super::error::LabError;
use super::launch::Launcher;
use super::options::LabOptions;
use super::process::{Process, ProcessState};
use super::programs;
use super::server::Server;
use super::view::{NodeStatus, NodeView, ProxyTable};
use std::path::PathBuf;

/// The nodes of a kind of lab. Everything else in a lab is the same for all kinds.
pub(super) trait Cluster: Sync {
    /// The programs that it needs besides those of every lab, each with the Debian package that has it.
    fn needed(&self) -> &'static [(&'static str, &'static str)];

    /// The place of one of its programs.
    fn program(&self, name: &str) -> Option<PathBuf> {
        programs::program(name)
    }

    /// The reason why a user may not change this setting of the nodes; `None` if the user may. The name is in
    /// lower case with underscores.
    fn refusal(&self, name: &str, value: &str) -> Option<&'static str>;

    /// The configuration files of a node, or of a server that only this kind has: each name in the
    /// server's folder, and the text.
    fn files(
        &self,
        server: Server,
        launcher: &Launcher,
    ) -> Result<Vec<(&'static str, String)>, LabError>;

    /// The part of the proxy's configuration that says what it listens on, and which nodes it asks how.
    fn proxied(&self, options: &LabOptions) -> String;

    /// Starts the nodes that are missing, undoes faults, and waits until all keep step. A new password is
    /// given to the data that are there.
    fn raise(
        &self,
        launcher: &Launcher,
        password: &str,
        new_password: bool,
        progress: &mut dyn FnMut(String),
    ) -> Result<(), LabError>;

    /// A node's view of its group; nothing in it if the node does not run or answer.
    fn view(&self, node: Server, options: &LabOptions, process: ProcessState) -> NodeView;

    /// A node's state in the proxy's table.
    fn behind_proxy(&self, node: &str, table: &ProxyTable) -> Option<String>;

    /// True if the nodes form one group that is whole. Completes what only all nodes together show.
    fn is_whole(&self, nodes: &mut [NodeStatus]) -> bool;

    /// True if the proxy sends clients to each node that it is to send them to.
    fn is_proxied(&self, table: &ProxyTable, options: &LabOptions) -> bool;

    /// Cuts a living node off from the others.
    fn isolate(&self, node: Server, launcher: &Launcher) -> Result<(), LabError>;

    /// Ends that, and waits until the node keeps step again.
    fn heal(
        &self,
        node: Server,
        process: Option<Process>,
        launcher: &Launcher,
    ) -> Result<(), LabError>;

    /// Ends a node in order if it lives, and starts it again. It serves when this returns.
    fn restart(
        &self,
        node: Server,
        process: Option<Process>,
        launcher: &Launcher,
    ) -> Result<(), LabError>;

    /// Makes a living node the primary.
    fn promote(&self, node: Server, launcher: &Launcher) -> Result<(), LabError>;

    /// The standby that would lose least as the primary, of those that run and hear the others.
    fn heir(&self, launcher: &Launcher) -> Result<Server, LabError>;
}
