//! The settings of strategies. Those that no strategy reads are refused before a run where that is known,
//! and found after it.

use super::nearest::closest;
use super::{Plan, PlanError, PlannedTrial};
use crate::capability::strategy::Strategy;
use crate::model::conditions::UnreadSetting;
use std::collections::BTreeMap;

/// Splits each `name=value`. A name that is given twice is a mistake: one of the two would be ignored.
pub fn parse(given: &[String]) -> Result<BTreeMap<String, String>, PlanError> {
    let mut settings = BTreeMap::new();
    for setting in given {
        let (name, value) = match setting.split_once('=') {
            Some((name, value)) if !name.is_empty() => (name.to_owned(), value.to_owned()),
            _ => {
                let given = setting.clone();
                return Err(PlanError::Setting { given });
            }
        };
        if settings.contains_key(&name) {
            return Err(PlanError::SettingTwice { name });
        }
        settings.insert(name, value);
    }
    Ok(settings)
}

/// The interface by which a strategy reads its settings.
const INTERFACE: &str = "settings";

/// An error if a strategy is given settings of its own and can't read any, or if none can of those that
/// are given the same ones.
pub fn check_are_read<'a>(
    shared: &BTreeMap<String, String>,
    trials: impl Iterator<Item = &'a PlannedTrial> + Clone,
) -> Result<(), PlanError> {
    let reads = |trial: &PlannedTrial| trial.imports.iter().any(|import| import == INTERFACE);
    let refuse = |trials: Vec<&PlannedTrial>, settings: &BTreeMap<String, String>| {
        let names: Vec<_> = trials.iter().map(|trial| trial.name.as_str()).collect();
        let settings: Vec<_> = settings.keys().map(|name| format!("`{name}`")).collect();
        Err(PlanError::SettingsUnread {
            strategy: names.join(" and "),
            settings: settings.join(" and "),
        })
    };
    let mut own = trials.clone().filter(|trial| !trial.settings.is_empty());
    if let Some(trial) = own.find(|trial| !reads(trial)) {
        return refuse(vec![trial], &trial.settings);
    }
    match shared.is_empty() || trials.clone().any(reads) {
        true => Ok(()),
        false => refuse(trials.collect(), shared),
    }
}

/// The settings that a strategy was given and that no instance of it has asked for. To be asked when
/// its instances have ended.
pub fn unread(plan: &Plan, planned: &PlannedTrial, strategy: &dyn Strategy) -> Vec<UnreadSetting> {
    let asked = strategy.take_asked();
    let given = plan.settings.keys().chain(planned.settings.keys());
    let mut unread: Vec<_> = given
        .filter(|name| !asked.contains(*name))
        .map(|name| {
            let known = asked.iter().map(String::as_str);
            UnreadSetting {
                name: name.clone(),
                nearest: closest(name, known).map(str::to_owned),
            }
        })
        .collect();
    unread.sort_by(|one, other| one.name.cmp(&other.name));
    unread.dedup();
    unread
}
