//! The cluster as its clients use it: opening connections, calling, leaving.

use super::Cluster;
use super::connection::{Call, Kind, Phase, Reply, Variables};
use super::errors::{lost, refused};
use super::event::{ClusterEvent, ConnectionId};
use crate::capability::database::Target;
use crate::capability::operation::Operation;
use crate::capability::statement::Statement;
use crate::capability::{calls, mysql_calls};
use crate::event::Actor;
use crate::kernel::Kernel;
use crate::model::change::Nanos;
use crate::model::counters::NodeCounters;
use crate::model::error::CallError;
use crate::model::sim_fault::Cut;
use crate::model::topology::{ClusterKind, Topology};
use crate::model::value::Value;
use std::collections::BTreeMap;
use std::task::{Context, Poll};

/// A call as a client sends it.
pub(crate) struct Request<'a> {
    pub(crate) kind: Kind,
    pub(crate) operation: Operation,
    /// Of a statement.
    pub(crate) text: &'a str,
    pub(crate) parameters: &'a [Value],
    /// The server may try it again, if it stands alone and is a write.
    pub(crate) is_text: bool,
}

impl Cluster {
    pub(crate) fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    pub(crate) fn kind(&self) -> ClusterKind {
        self.kind
    }

    /// The error of a call whose connection is gone.
    pub(crate) fn lost(&self, operation: Operation, why: &str) -> CallError {
        lost(self.kind, operation, why)
    }

    /// As `Session::query` demands it, before a statement is sent.
    pub(crate) fn check_query(
        &self,
        statement: &Statement,
        parameters: &[Value],
    ) -> Result<(), CallError> {
        match self.kind {
            ClusterKind::Galera => mysql_calls::check_query(statement, parameters),
            ClusterKind::Postgres => {
                calls::check_returns_rows(statement)?;
                calls::check_count(statement, parameters)
            }
        }
    }

    /// As `Session::execute` demands it, before a statement is sent.
    pub(crate) fn check_execute(
        &self,
        statement: &Statement,
        parameters: &[Value],
    ) -> Result<(), CallError> {
        match self.kind {
            ClusterKind::Galera => mysql_calls::check_execute(statement, parameters),
            ClusterKind::Postgres => {
                calls::check_returns_no_rows(statement)?;
                calls::check_count(statement, parameters)
            }
        }
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The node that a session is to have; nothing for the endpoint.
    pub(crate) fn target(&self, target: &Target) -> Result<Option<u32>, CallError> {
        match target {
            Target::Endpoint => Ok(None),
            Target::Node(name) => self.number(name).map(Some),
        }
    }

    /// The node of this name.
    pub(crate) fn number(&self, name: &str) -> Result<u32, CallError> {
        let found = self.numbers.get(name).copied();
        found.ok_or_else(|| {
            let names = match self.names.as_slice() {
                [first, .., last] if self.names.len() > 8 => format!("{first} to {last}"),
                names => names.join(", "),
            };
            let message = format!("there is no node {name:?}; there are {names}");
            CallError::rejected("no-such-node", message)
        })
    }

    /// The number of statements that the nodes have executed.
    pub fn statements(&self) -> u64 {
        self.state().statements
    }

    /// Draws the duration of one message between a client and its server.
    pub(crate) fn one_way(&self, is_proxied: bool) -> Nanos {
        self.state().network.client(is_proxied)
    }

    /// A session's variables before it sets any.
    pub(crate) fn variables(&self) -> Variables {
        Variables::new(&self.state().topology)
    }

    /// The connection attempt has come to the server: a node, or the proxy, which chooses one.
    pub(crate) fn open(
        &self,
        node: Option<u32>,
        actor: Actor,
        variables: Variables,
    ) -> Result<ConnectionId, CallError> {
        let mut state = self.state();
        let now = state.now();
        let chosen = match node {
            Some(node) => node,
            None => state
                .proxy
                .choose(now)
                .ok_or_else(|| refused(self.kind, "a server: the proxy knows of none"))?,
        };
        if !state.nodes[chosen as usize].is_up {
            return Err(refused(self.kind, &self.names[chosen as usize]));
        }
        Ok(state
            .connections
            .add(actor, chosen, node.is_none(), variables))
    }

    /// Sends a call. `poll_reply` gives the answer.
    pub(crate) fn send(&self, id: ConnectionId, request: &Request<'_>) {
        let mut state = self.state();
        let now = state.now();
        let prepared = match request.kind {
            Kind::Statement => Some(state.catalog.prepare(request.text)),
            _ => None,
        };
        let Some(connection) = state.connections.get(id) else {
            return;
        };
        let retries = match request.is_text {
            true => connection.variables.retry_autocommit,
            false => 0,
        };
        let (is_dead, actor, is_proxied) =
            (connection.is_dead, connection.actor, connection.is_proxied);
        let mut parameters = std::mem::take(&mut connection.call.parameters);
        parameters.clear();
        parameters.extend_from_slice(request.parameters);
        connection.call = Call {
            kind: request.kind,
            operation: request.operation,
            prepared,
            parameters,
            sent: now,
            arrived: now,
            retries,
            locks_before: 0,
            is_synced: false,
            given: None,
        };
        if is_dead {
            return state.tell_lost(id.slot, "the server is gone");
        }
        let ticket = state.connections.enter(id.slot, Phase::Sent);
        let at = now + state.network.client(is_proxied);
        if request.operation == Operation::Committing
            && let Actor::Worker(worker) = actor
            && let Some(cut) = state.connections.next_cut(worker)
        {
            if cut == Cut::Before {
                state.tell_lost(id.slot, "it broke before the call was through");
                return state.schedule(at, ClusterEvent::Left(id));
            }
            state.connections[id.slot].cut = Some(cut);
        }
        state.schedule(at, ClusterEvent::Arrived(ticket));
    }

    /// The answer of the call that was sent last.
    pub(crate) fn poll_reply(
        &self,
        id: ConnectionId,
        context: &mut Context<'_>,
    ) -> Poll<Option<Reply>> {
        let mut state = self.state();
        let Some(connection) = state.connections.get(id) else {
            return Poll::Ready(None);
        };
        match connection.reply.take() {
            Some(reply) => {
                connection.waker = None;
                state.tidy(id.slot);
                Poll::Ready(Some(reply))
            }
            None => {
                connection.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }

    /// The number of the node that a connection is with.
    pub(crate) fn node_of(&self, id: ConnectionId) -> Option<u32> {
        let mut state = self.state();
        state.connections.get(id).map(|connection| connection.node)
    }

    /// The variables of a connection.
    pub(crate) fn variables_of(&self, id: ConnectionId) -> Option<Variables> {
        let mut state = self.state();
        state
            .connections
            .get(id)
            .map(|connection| connection.variables)
    }

    /// Ends a connection: the client is gone, and the server knows it at once.
    pub(crate) fn end_connection(&self, id: ConnectionId) {
        let mut state = self.state();
        if let Some(connection) = state.connections.get(id) {
            connection.forget_client();
            state.kill(id.slot);
        }
    }

    /// The client is gone without a word; the server will notice.
    pub(crate) fn abandon(&self, id: ConnectionId) {
        let mut state = self.state();
        let Some(connection) = state.connections.get(id) else {
            return;
        };
        connection.forget_client();
        let is_proxied = connection.is_proxied;
        let at = state.now() + state.network.client(is_proxied);
        state.schedule(at, ClusterEvent::Left(id));
    }

    /// Ready when nothing of the connection can take effect any more.
    pub(crate) fn poll_gone(&self, id: ConnectionId, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state();
        match state.connections.get(id) {
            None => Poll::Ready(()),
            Some(connection) => {
                connection.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }

    /// The number of nodes that can commit, as the first node says that knows it.
    pub(crate) fn members_now(&self) -> Option<usize> {
        let state = self.state();
        match &state.postgres {
            Some(postgres) => state.streaming(postgres),
            None => state.membership.size(),
        }
    }

    pub(crate) fn counted(&self) -> Vec<NodeCounters> {
        let state = self.state();
        let is_galera = self.kind == ClusterKind::Galera;
        let paused = state.flow.paused_for(state.now());
        let up = state.nodes.iter().zip(&self.names);
        let up = up.filter(|(node, _)| node.is_up);
        up.map(|(node, name)| NodeCounters {
            node: name.clone(),
            commits: Some(node.counts.commits),
            certification_failures: is_galera.then_some(node.counts.certification_failures),
            brute_force_aborts: is_galera.then_some(node.counts.brute_force_aborts),
            replays: is_galera.then_some(node.counts.replays),
            flow_control_paused_ns: is_galera.then_some(paused),
            flow_control_pauses: is_galera.then_some(node.counts.flow_control_pauses),
        })
        .collect()
    }

    pub(crate) fn described(&self) -> BTreeMap<String, String> {
        let state = self.state();
        let topology = &state.topology;
        if self.kind == ClusterKind::Postgres {
            return settings_of_postgres(topology);
        }
        let on_off = |on| if on { "ON" } else { "OFF" }.to_owned();
        let settings = [
            ("version", env!("CARGO_PKG_VERSION").to_owned()),
            ("version_comment", "contend's simulated cluster".to_owned()),
            ("autocommit", on_off(true)),
            ("transaction_isolation", "REPEATABLE-READ".to_owned()),
            ("wsrep_cluster_size", topology.nodes.to_string()),
            ("wsrep_sync_wait", topology.sync_wait.to_string()),
            (
                "wsrep_retry_autocommit",
                topology.retry_autocommit.to_string(),
            ),
            (
                "innodb_lock_wait_timeout",
                (topology.lock_wait_timeout_ms as f64 / 1e3).to_string(),
            ),
            (
                "innodb_snapshot_isolation",
                on_off(topology.snapshot_isolation),
            ),
        ];
        let owned = settings.map(|(name, value)| (name.to_owned(), value));
        owned.into_iter().collect()
    }
}

fn settings_of_postgres(topology: &Topology) -> BTreeMap<String, String> {
    let synchronous = if topology.synchronous {
        "ANY 1 (*)"
    } else {
        ""
    };
    let settings = [
        (
            "server_version",
            concat!("contend ", env!("CARGO_PKG_VERSION")),
        ),
        ("default_transaction_isolation", "read committed"),
        ("synchronous_commit", "on"),
        ("synchronous_standby_names", synchronous),
        ("deadlock_timeout", "1000"),
        ("lock_timeout", "0"),
    ];
    let owned = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
    owned.into_iter().collect()
}
