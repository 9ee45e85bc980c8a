//! The registry of kinds: a new kind is a folder and a line here.

use super::ip_allocation::USUAL;
use super::key::Key;
use super::kind::{Chosen, FinalFile, Kind, WorkloadKind};
use super::volume_state::VolumeState;
use crate::model::change::Change;
use crate::record::figures::Figures;
use crate::wasm::World;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::RwLock;

/// The first is the usual one.
static KINDS: RwLock<&[Kind]> = RwLock::new(&[Kind(&VolumeState), Kind(&USUAL)]);

/// Every kind that there is.
pub fn all() -> &'static [Kind] {
    *KINDS.read().unwrap_or_else(|broken| broken.into_inner())
}

/// Adds a kind of another crate, for the rest of the process. One that is there stays.
pub fn add(kind: &'static dyn WorkloadKind) {
    let mut kinds = KINDS.write().unwrap_or_else(|broken| broken.into_inner());
    if kinds.iter().all(|known| known.name() != kind.name()) {
        *kinds = Vec::leak([*kinds, &[Kind(kind)]].concat());
    }
}

/// The kind where nobody says which.
pub fn usual() -> Kind {
    all()[0]
}

pub fn named(name: &str) -> Option<Kind> {
    all().iter().copied().find(|kind| kind.name() == name)
}

/// The kind of the workloads that strategies of this world are for.
pub fn of_world(world: World) -> Option<Kind> {
    let is_it = |kind: &Kind| kind.world() == Some(world);
    all().iter().copied().find(is_it)
}

/// The files of all kinds that have tables of their own.
pub fn files() -> impl Iterator<Item = FinalFile> {
    all().iter().filter_map(|kind| kind.file())
}

/// The figures that only some kind has, with the headings of all.
pub fn figures(changes: &[Change]) -> Figures {
    let each = all().iter().map(|kind| kind.figures(changes));
    each.fold(Figures::default(), Figures::and)
}

/// The keys of a workload file that only one kind has.
pub fn keys() -> impl Iterator<Item = &'static Key> {
    all().iter().flat_map(|kind| kind.keys())
}

/// The names, as help offers them: `one|another`.
pub fn words() -> String {
    let names: Vec<_> = all().iter().map(|kind| kind.name()).collect();
    names.join("|")
}

/// The lines by which a workload file chooses a kind.
pub fn choice() -> String {
    let said = all().iter().map(|kind| format!("kind = {:?}", kind.name()));
    said.collect::<Vec<_>>().join(" or ")
}

impl Default for Chosen {
    fn default() -> Self {
        Self::new(VolumeState)
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = String::deserialize(from)?;
        named(&name).ok_or_else(|| {
            let known: Vec<_> = all().iter().map(|kind| format!("`{kind}`")).collect();
            let known = known.join(" or ");
            D::Error::custom(format!("unknown kind `{name}`, expected {known}"))
        })
    }
}

impl<'de> Deserialize<'de> for Chosen {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut entries = BTreeMap::<String, Value>::deserialize(from)?;
        let recorded = |kind: &Kind| Some((*kind, entries.remove(&kind.key_of_options())?));
        let found = all().iter().find_map(recorded);
        let (kind, options) = found.unwrap_or((usual(), Value::Null));
        let read = kind.with_recorded(options).map_err(D::Error::custom);
        read.map(Self::from)
    }
}
