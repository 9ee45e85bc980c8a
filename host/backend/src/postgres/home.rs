//! The server on which schemas of trials are made.

use super::identity::introduce;
use super::options::{Address, hang_up};
use super::position;
use crate::model::error::CallError;
use crate::secret_url::{POOLER, SecretUrl};
use sqlx::postgres::PgConnection;

/// The endpoint; or, where that is a pooler, whichever of the nodes is the primary: the lock that shows
/// that a run goes on is one of a session, and a pooler has none.
#[derive(Clone)]
pub(crate) struct Home(Vec<Address>);

impl Home {
    /// `rejected` for a pooler whose servers are not named, and for a node that is one.
    pub(super) fn of(endpoint: &SecretUrl, nodes: &[SecretUrl]) -> Result<Self, CallError> {
        let endpoint = Address::from_url(endpoint)?;
        let nodes = nodes.iter().map(Address::from_url);
        let nodes = nodes.collect::<Result<Vec<_>, _>>()?;
        let refuse = |message: String| Err(CallError::rejected("pooler", message));
        if let Some(node) = nodes.iter().find(|node| node.is_pooler) {
            let name = &node.name;
            return refuse(format!(
                "--node {name} says {POOLER}=true; a node is a server itself, and a pooler goes into --db"
            ));
        }
        match (endpoint.is_pooler, nodes.is_empty()) {
            (false, _) => Ok(Self(vec![endpoint])),
            (true, false) => Ok(Self(nodes)),
            (true, true) => refuse(format!(
                "{} is a pooler; name each server behind it with --node, for what the runner reads \
                 and sets up itself",
                endpoint.name
            )),
        }
    }

    pub(super) async fn connect_to_the_primary(&self) -> Result<PgConnection, CallError> {
        if let [address] = self.0.as_slice() {
            return Ok(introduce(address).await?.0);
        }
        let (mut connections, mut positions, mut refused) = (Vec::new(), Vec::new(), None);
        for address in &self.0 {
            match introduce(address).await {
                Ok((mut connection, _)) => {
                    let position = position::of(&mut connection).await;
                    positions.extend(position.map(|position| (connections.len(), position)));
                    connections.push(connection);
                }
                Err(error) => refused = Some(error),
            }
        }
        let place = position::primary(&positions).map(|(&place, _)| place);
        let primary = place.map(|place| connections.swap_remove(place));
        for connection in connections {
            hang_up(connection).await;
        }
        let none = || CallError::unavailable("no-primary", "no node answers as the primary");
        primary.ok_or_else(|| refused.unwrap_or_else(none))
    }
}
