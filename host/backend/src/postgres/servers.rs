//! The servers of one database: the endpoint, and the nodes behind it.

use super::answer::run;
use super::catching_up;
use super::home::Home;
use super::identity::{Identity, meet};
use super::node::{self, BETWEEN_LOOKS, Node};
use super::options::Address;
use super::parameter_types::ParameterTypes;
use super::position::{self, Position};
use crate::capability::budget::Shares;
use crate::capability::database::Target;
use crate::host_threads;
use crate::model::error::CallError;
use crate::model::membership::Membership;
use crate::model::value::Value;
use crate::patience::within;
use crate::secret_url::SecretUrl;
use crate::session_options::SessionOptions;
use futures_util::future::join_all;
use sqlx::postgres::PgConnection;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::sleep;

/// Longest wait for the end of an abandoned session.
const ENDING_TAKES_AT_MOST: Duration = Duration::from_secs(5);

pub(super) struct Servers {
    pub(super) endpoint: Address,
    pub(super) home: Home,
    pub(super) nodes: Vec<Node>,
    pub(super) names: Vec<String>,
    pub(super) membership: Membership,
    pub(super) options: SessionOptions,
    pub(super) parameter_types: ParameterTypes,
    shares: Mutex<Shares>,
    /// Servers that sessions came to and that are not among the nodes.
    strangers: Mutex<Vec<Identity>>,
}

impl Servers {
    /// Asks every server for its identity. `nodes` may be empty: then the endpoint is the node.
    pub(super) async fn open(
        endpoint: &SecretUrl,
        nodes: &[SecretUrl],
        options: SessionOptions,
        own_schema: Option<&str>,
    ) -> Result<Self, CallError> {
        let home = Home::of(endpoint, nodes)?;
        let endpoint = Address::from_url(endpoint)?;
        let addresses = match nodes {
            [] => vec![endpoint.clone()],
            nodes => nodes
                .iter()
                .map(Address::from_url)
                .collect::<Result<_, _>>()?,
        };
        if !nodes.is_empty() {
            meet(&endpoint).await?;
        }
        let nodes = node::meet_all(addresses, own_schema).await?;
        let names: Vec<_> = nodes.iter().map(|node| node.name.clone()).collect();
        let (unseen, has_primary) = look_around(&nodes).await;
        Ok(Self {
            endpoint: node::address(endpoint, own_schema),
            home,
            nodes,
            membership: Membership {
                unseen,
                has_primary,
                ..Membership::of(&names)
            },
            names,
            options,
            parameter_types: ParameterTypes::default(),
            shares: Mutex::default(),
            strangers: Mutex::default(),
        })
    }

    /// Sets the limits of the sessions that are opened from now on.
    pub(super) fn divide(&self, shares: Shares) {
        *self.shares.lock().unwrap_or_else(PoisonError::into_inner) = shares;
    }

    pub(super) fn shares(&self) -> Shares {
        *self.shares.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the node of that name.
    pub(super) fn number(&self, name: &str) -> Result<usize, CallError> {
        let found = self.nodes.iter().position(|node| node.name == name);
        found.ok_or_else(|| {
            let names = self.names.join(", ");
            let message = format!("there is no node {name:?}; there are {names}");
            CallError::rejected("no-such-node", message)
        })
    }

    pub(super) fn address(&self, target: &Target) -> Result<&Address, CallError> {
        match target {
            Target::Endpoint => Ok(&self.endpoint),
            Target::Node(name) => self.number(name).map(|node| &self.nodes[node].address),
        }
    }

    /// The number of a server: its place among the nodes, or behind them if it is none of them. A node
    /// that was started again is the same node, if it is the only one with its name and port.
    pub(super) fn number_of(&self, identity: &Identity) -> u32 {
        let alike = |one: &Identity| one.is_like(identity);
        let nodes = || self.nodes.iter().map(|node| &node.identity);
        let exact = nodes().position(|one| one == identity);
        let alone = || (nodes().filter(|one| alike(one)).count() == 1).then_some(());
        if let Some(number) = exact.or_else(|| alone().and_then(|()| nodes().position(alike))) {
            return number as u32;
        }
        let mut strangers = self
            .strangers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let known = strangers.iter().position(alike);
        let number = known.unwrap_or_else(|| {
            strangers.push(identity.clone());
            strangers.len() - 1
        });
        (self.nodes.len() + number) as u32
    }

    /// Waits until a node has all that was committed on the primary before the call.
    pub(super) async fn catch_up(self: &Arc<Self>, node: usize) -> Result<(), CallError> {
        let servers = self.clone();
        host_threads::run(async move { servers.have_caught_up(&servers.nodes[node]).await }).await
    }

    async fn have_caught_up(&self, node: &Node) -> Result<(), CallError> {
        let positions = self.positions().await;
        let Some((&primary, goal)) = position::primary(&positions) else {
            let message = "no node answers as the primary, whose commits the others have to have";
            return Err(CallError::unavailable("no-primary", message));
        };
        match std::ptr::eq(node, primary) {
            true => catching_up::show_all(primary, goal).await,
            false => catching_up::come_as_far(node, primary, goal).await,
        }
    }

    /// The positions of the nodes that answer.
    async fn positions(&self) -> Vec<(&Node, Position)> {
        let asked = self.nodes.iter().map(async |node| {
            let position = position::ask(node).await.ok()?;
            Some((node, position))
        });
        join_all(asked).await.into_iter().flatten().collect()
    }

    /// Number of servers that take part: the primary, and the standbys that stream from it.
    pub(super) async fn members(self: &Arc<Self>) -> Result<usize, CallError> {
        let servers = self.clone();
        host_threads::run(async move { servers.count_members().await }).await
    }

    async fn count_members(&self) -> Result<usize, CallError> {
        let positions = self.positions().await;
        match position::primary(&positions) {
            Some((_, position)) => Ok(1 + position.standbys),
            None => {
                let message = "no node is the primary, which alone can commit";
                Err(CallError::unavailable("no-primary", message))
            }
        }
    }

    /// Waits until a connection through a pooler, on which a call was abandoned, has its answer: the pooler
    /// may not have sent it to a server yet, where it could be ended. Ends it there as soon as it can.
    pub(super) async fn drain(&self, connection: &mut PgConnection, name: &str) {
        let ending = async {
            loop {
                self.end_sessions(name).await;
                sleep(BETWEEN_LOOKS).await;
            }
        };
        let drained = async {
            tokio::select! {
                _ = run(connection, "ROLLBACK") => {}
                () = ending => {}
            }
        };
        within(ENDING_TAKES_AT_MOST, drained).await.ok();
    }

    /// Ends the connections of this name on all nodes and waits until they are gone: what they were
    /// doing has then taken effect or never will. What can't be reached in time is left to its server.
    pub(super) async fn end_sessions(&self, name: &str) {
        let parameter = [Value::from(name)];
        // A pooler keeps the connections of a session that is gone, idle and under its name.
        let idle = match self.endpoint.is_pooler {
            true => " AND state IS DISTINCT FROM 'idle'",
            false => "",
        };
        let end = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ?{idle}"
        );
        let ends = self.nodes.iter().map(async |node| {
            while node
                .readers
                .read(&end, &parameter)
                .await
                .is_ok_and(|rows| !rows.is_empty())
            {
                sleep(BETWEEN_LOOKS).await;
            }
        });
        within(ENDING_TAKES_AT_MOST, join_all(ends)).await.ok();
    }
}

/// The standbys that stream from a node and are none; and whether no more than one node takes writes.
async fn look_around(nodes: &[Node]) -> (Vec<String>, bool) {
    let asked = join_all(nodes.iter().map(position::ask)).await;
    let answered: Vec<Position> = asked.into_iter().flatten().collect();
    let standbys = answered
        .iter()
        .map(|position| position.standbys)
        .sum::<usize>();
    let named = answered.iter().filter(|one| !one.is_primary()).count();
    let unnamed = standbys.saturating_sub(named);
    let unseen = vec!["a standby that was not named".to_owned(); unnamed];
    (unseen, answered.len() - named <= 1)
}
