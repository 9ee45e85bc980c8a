//! Options that contradict each other, or that nothing would use.

use super::{Plan, PlanError};
use crate::backend::secret_url::SecretUrl;
use crate::backend::url::{AutocommitWrites, DatabaseUrl, LockUrl};
use crate::model::sim_locks::SimLocks;
use std::mem::discriminant;

/// Nothing asked for is ignored: what is for servers only is refused without one, and so is what is
/// of another world.
pub fn check_is_used(plan: &Plan) -> Result<(), PlanError> {
    let wrong = |why: &str| Err(PlanError::Options(why.to_owned()));
    let is_mysql = matches!(plan.database, DatabaseUrl::Mysql(_));
    let is_postgres = matches!(plan.database, DatabaseUrl::Postgres(_));
    if !is_mysql && !is_postgres && !plan.nodes.is_empty() {
        return wrong(
            "--node names the servers behind --db mysql://… or postgres://…, or is left out",
        );
    }
    let is_like_the_endpoint = |node: &SecretUrl| {
        let parsed = node.to_string().parse::<DatabaseUrl>();
        parsed.is_ok_and(|node| discriminant(&node) == discriminant(&plan.database))
    };
    if !plan.nodes.iter().all(is_like_the_endpoint) {
        return wrong("--db and --node name different databases: mysql:// or postgres:// in each");
    }
    let is_sim = plan.simulated.is_some();
    if !is_mysql && !is_sim && plan.autocommit_writes == AutocommitWrites::Text {
        return wrong("--autocommit-writes text is for --db mysql://… and sim, or is left out");
    }
    let dialect = match plan.database {
        DatabaseUrl::Mysql(_) | DatabaseUrl::Sim(_) => "mysql",
        DatabaseUrl::Postgres(_) => "postgres",
        DatabaseUrl::SqliteFresh | DatabaseUrl::SqliteMemory | DatabaseUrl::SqliteFile(_) => {
            "sqlite"
        }
    };
    plan.session
        .statements(dialect)
        .map_err(PlanError::Options)?;
    match &plan.locks {
        locks if locks.is_outside() && is_sim => wrong(&format!(
            "the simulator has lock services of its own: --lock {} or memory",
            simulated_locks()
        )),
        LockUrl::Sim(kind) if !is_sim => wrong(&format!(
            "--lock {} is a simulated lock service, and goes with --db sim",
            kind.as_str()
        )),
        LockUrl::Memory => check_locks_can_suffer(plan),
        _ => Ok(()),
    }
}

/// Locks in the runner's memory never fail: what a schedule does to them would come to nothing.
fn check_locks_can_suffer(plan: &Plan) -> Result<(), PlanError> {
    let mut faults = plan.simulated.iter().flat_map(|world| &world.faults);
    match faults.find(|fault| fault.what.is_of_locks()) {
        None => Ok(()),
        Some(fault) => Err(PlanError::Options(format!(
            "the schedule has the fault {:?}, and locks in memory suffer none: take --lock {}, or leave the \
             fault out",
            fault.to_string(),
            simulated_locks()
        ))),
    }
}

fn simulated_locks() -> String {
    SimLocks::ALL.map(SimLocks::as_str).join(", ")
}
