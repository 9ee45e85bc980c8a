//! The servers of one database: the endpoint, and the nodes behind it.

use super::discovery::{self, Found, Roll};
use super::options::{Address, hang_up};
use super::readers::{Reading, readers};
use super::status::{self, Identity};
use crate::capability::budget::Shares;
use crate::capability::database::{Freshness, Target};
use crate::model::error::CallError;
use crate::model::membership::Membership;
use crate::patience::within;
use crate::readers::Readers;
use crate::secret_url::SecretUrl;
use crate::session_options::SessionOptions;
use futures_util::future::try_join_all;
use mysql_async::Conn;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Timeout for a connected server to report its identity.
const INTRODUCTION_TAKES_AT_MOST: Duration = Duration::from_secs(5);

pub(super) struct Node {
    pub(super) name: String,
    pub(super) address: Address,
    pub(super) identity: Identity,
    pub(super) as_it_is: Readers<Reading>,
    pub(super) causal: Readers<Reading>,
}

pub(super) struct Servers {
    pub(super) endpoint: Address,
    pub(super) nodes: Vec<Node>,
    pub(super) names: Vec<String>,
    pub(super) membership: Membership,
    pub(super) options: SessionOptions,
    /// Limits of a session.
    shares: Mutex<Shares>,
    /// Sessions name their transactions, for an audit.
    pub(super) names_transactions: AtomicBool,
    /// Servers that sessions came to and that are not among the nodes.
    strangers: Mutex<Vec<Identity>>,
}

/// A connection, with the server at its other end.
pub(super) struct Introduced {
    pub(super) connection: Conn,
    pub(super) identity: Identity,
}

impl Servers {
    /// Asks every server for its identity and for the other members of its cluster. `nodes` may be
    /// empty: then the nodes are the discovered ones, or else the endpoint. Sessions and reads use the
    /// schema of the URLs, or one that was created just before.
    pub(super) async fn open(
        endpoint: &SecretUrl,
        nodes: &[SecretUrl],
        options: SessionOptions,
        own_schema: Option<&str>,
    ) -> Result<Self, CallError> {
        let counts = options.affected_rows;
        let endpoint = Address::from_url(endpoint, counts)?;
        let address = |node| Address::from_url(node, counts);
        let mut addresses = match nodes {
            [] => vec![endpoint.clone()],
            nodes => nodes.iter().map(address).collect::<Result<_, _>>()?,
        };
        let mut roll = Roll::default();
        if !nodes.is_empty() {
            roll.add(meet(&endpoint).await?.1);
        }
        let met = try_join_all(addresses.iter().map(meet)).await?;
        let (mut identities, rolls): (Vec<_>, Vec<_>) = met.into_iter().unzip();
        rolls.into_iter().for_each(|one| roll.add(one));
        if let Some(twice) = first_twice(&identities) {
            let message = format!(
                "{} and {} are the same server; name each node once",
                addresses[twice.0].name, addresses[twice.1].name
            );
            return Err(CallError::rejected("same-node", message));
        }
        let (mut found, mut unseen) = (0, Vec::new());
        if roll.lacking(addresses.len()) > 0 {
            // An endpoint that is a proxy is no node: what is read there comes from any of them.
            let known: Vec<_> = addresses.iter().cloned().zip(identities.clone()).collect();
            let known = &known[..nodes.len()];
            let (others, useless) = roll.find(&endpoint, known).await;
            if nodes.is_empty() && !others.is_empty() {
                addresses.clear();
                identities.clear();
            }
            found = others.len();
            for Found { address, identity } in others {
                addresses.push(address);
                identities.push(identity);
            }
            unseen = useless;
            // A member whose address no server knows is one that was not looked at, too.
            let lacking = roll.lacking(addresses.len());
            unseen.resize(lacking, "a member with unknown address".to_owned());
        }
        let names = names(&addresses, &identities);
        let there = |address: Address| match own_schema {
            Some(schema) => address.in_new_schema(schema),
            None => address,
        };
        let endpoint = there(endpoint);
        let addresses = addresses.into_iter().map(there);
        let nodes = addresses
            .zip(identities)
            .zip(&names)
            .map(|((address, identity), name)| {
                let replicates = identity.node.is_some();
                Ok(Node {
                    name: name.clone(),
                    as_it_is: readers(address.clone(), Freshness::AsItIs, false)?,
                    causal: readers(address.clone(), Freshness::Causal, replicates)?,
                    address,
                    identity,
                })
            })
            .collect::<Result<_, CallError>>()?;
        Ok(Self {
            endpoint,
            nodes,
            membership: Membership {
                has_primary: false,
                found: names[names.len() - found..].to_vec(),
                nodes: names.clone(),
                unseen,
            },
            names,
            options,
            shares: Mutex::default(),
            names_transactions: AtomicBool::new(false),
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

    /// The node of that name.
    pub(super) fn node(&self, name: &str) -> Result<&Node, CallError> {
        let found = self.nodes.iter().find(|node| node.name == name);
        found.ok_or_else(|| {
            let names = self.names.join(", ");
            let message = format!("there is no node {name:?}; there are {names}");
            CallError::rejected("no-such-node", message)
        })
    }

    /// The node that is this server, if it was named.
    pub(super) fn node_of(&self, identity: &Identity) -> Option<&Node> {
        self.nodes.iter().find(|node| node.identity == *identity)
    }

    /// The number of a server: its place among the nodes, or behind them if it is none of them.
    pub(super) fn number_of(&self, identity: &Identity) -> u32 {
        let nodes = self.nodes.iter();
        if let Some(number) = nodes.clone().position(|node| node.identity == *identity) {
            return number as u32;
        }
        let mut strangers = self
            .strangers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let known = strangers.iter().position(|one| one == identity);
        let number = known.unwrap_or_else(|| {
            strangers.push(identity.clone());
            strangers.len() - 1
        });
        (nodes.len() + number) as u32
    }

    pub(super) fn address(&self, target: &Target) -> Result<&Address, CallError> {
        match target {
            Target::Endpoint => Ok(&self.endpoint),
            Target::Node(name) => self.node(name).map(|node| &node.address),
        }
    }
}

/// Asks a server for its identity, and for its view of the cluster.
async fn meet(address: &Address) -> Result<(Identity, Roll), CallError> {
    let mut introduced = introduce(address).await?;
    // A server that does not replicate has nothing to say; one that refuses to answer says no more.
    let roll = match introduced.identity.node {
        Some(_) => {
            let asking = discovery::ask(&mut introduced.connection);
            let asked = within(INTRODUCTION_TAKES_AT_MOST, asking).await;
            asked.ok().and_then(Result::ok).unwrap_or_default()
        }
        None => Roll::default(),
    };
    hang_up(introduced.connection).await;
    Ok((introduced.identity, roll))
}

/// Connects, and asks the server for its identity.
pub(super) async fn introduce(address: &Address) -> Result<Introduced, CallError> {
    let mut connection = address.connect().await?;
    let asking = within(
        INTRODUCTION_TAKES_AT_MOST,
        status::identify(&mut connection),
    );
    let failed = |why: &str| {
        let message = format!("{} does not report its identity: {why}", address.name);
        CallError::unavailable(2013, message)
    };
    match asking.await {
        Ok(Ok(identity)) => Ok(Introduced {
            connection,
            identity,
        }),
        Ok(Err(failure)) => Err(failed(&failure.error.to_string())),
        Err(_) => Err(failed("no answer in time")),
    }
}

/// A node is called what it calls itself, if no two call themselves the same.
fn names(addresses: &[Address], identities: &[Identity]) -> Vec<String> {
    let own: Option<Vec<_>> = identities.iter().map(|one| one.node.clone()).collect();
    let unique = |names: &Vec<String>| {
        let distinct: std::collections::BTreeSet<_> = names.iter().collect();
        distinct.len() == names.len()
    };
    own.filter(unique)
        .unwrap_or_else(|| addresses.iter().map(|one| one.name.clone()).collect())
}

fn first_twice(identities: &[Identity]) -> Option<(usize, usize)> {
    (0..identities.len()).find_map(|later| {
        let earlier = identities[..later]
            .iter()
            .position(|one| *one == identities[later])?;
        Some((earlier, later))
    })
}
