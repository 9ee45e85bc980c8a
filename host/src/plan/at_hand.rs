//! The components of a run that has been, found again by their digests.

use super::home::Home;
use super::strategies::{self, find_one, locate};
use super::variant::Variant;
use super::{Plan, PlanError, PlannedTrial};
use crate::author::registry::Store;
use crate::console::Screen;
use crate::wasm::WasmFile;
use std::fs;
use std::path::{Path, PathBuf};

/// Returns the path of a component within the bundle of a run, by its digest.
pub type Within<'a> = dyn Fn(&str) -> Option<PathBuf> + 'a;

/// Larger files are no components of a run: one that is read is held in memory.
const MAX_COMPONENT_BYTES: u64 = 1 << 30;

/// The components of a plan that are at hand.
pub struct AtHand {
    /// Every strategy of the home that is built, with its digest.
    known: Vec<(PathBuf, String)>,
    /// Every component that was ever pulled; absent where there is no place for that.
    pulled: Option<Store>,
}

impl AtHand {
    pub fn look() -> Self {
        let home = Home::find();
        let names = home.as_ref().map(Home::strategies).unwrap_or_default();
        let paths = home
            .iter()
            .flat_map(|home| names.iter().map(|name| home.component(name)));
        let known = paths.filter_map(|path| Some((path.clone(), digest_of(&path)?)));
        Self {
            known: known.collect(),
            pulled: Store::usual().ok(),
        }
    }

    /// Finds the file with the recorded bytes: within the bundle, at its recorded path, among the
    /// strategies at hand, or among those that were pulled. Asks no registry.
    pub fn find(
        &self,
        planned: &PlannedTrial,
        within: &Within<'_>,
        remedy: &'static str,
    ) -> Result<PathBuf, PlanError> {
        let digest = &planned.digest;
        let recorded = || {
            let there = digest_of(&planned.component).filter(|there| there == digest);
            there.map(|_| planned.component.clone())
        };
        let known = || {
            let found = self.known.iter().find(|(_, known)| known == digest);
            found.map(|(path, _)| path.clone())
        };
        let pulled = || self.pulled.as_ref()?.kept(&digest.parse().ok()?);
        let found = within(digest).or_else(recorded).or_else(known);
        let found = found.or_else(pulled);
        found.ok_or_else(|| PlanError::no_component(planned, remedy))
    }
}

/// The strategy of this name as it is now, whatever its digest, built if it is older than its
/// sources; one that was pulled is what its reference stands for here.
pub fn find_by_name(planned: &PlannedTrial, screen: &Screen) -> Result<PathBuf, PlanError> {
    if let Some(reference) = &planned.reference {
        return find_one(reference, screen);
    }
    let name = Variant::base(&planned.name);
    let home = Home::find();
    let is_of_home = home
        .as_ref()
        .is_some_and(|home| home.component(name) == planned.component);
    let is_there = planned.component.is_file() && strategies::name(&planned.component) == name;
    match is_there && !is_of_home {
        true => Ok(planned.component.clone()),
        false => {
            locate(name, home.as_ref())?;
            find_one(name, screen)
        }
    }
}

/// The digests of a plan's components, each once.
pub fn digests(plan: &Plan) -> Vec<&PlannedTrial> {
    let mut different: Vec<&PlannedTrial> = Vec::new();
    for trial in &plan.trials {
        if !different.iter().any(|one| one.digest == trial.digest) {
            different.push(trial);
        }
    }
    different
}

/// The digest of a file that may be anything; nothing of one that is no component. Never waits for
/// what is no file.
fn digest_of(path: &Path) -> Option<String> {
    let file = fs::metadata(path).ok()?;
    if !file.is_file() || file.len() > MAX_COMPONENT_BYTES {
        return None;
    }
    Some(WasmFile::read(path).ok()?.digest().to_owned())
}
