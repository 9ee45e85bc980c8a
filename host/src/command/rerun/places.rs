//! Places of a repeated run: the user names anew what the plan names outside of its folder.

use super::super::CommandError;
use super::super::resolve::{nodes, parse_url};
use super::super::with_lab::{find_or_start, lock_url};
use crate::backend::url::{DatabaseUrl, LockUrl};
use crate::lab::Lab;
use crate::plan::Plan;
use std::path::PathBuf;

/// The places that the user named, as for a run.
#[derive(Debug, Clone, Default)]
pub struct Places {
    pub database: Option<String>,
    pub nodes: Vec<String>,
    pub locks: Option<String>,
    pub lab: Option<Option<PathBuf>>,
}

/// Puts the named places into a plan. An error says what else must be named: a server, whose password
/// no plan has, and a file or folder that was somebody's, perhaps on another machine.
pub fn find(plan: &mut Plan, places: &Places) -> Result<Option<Lab>, CommandError> {
    let is_named = places.database.is_some() || places.locks.is_some() || !places.nodes.is_empty();
    if plan.simulated.is_some() {
        return match is_named || places.lab.is_some() {
            false => Ok(None),
            true => Err(CommandError::Url(
                "the run was simulated, and runs again in its own world: leave out --db, --node, --lock \
                 and --lab"
                    .to_owned(),
            )),
        };
    }
    let lab = places.lab.clone().map(find_or_start).transpose()?;
    let mut places = places.clone();
    if let Some(lab) = &lab {
        places.database = Some(lab.endpoint_url());
        places.nodes = lab.node_urls().into_iter().map(|(_, url)| url).collect();
        places.locks = match (places.locks, &plan.locks) {
            (Some(given), _) => Some(lock_url(&given, Some(lab))),
            (None, LockUrl::Redis(_)) => Some(lab.redis_url()),
            (None, _) => None,
        };
    }
    let unnamed = unnamed(plan, &places);
    if !unnamed.is_empty() {
        return Err(CommandError::Unnamed(unnamed));
    }
    if let Some(given) = &places.database {
        plan.database = parse_url(given)?;
        if matches!(plan.database, DatabaseUrl::Sim(_)) {
            return Err(CommandError::Url(
                "the run was on a real database, and the simulator is another world; name a database with \
                 --db"
                    .to_owned(),
            ));
        }
    }
    if let Some(given) = &places.locks {
        plan.locks = parse_url(given)?;
    }
    plan.nodes = nodes(&places.nodes)?;
    Ok(lab)
}

/// Lists the places that the plan names outside of its folder and the user has not named again.
fn unnamed(plan: &Plan, places: &Places) -> Vec<String> {
    let mut unnamed = Vec::new();
    let is_outside = matches!(
        plan.database,
        DatabaseUrl::SqliteFile(_) | DatabaseUrl::Mysql(_)
    );
    if is_outside && places.database.is_none() {
        unnamed.push(format!("the database {} (--db URL)", plan.database));
    }
    let is_server = |url: &String| matches!(url.parse(), Ok(DatabaseUrl::Mysql(_)));
    let is_cluster = places.database.as_ref().is_none_or(is_server);
    if !plan.nodes.is_empty() && places.nodes.is_empty() && is_cluster {
        let told = plan.nodes.iter().map(ToString::to_string);
        let told = told.collect::<Vec<_>>().join(", ");
        unnamed.push(format!("its nodes {told} (--node URL, once for each)"));
    }
    if matches!(plan.locks, LockUrl::File(_) | LockUrl::Redis(_)) && places.locks.is_none() {
        unnamed.push(format!("the lock service {} (--lock URL)", plan.locks));
    }
    unnamed
}
