//! One server of a database, as the host knows it.

use super::identity::{Identity, meet, names};
use super::options::Address;
use super::position::LastTold;
use super::readers::{Reading, readers};
use crate::model::error::CallError;
use crate::readers::Readers;
use futures_util::future::try_join_all;
use std::time::Duration;

/// Time between two questions to a server whose answer is waited for.
pub(super) const BETWEEN_LOOKS: Duration = Duration::from_millis(2);

pub(super) struct Node {
    pub(super) name: String,
    pub(super) address: Address,
    pub(super) readers: Readers<Reading>,
    pub(super) position: LastTold,
    pub(super) identity: Identity,
}

/// Asks each server for its identity. `rejected` if one is named twice.
pub(super) async fn meet_all(
    addresses: Vec<Address>,
    own_schema: Option<&str>,
) -> Result<Vec<Node>, CallError> {
    let identities = try_join_all(addresses.iter().map(meet)).await?;
    for (later, identity) in identities.iter().enumerate() {
        if let Some(earlier) = identities[..later].iter().position(|one| one == identity) {
            let message = format!(
                "{} and {} are the same server; name each node once",
                addresses[earlier].name, addresses[later].name
            );
            return Err(CallError::rejected("same-node", message));
        }
    }
    let names = names(&addresses, &identities);
    let nodes = addresses.into_iter().zip(identities).zip(names);
    let nodes = nodes.map(|((server, identity), name)| {
        let address = address(server, own_schema);
        Ok(Node {
            name,
            readers: readers(address.clone())?,
            position: LastTold::default(),
            address,
            identity,
        })
    });
    nodes.collect()
}

/// The address at which the trial's own schema is, if it has one.
pub(super) fn address(server: Address, own_schema: Option<&str>) -> Address {
    match own_schema {
        Some(schema) => server.in_new_schema(schema),
        None => server,
    }
}
