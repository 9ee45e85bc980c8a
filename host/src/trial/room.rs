//! Connections that the servers must have free.

use super::{TrialError, backend_error};
use crate::capability::database::Database;
use crate::model::error::CallError;
use crate::plan::Plan;
use std::time::Duration;

const ASKED_EVERY: Duration = Duration::from_millis(500);
const ASKED_AGAIN: u32 = 10;

/// Refuses a trial that the servers have no room for, before it touches anything. Sessions of the trial
/// before may still be closing, so a full server is asked again for a while.
pub(super) async fn check(database: &dyn Database, plan: &Plan) -> Result<(), TrialError> {
    let (workers, generators) = (plan.workload.workers(), plan.workload.background_generators);
    let needed = u64::from(workers) + u64::from(generators);
    let mut asked = 0;
    while let Some(room) = database.room().await.filter(|room| *room < needed) {
        if asked == ASKED_AGAIN {
            let message = format!(
                "the servers have room for {room} more connections, and the run needs {needed}, one for each \
                 worker ({workers}) and each background generator ({generators}); raise max_connections, or \
                 make fewer"
            );
            let error = CallError::rejected("too-many-connections", message);
            return Err(backend_error(&plan.database)(error));
        }
        asked += 1;
        tokio::time::sleep(ASKED_EVERY).await;
    }
    Ok(())
}
