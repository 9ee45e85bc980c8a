//! The check on every node after acquire.

use super::{Arena, NANOS_PER_MS};
use crate::capability::database::{Freshness, Target};
use crate::model::change::Check;
use crate::model::data::RowState;
use crate::model::fault::Fault;
use crate::model::marker::Marker;
use crate::workload::CheckConnections;

/// A connection error does not count as a try, but even those have an end.
const MAX_UNREACHABLE: u32 = 60;

/// Reads the row straight from every node until all have this change's marker, with bounded tries
/// and growing waits. Nothing if the workload asks for no check.
pub async fn on_all_nodes(arena: &Arena, row: u32, marker: Marker) -> Option<Check> {
    let workload = &arena.workload;
    if workload.check_tries == 0 {
        return None;
    }
    let began = arena.clock.now();
    let expected = RowState::held_by(marker);
    let (mut tries, mut unreachable) = (0, 0);
    let agreed = loop {
        match reading(arena, row, &expected).await {
            Some(true) => {
                tries += 1;
                break true;
            }
            Some(false) => tries += 1,
            None => unreachable += 1,
        }
        if tries >= workload.check_tries || unreachable >= MAX_UNREACHABLE {
            break false;
        }
        let wait = workload.check_wait_ms * u64::from(tries.max(1));
        tokio::select! {
            biased;
            // A run that is to end at once does not wait for a slow replica.
            () = arena.stop.abandoned() => break false,
            () = arena.clock.sleep(wait * NANOS_PER_MS) => {}
        }
    };
    Some(Check {
        began,
        ended: arena.clock.now(),
        tries,
        agreed,
    })
}

/// Do all nodes hold what is expected? Nothing if one of them did not answer, unless the others have
/// shut it out: it will have the row when it is taken in again, and until then nobody should wait.
async fn reading(arena: &Arena, row: u32, expected: &RowState) -> Option<bool> {
    let answers = arena.ask_nodes(|node| read(arena, node, row)).await;
    let agree = answers
        .given
        .iter()
        .all(|found| found.as_ref() == Some(expected));
    answers.complete.then_some(agree)
}

/// What the node has, as an application would find it there: how stale that is, is the question.
async fn read(arena: &Arena, node: &str, row: u32) -> Result<Option<RowState>, Fault> {
    let database = &*arena.database;
    match arena.workload.check {
        CheckConnections::Persistent => {
            let freshness = Freshness::AsItIs;
            arena.rows.read(database, node, freshness, row).await
        }
        CheckConnections::Fresh => {
            let mut session = database.connect(&Target::Node(node.to_owned())).await?;
            let found = arena.rows.read_on(&mut *session, row).await;
            session.close().await;
            found
        }
    }
}
