//! Waiting until a server shows what had been committed on the primary.

use super::node::{BETWEEN_LOOKS, Node};
use super::position::{self, Position};
use crate::model::error::CallError;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// Longest wait for a standby to come as far as the primary, and for a commit to be seen on the primary.
const TAKES_AT_MOST: Duration = Duration::from_secs(8);

/// Time between two flushes of the primary's log while a standby is waited for.
const NUDGED_EVERY: Duration = Duration::from_millis(100);

/// Waits until the primary's transactions see all that was in its log. A commit that waits for a standby is
/// there and not seen, and it comes even if its client is gone.
pub(super) async fn show_all(primary: &Node, goal: &Position) -> Result<(), CallError> {
    let began = Instant::now();
    let mut now = goal.clone();
    while !now.shows(goal) {
        if began.elapsed() > TAKES_AT_MOST {
            let (name, seconds) = (&primary.name, TAKES_AT_MOST.as_secs());
            let message = format!("a commit on {name} has waited for a standby for {seconds} s");
            return Err(CallError::unavailable("behind", message));
        }
        sleep(BETWEEN_LOOKS).await;
        now = position::ask(primary).await?;
    }
    Ok(())
}

/// Waits until a standby has replayed what was in the primary's log.
pub(super) async fn come_as_far(
    node: &Node,
    primary: &Node,
    goal: &Position,
) -> Result<(), CallError> {
    let (began, mut nudges) = (Instant::now(), 0);
    loop {
        let now = position::ask(node).await?;
        if now.is_primary() {
            let message = format!(
                "{} answers as a primary beside {}, and can't have its commits",
                node.name, primary.name
            );
            return Err(CallError::unavailable("two-primaries", message));
        }
        if now.has(goal) {
            return Ok(());
        }
        if began.elapsed() > TAKES_AT_MOST {
            let (name, seconds) = (&node.name, TAKES_AT_MOST.as_secs());
            let message = format!(
                "{name} did not come as far as {} in {seconds} s",
                primary.name
            );
            return Err(CallError::unavailable("behind", message));
        }
        if began.elapsed() > NUDGED_EVERY * (nudges + 1) {
            nudges += 1;
            // Where it may not be done, the standby comes there with the next commit.
            primary.readers.read(position::NUDGE, &[]).await.ok();
        }
        sleep(BETWEEN_LOOKS).await;
    }
}
