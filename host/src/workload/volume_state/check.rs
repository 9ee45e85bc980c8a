//! The check on every node after acquire.

use super::access;
use super::look;
use crate::capability::database::{Freshness, Target};
use crate::model::change::Check;
use crate::model::data::RowState;
use crate::model::error::CallError;
use crate::model::marker::Marker;
use crate::model::seen::Seen;
use crate::workload::CheckConnections;
use crate::workload::site::{NANOS_PER_MS, Site};
use futures_util::future::join;

/// The result of a check.
pub(super) struct Checked {
    pub(super) check: Check,
    /// A causal reading, made at the first try at which a node did not have the marker.
    pub(super) seen: Option<Box<Seen>>,
}

/// Reads the row straight from every node until all have this change's marker, with bounded tries
/// and growing waits. A reading that some node did not answer is no try: the check gives up on it when it has
/// lasted for as long as settling would (`Site::patience_ns`).
pub(super) async fn on_all_nodes(site: &Site, row: u32, marker: Marker) -> Checked {
    let workload = &site.workload;
    let began = site.clock.now();
    let expected = RowState::held_by(marker);
    let mut tries = 0;
    let mut seen = None;
    let agreed = loop {
        let found = reading(site, row, &expected).await;
        if found.is_some() {
            tries += 1;
        }
        if found == Some(true) {
            break true;
        }
        // An application may well find an old row on one of several nodes; a causal reading does not.
        let look = async {
            match found {
                Some(false) if seen.is_none() => look::at_held(site, row, marker).await,
                _ => None,
            }
        };
        let lasted = site.clock.now().saturating_sub(began);
        let is_last = match found {
            Some(_) => tries >= workload.check_tries,
            None => lasted >= site.patience_ns,
        };
        let wait = match is_last {
            true => 0,
            false => workload.check_wait_ms * u64::from(tries.max(1)),
        };
        let (looked, is_abandoned) = join(look, is_abandoned_within(site, wait)).await;
        seen = seen.or(looked);
        if is_last || is_abandoned {
            break false;
        }
    };
    let check = Check {
        began,
        ended: site.clock.now(),
        tries,
        agreed,
    };
    Checked { check, seen }
}

/// Waits between two tries. A run that is to end at once does not wait for a slow replica.
async fn is_abandoned_within(site: &Site, wait_ms: u64) -> bool {
    if wait_ms == 0 {
        return site.stop.is_abandoned();
    }
    tokio::select! {
        biased;
        () = site.stop.abandoned() => true,
        () = site.clock.sleep(wait_ms * NANOS_PER_MS) => false,
    }
}

/// Do all nodes hold what is expected? Nothing if one of them did not answer, unless the others have
/// shut it out: it will have the row when it is taken in again, and until then no check should wait.
async fn reading(site: &Site, row: u32, expected: &RowState) -> Option<bool> {
    let answers = site.ask_nodes(|node| read(site, node, row)).await;
    let agree = answers
        .given
        .iter()
        .all(|found| found.as_ref() == Some(expected));
    answers.complete.then_some(agree)
}

/// Reads the row on the node as an application would, stale or not: the check measures how stale it is.
/// With `--sync-wait 1` an application waits for what other nodes committed, and so does this.
async fn read(site: &Site, node: &str, row: u32) -> Result<Option<RowState>, CallError> {
    let database = &*site.database;
    match site.workload.check {
        CheckConnections::Persistent => access::read(database, node, site.check_reads, row).await,
        CheckConnections::Fresh => {
            let mut session = database.connect(&Target::Node(node.to_owned())).await?;
            if site.check_reads == Freshness::Causal {
                session.sync().await?;
            }
            let found = access::read_on(&mut *session, row).await;
            session.close().await;
            found
        }
    }
}
