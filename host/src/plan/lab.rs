//! `--lab`: a run on the lab of this machine, which is started if it is not there.

use super::PlanError;
use super::options::PlanOptions;
use crate::backend::url::LockUrl;
use crate::console::note;
use crate::lab::{self, Kind, Lab, LabError, LabOptions, Service};
use crate::model::endpoint::Endpoint;
use crate::model::lab_fault::REDIS;
use crate::model::schedule::ScheduledFault;
use std::path::PathBuf;

/// The options with the lab's servers in place of what they leave open, if they say to run there.
pub fn on_the_lab(options: &PlanOptions) -> Result<(PlanOptions, Option<Lab>), PlanError> {
    let mut options = options.clone();
    let lab = options.lab.clone().map(find_or_start).transpose()?;
    if let Some(lab) = &lab {
        let endpoint = endpoint(options.endpoint, Some(lab))?;
        options.database = lab.url_of(endpoint.unwrap_or_default());
        options.nodes = node_urls(lab);
        options.locks = lock_url(&options.locks, Some(lab), endpoint);
    }
    Ok((options, lab))
}

/// The endpoint of a lab that a run is to use; `None` without a lab. An error if one was asked for and there
/// is no choice.
pub fn endpoint(asked: Option<Endpoint>, lab: Option<&Lab>) -> Result<Option<Endpoint>, PlanError> {
    match (asked, lab) {
        (None, None) => Ok(None),
        (Some(_), None) => Err(PlanError::Options(
            "--endpoint is for --lab and --db sim; elsewhere --db names the endpoint".to_owned(),
        )),
        (asked, Some(lab)) => Ok(Some(lab.endpoint(asked)?)),
    }
}

/// The lab that the user asked for, whole. Says so if it had to be started.
pub fn find_or_start(dir: Option<PathBuf>) -> Result<Lab, PlanError> {
    let dir = match dir {
        Some(dir) => dir,
        None => lab::default_dir()?,
    };
    let mut print_step = |line: String| note(&line);
    if let Some(lab) = Lab::find(&dir)? {
        if !lab.status().whole {
            note(&format!(
                "the lab in {} is not whole: mending it",
                dir.display()
            ));
            lab.make_whole(&mut print_step)?;
        }
        return Ok(lab);
    }
    note(&format!(
        "there is no lab yet: starting one in {} (it stays; `runner lab down` ends it)",
        dir.display()
    ));
    let options = Lab::known(&dir)?.unwrap_or_else(|| LabOptions::new(dir));
    Ok(Lab::up(&options, &mut print_step)?)
}

pub fn node_urls(lab: &Lab) -> Vec<String> {
    lab.node_urls().into_iter().map(|(_, url)| url).collect()
}

/// The value that was given after `--lock`, or the lab's own service where the word alone was given.
pub fn lock_url(given: &str, lab: Option<&Lab>, endpoint: Option<Endpoint>) -> String {
    let own = lab.and_then(|lab| own_locks(given, lab, endpoint));
    own.unwrap_or_else(|| given.to_owned())
}

/// The lab's own service of a kind: Redis, the services on request, and the locks by name of its database
/// servers, at the endpoint of the run. Not those behind a pooler, which would hand them on.
pub fn own_locks(scheme: &str, lab: &Lab, endpoint: Option<Endpoint>) -> Option<String> {
    match (scheme, lab.options().kind) {
        ("redis", _) => Some(lab.redis_url()),
        ("mysql", Kind::Galera) => Some(lab.url_of(endpoint.unwrap_or_default())),
        ("postgres", Kind::Postgres) => Some(lab.endpoint_url()),
        _ => lab.service_url(scheme.parse().ok()?),
    }
}

/// The kinds of lock services that a lab may have.
fn own_schemes() -> impl Iterator<Item = &'static str> {
    let on_request = Service::ALL.into_iter().map(Service::as_str);
    ["redis", "mysql", "postgres"].into_iter().chain(on_request)
}

/// All services of a lab that have locks. Locks of a database server are those of one node: each has its own.
pub fn own_lock_urls(lab: &Lab) -> Vec<String> {
    let urls = own_schemes().filter_map(|scheme| own_locks(scheme, lab, one_node(lab)));
    urls.filter(|url| url.parse::<LockUrl>().is_ok()).collect()
}

fn one_node(lab: &Lab) -> Option<Endpoint> {
    (lab.options().kind == Kind::Galera).then_some(Endpoint::OneWriter)
}

/// The server of a lab on which the lock service at this URL is, or one of them; `None` if it is not the lab's.
pub fn server_of(url: &str, lab: &Lab) -> Option<String> {
    let scheme = own_schemes().find(|scheme| {
        let at = |endpoint| own_locks(scheme, lab, endpoint).as_deref() == Some(url);
        at(None) || at(one_node(lab))
    })?;
    match (scheme, scheme.parse()) {
        ("redis", _) => Some(REDIS.to_owned()),
        (_, Ok(service)) => lab.server_of(service),
        (_, Err(_)) => lab.writer(),
    }
}

/// The lab in this folder, or in the usual one; `None` if no folder was named and none runs there. An error if
/// one was named that does not run.
pub fn find_running(dir: Option<Option<PathBuf>>) -> Result<Option<Lab>, PlanError> {
    let is_asked = dir.is_some();
    let dir = match dir.flatten() {
        Some(dir) => dir,
        None => lab::default_dir()?,
    };
    match Lab::find(&dir)? {
        None if is_asked => Err(LabError::NoLab(dir).into()),
        found => Ok(found),
    }
}

/// Refuses a schedule that nothing could carry out, before anything is begun.
pub fn check_schedule(faults: &[ScheduledFault], lab: Option<&Lab>) -> Result<(), PlanError> {
    let Some(first) = faults.first() else {
        return Ok(());
    };
    let Some(lab) = lab else {
        let message = format!(
            "the workload has a fault ({}) for the lab's servers; say --lab",
            first.fault
        );
        return Err(LabError::Fault(message).into());
    };
    let mut faults = faults.iter();
    Ok(faults.try_for_each(|scheduled| lab.check(&scheduled.fault))?)
}
