//! Claims of a run before it begins: its database, its lock service, open files.

use super::RunError;
use crate::backend::clock::RealClock;
use crate::backend::open_lock_service;
use crate::backend::tenancy::{self, Tenancy};
use crate::capability::budget::{FILES_BESIDE, FILES_LEAST, Shares};
use crate::capability::database::Database;
use crate::plan::Plan;
use crate::trial::backend_error;
use std::sync::Arc;

/// Claims the database for the run, before anything there is touched. Where the user named one, it
/// may be in use by another run, and it may hold tables of these names that are not ours, unless
/// that is known already.
pub async fn reserve(plan: &Plan, looks_at_tables: bool) -> Result<Tenancy, RunError> {
    let (url, options) = (&plan.database, plan.session_options());
    let is_taken = async |database: &dyn Database| match looks_at_tables {
        true => plan.workload.has_taken_tables(database).await,
        false => Ok(false),
    };
    let reserved = tenancy::reserve(url, &plan.nodes, options, is_taken).await;
    let reserved = reserved.map_err(backend_error(url))?;
    reserved.ok_or_else(|| RunError::TablesTaken {
        database: url.to_string(),
        names: plan.workload.kind.tables(),
    })
}

/// Finds out, before there is a folder of the run, whether its lock service answers. A simulated one is
/// made with its world.
pub async fn find_lock_service(plan: &Plan) -> Result<(), RunError> {
    if plan.simulated.is_some() {
        return Ok(());
    }
    let found = open_lock_service(&plan.locks, Arc::new(RealClock::new())).await;
    Ok(found.map(drop).map_err(backend_error(&plan.locks))?)
}

/// Each worker's connection is a few open files; the usual soft limit is for a few hundred of them.
pub fn allow_open_files(plan: &Plan) -> Result<(), RunError> {
    // What is simulated opens nothing.
    if plan.simulated.is_some() {
        return Ok(());
    }
    let workers = plan.workload.workers();
    let needed = u64::from(workers) * FILES_LEAST + FILES_BESIDE;
    // As many as let each worker take its whole share, or as many as there are.
    let allowed = rlimit::increase_nofile_limit(Shares::files_of(workers).max(needed))
        .or_else(|_| rlimit::Resource::NOFILE.get_soft())
        .map_err(RunError::Runtime)?;
    if allowed >= needed {
        return Ok(());
    }
    Err(RunError::OpenFiles {
        workers,
        needed,
        allowed,
    })
}
