//! The plan of a run that is run again: the user names anew what it names outside of its folder, and its
//! components are found by their digests.

use super::at_hand::{AtHand, Within, find_by_name};
use super::consistency::check_is_used;
use super::lab::{check_schedule, find_or_start, lock_url, node_urls, own_locks};
use super::resolve::{ResolvedPlan, engine, nodes, parse_url};
use super::{MODEL, Plan, PlanError};
use crate::backend::url::DatabaseUrl;
use crate::console::Screen;
use crate::lab::Lab;
use crate::model::endpoint::Endpoint;
use crate::wasm::{CONTRACT_VERSION, PACKAGE};
use crate::workload::kinds;
use std::path::PathBuf;
use std::sync::Arc;

const NO_COMPONENT: &str = "run what has its name now with --other-components, or take a bundle that \
                            has it";

/// The places that the user named, as for a run.
#[derive(Debug, Clone, Default)]
pub struct Places {
    pub database: Option<String>,
    pub nodes: Vec<String>,
    pub locks: Option<String>,
    pub lab: Option<Option<PathBuf>>,
}

/// The recorded plan, in the places that the user named, with its strategies loaded: each of the recorded
/// digest, unless another may be.
pub fn resolve(
    recorded: &Plan,
    places: &Places,
    may_be_others: bool,
    within: &Within<'_>,
    screen: &Screen,
) -> Result<ResolvedPlan, PlanError> {
    let mut plan = Plan {
        runner_version: env!("CARGO_PKG_VERSION").to_owned(),
        contract: format!("{PACKAGE}@{CONTRACT_VERSION}"),
        ..recorded.clone()
    };
    if let Some(world) = &mut plan.simulated {
        world.model = Some(MODEL);
    }
    let lab = place(&mut plan, places)?;
    check_is_used(&plan)?;
    check_schedule(&plan.faults, lab.as_ref())?;
    let engine = engine(&plan, plan.workload.workers())?;
    let at_hand = AtHand::look();
    let mut strategies = Vec::new();
    for planned in &mut plan.trials {
        let path = match may_be_others {
            true => find_by_name(planned, screen)?,
            false => at_hand.find(planned, within, NO_COMPONENT)?,
        };
        let compiling = screen.waiting(format!("compiling {}", planned.name));
        let strategy = engine.load(&path)?;
        drop(compiling);
        if !may_be_others && strategy.digest() != planned.digest {
            return Err(PlanError::no_component(planned, NO_COMPONENT));
        }
        let kind = kinds::of_world(strategy.world());
        if let Some(kind) = kind.filter(|kind| kind.name() != plan.workload.kind.name()) {
            return Err(PlanError::StrategyKind {
                strategy: planned.name.clone(),
                kind,
                given: "the recorded run's workload is not".to_owned(),
            });
        }
        // A bundle is unpacked for this run only: there, the recorded path says more.
        if within(&planned.digest).is_none_or(|within| within != path) {
            planned.component = std::path::absolute(&path).unwrap_or(path);
        }
        if planned.digest != strategy.digest() {
            planned.reference = None;
        }
        planned.digest = strategy.digest().to_owned();
        planned.imports = strategy.imports().to_vec();
        strategies.push(Arc::new(strategy));
    }
    Ok(ResolvedPlan {
        plan,
        strategies,
        lab,
    })
}

/// Puts the named places into a plan. An error says what else must be named: a server, whose password
/// no plan has, and a file or folder that may be of another user or machine.
fn place(plan: &mut Plan, places: &Places) -> Result<Option<Lab>, PlanError> {
    let is_named = places.database.is_some() || places.locks.is_some() || !places.nodes.is_empty();
    if plan.simulated.is_some() {
        return match is_named || places.lab.is_some() {
            false => Ok(None),
            true => Err(PlanError::Options(
                "the run was simulated, and runs again in its own world: leave out --db, --node, --lock \
                 and --lab"
                    .to_owned(),
            )),
        };
    }
    let lab = places.lab.clone().map(find_or_start).transpose()?;
    let mut places = places.clone();
    if lab.is_none() {
        plan.endpoint = None;
    }
    if let Some(lab) = &lab {
        // A run through a pooler is one through a pooler again. Of the others, this lab may have no choice.
        let pooled = plan.database.is_pooled().then_some(Endpoint::Pooled);
        let recorded = pooled.or(plan.endpoint);
        let endpoint = match lab.endpoint(recorded) {
            Err(_) if pooled.is_none() => lab.endpoint(None)?,
            endpoint => endpoint?,
        };
        plan.endpoint = Some(endpoint);
        places.database = Some(lab.url_of(endpoint));
        places.nodes = node_urls(lab);
        places.locks = match (places.locks, &plan.locks) {
            (Some(given), _) => Some(lock_url(&given, Some(lab), Some(endpoint))),
            (None, locks) => own_locks(locks.scheme(), lab, Some(endpoint)),
        };
    }
    let unnamed = unnamed(plan, &places);
    if !unnamed.is_empty() {
        return Err(PlanError::Unnamed(unnamed));
    }
    if let Some(given) = &places.database {
        plan.database = parse_url(given)?;
        if matches!(plan.database, DatabaseUrl::Sim(_)) {
            return Err(PlanError::Options(
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
        DatabaseUrl::SqliteFile(_) | DatabaseUrl::Mysql(_) | DatabaseUrl::Postgres(_)
    );
    if is_outside && places.database.is_none() {
        unnamed.push(format!("the database {} (--db URL)", plan.database));
    }
    let is_server = |url: &String| {
        let url = url.parse();
        matches!(url, Ok(DatabaseUrl::Mysql(_) | DatabaseUrl::Postgres(_)))
    };
    let is_cluster = places.database.as_ref().is_none_or(is_server);
    if !plan.nodes.is_empty() && places.nodes.is_empty() && is_cluster {
        let nodes = plan.nodes.iter().map(ToString::to_string);
        let nodes = nodes.collect::<Vec<_>>().join(", ");
        unnamed.push(format!("its nodes {nodes} (--node URL, once for each)"));
    }
    if plan.locks.is_outside() && places.locks.is_none() {
        unnamed.push(format!("the lock service {} (--lock URL)", plan.locks));
    }
    unnamed
}
