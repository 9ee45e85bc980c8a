//! `--lab`: a run on the lab of this machine, which is started if it is not there.

use super::CommandError;
use super::options::PlanOptions;
use crate::lab::{self, Lab, LabError, LabOptions};
use crate::model::schedule::ScheduledFault;
use std::path::PathBuf;

/// The word that stands for the lab's own Redis after `--lock`.
const REDIS: &str = "redis";

/// The options with the lab's servers in place of what they leave open, if `lab` says to run there,
/// in its folder or in the usual one.
pub fn on_the_lab(
    options: &PlanOptions,
    lab: Option<Option<PathBuf>>,
) -> Result<(PlanOptions, Option<Lab>), CommandError> {
    let mut options = options.clone();
    let lab = lab.map(find_or_start).transpose()?;
    if let Some(lab) = &lab {
        fill_in(&mut options, lab);
    }
    Ok((options, lab))
}

/// The lab that the user asked for, whole. Says so if it had to be started.
pub(super) fn find_or_start(dir: Option<PathBuf>) -> Result<Lab, CommandError> {
    let dir = match dir {
        Some(dir) => dir,
        None => lab::default_dir()?,
    };
    let mut tell = |line: String| eprintln!("{line}");
    if let Some(lab) = Lab::find(&dir)? {
        if !lab.status().whole {
            eprintln!("the lab in {} is not whole: mending it", dir.display());
            lab.make_whole(&mut tell)?;
        }
        return Ok(lab);
    }
    eprintln!(
        "there is no lab yet: starting one in {} (it stays; `runner lab down` ends it)",
        dir.display()
    );
    let options = Lab::known(&dir)?.unwrap_or_else(|| LabOptions::new(dir));
    Ok(Lab::up(&options, &mut tell)?)
}

fn fill_in(options: &mut PlanOptions, lab: &Lab) {
    options.database = lab.endpoint_url();
    options.nodes = lab.node_urls().into_iter().map(|(_, url)| url).collect();
    options.locks = lock_url(&options.locks, Some(lab));
}

/// The value that was given after `--lock`, or the lab's own service where the word alone was given.
pub fn lock_url(given: &str, lab: Option<&Lab>) -> String {
    match lab {
        Some(lab) if given == REDIS => lab.redis_url(),
        _ => given.to_owned(),
    }
}

/// Refuses a schedule that nothing could carry out, before anything is begun.
pub fn check_schedule(faults: &[ScheduledFault], lab: Option<&Lab>) -> Result<(), CommandError> {
    let Some(first) = faults.first() else {
        return Ok(());
    };
    let Some(lab) = lab else {
        let told = format!(
            "the workload has a fault ({}) for the lab's servers; say --lab",
            first.fault
        );
        return Err(CommandError::Lab(LabError::Fault(told)));
    };
    let nodes: Vec<_> = lab.node_urls().into_iter().map(|(name, _)| name).collect();
    let mut faults = faults.iter();
    faults
        .try_for_each(|scheduled| scheduled.fault.check(&nodes))
        .map_err(|why| CommandError::Lab(LabError::Fault(why)))
}
