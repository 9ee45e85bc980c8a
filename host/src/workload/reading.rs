//! Reading every node after a run.

use super::final_state::OfNodes;
use crate::capability::clock::Clock;
use crate::capability::database::Database;
use crate::model::change::Nanos;
use crate::model::error::{CallError, ErrorKind};

/// A node that has just come back answers within that many tries.
const TRIES: u32 = 10;

/// The wait between them.
const WAIT_NS: Nanos = 500_000_000;

/// The nodes' answers, in their order. An error only if there was no answer at all.
pub async fn each_node<'a, T, F>(
    database: &'a dyn Database,
    clock: &dyn Clock,
    read: impl Fn(&'a str) -> F,
) -> Result<OfNodes<T>, CallError>
where
    F: Future<Output = Result<T, CallError>>,
{
    let (mut nodes, mut silent, mut last) = (Vec::new(), Vec::new(), None);
    for node in database.nodes() {
        match patiently(clock, || read(node)).await {
            Ok(answer) => nodes.push(answer),
            Err(error) => {
                silent.push(node.clone());
                last = Some(error);
            }
        }
    }
    match last {
        Some(error) if nodes.is_empty() => Err(error),
        _ => {
            let membership = database.membership();
            Ok(OfNodes {
                nodes,
                silent,
                unseen: membership.unseen.len() as u32,
                has_primary: membership.has_primary,
                breakdowns: Vec::new(),
            })
        }
    }
}

/// Reads again while a node can't answer just now.
pub async fn patiently<T, F>(clock: &dyn Clock, read: impl Fn() -> F) -> Result<T, CallError>
where
    F: Future<Output = Result<T, CallError>>,
{
    let mut tries = 1;
    loop {
        match read().await {
            Err(error) if error.kind != ErrorKind::Rejected && tries < TRIES => tries += 1,
            done => return done,
        }
        clock.sleep(WAIT_NS).await;
    }
}
