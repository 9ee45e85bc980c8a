//! Discovers the nodes of a cluster that the user did not name.
//!
//! Each node of a Galera cluster knows how many members there are (`wsrep_cluster_size`) and where
//! clients reach them (`wsrep_incoming_addresses`). The runner connects to those that are not among the
//! named nodes with the endpoint's credentials; one that it can't reach is reported as unseen, never
//! skipped silently.
//!
//! ```text
//! --db mysql://proxy/app, no --node      the proxy's server says: size 3, a:3306,b:3306,c:3306
//!   a:3306  answers, same cluster        a node, found
//!   b:3306  answers, same cluster        a node, found
//!   c:3306  did not answer within 2 s    unseen
//! ```

use super::answer::Failure;
use super::options::{Address, hang_up};
use super::servers::introduce;
use super::status::{self, Identity, Shown};
use futures_util::future::join_all;
use mysql_async::Conn;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::timeout;

/// An address that the servers know of may be one that only they can reach.
const FINDING_TAKES_AT_MOST: Duration = Duration::from_secs(2);

/// Membership of a cluster, combined from the reports of its members.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Roll {
    /// The most members that any of them knows of; 0 where none replicates.
    size: usize,
    /// Of the cluster, whatever its members are called.
    uuid: Option<String>,
    /// Client addresses of the members, as far as the servers report them.
    addresses: BTreeSet<String>,
}

/// A node that was found.
pub(super) struct Found {
    pub(super) address: Address,
    pub(super) identity: Identity,
}

/// Asks a server what it knows of its cluster.
pub(super) async fn ask(connection: &mut Conn) -> Result<Roll, Failure> {
    let shown = status::show(connection, &status::show_status(status::ROLL)).await?;
    Ok(Roll::read(&shown))
}

impl Roll {
    fn read(shown: &Shown) -> Self {
        let size = shown.get("wsrep_cluster_size");
        let addresses = shown.get("wsrep_incoming_addresses").map(String::as_str);
        let addresses = addresses.unwrap_or_default().split(',').map(str::trim);
        let is_known = |address: &&str| !address.is_empty() && *address != "AUTO";
        Self {
            size: size.and_then(|size| size.parse().ok()).unwrap_or(0),
            uuid: shown.get("wsrep_cluster_state_uuid").cloned(),
            addresses: addresses.filter(is_known).map(str::to_owned).collect(),
        }
    }

    /// Adds what another member says. A server of another cluster has no say in this one.
    pub(super) fn add(&mut self, other: Self) {
        if self.uuid.is_none() {
            self.uuid.clone_from(&other.uuid);
        }
        if self.uuid == other.uuid {
            self.size = self.size.max(other.size);
            self.addresses.extend(other.addresses);
        }
    }

    /// Number of members beyond so many nodes.
    pub(super) fn lacking(&self, nodes: usize) -> usize {
        self.size.saturating_sub(nodes)
    }

    /// Connects to every address that is not one of a known node. Gives the nodes that are not known
    /// yet, and of each other address why it was of no use.
    pub(super) async fn find(
        &self,
        endpoint: &Address,
        known: &[(Address, Identity)],
    ) -> (Vec<Found>, Vec<String>) {
        let is_new = |address: &&String| known.iter().all(|(one, _)| one.name != **address);
        let tried = self.addresses.iter().filter(is_new);
        let tried = tried.map(async |address| (address, self.meet(endpoint, address).await));
        let (mut found, mut unseen) = (Vec::<Found>::new(), Vec::new());
        for (address, met) in join_all(tried).await {
            match met {
                Ok(met) => {
                    let is_known = known.iter().any(|(_, one)| *one == met.identity)
                        || found.iter().any(|one| one.identity == met.identity);
                    if !is_known {
                        found.push(met);
                    }
                }
                Err(why) => unseen.push(format!("{address} ({why})")),
            }
        }
        (found, unseen)
    }

    async fn meet(&self, endpoint: &Address, address: &str) -> Result<Found, String> {
        let address = endpoint.at(address);
        let meeting = timeout(FINDING_TAKES_AT_MOST, async {
            let mut introduced = introduce(&address).await.map_err(|error| error.message)?;
            let roll = ask(&mut introduced.connection).await;
            hang_up(introduced.connection).await;
            match roll {
                Ok(roll) if roll.uuid == self.uuid => Ok(introduced.identity),
                Ok(_) => Err("is of another cluster".to_owned()),
                Err(failure) => Err(failure.error.to_string()),
            }
        });
        let late = || {
            let seconds = FINDING_TAKES_AT_MOST.as_secs();
            format!("did not answer within {seconds} s")
        };
        let identity = meeting.await.map_err(|_| late())??;
        Ok(Found { address, identity })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roll(size: &str, uuid: &str, addresses: &str) -> Roll {
        let shown = [
            ("wsrep_cluster_size", size),
            ("wsrep_cluster_state_uuid", uuid),
            ("wsrep_incoming_addresses", addresses),
        ];
        let shown = shown.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Roll::read(&shown.into())
    }

    #[test]
    fn members_without_an_address_count_and_are_not_connected_to() {
        let mut all = Roll::default();
        all.add(roll("3", "u", "a:3306,, AUTO"));
        all.add(roll("2", "u", "a:3306,b:3306"));
        all.add(roll("9", "another", "z:3306"));
        assert_eq!((all.size, all.lacking(1), all.lacking(4)), (3, 2, 0));
        assert!(all.addresses.iter().eq(["a:3306", "b:3306"]));
        assert_eq!(Roll::read(&Shown::default()).lacking(1), 0);
    }
}
