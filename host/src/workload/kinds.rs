//! The registry of kinds: a new kind is a folder and a line here.

use super::ip_allocation::USUAL;
use super::key::Key;
use super::kind::{Chosen, FinalFile, Kind, WorkloadKind};
use super::read_write;
use super::volume_state::VolumeState;
use crate::model::change::Change;
use crate::record::figures::Figures;
use crate::wasm::World;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

/// The first is the usual one.
static KINDS: RwLock<&[Kind]> =
    RwLock::new(&[Kind(&VolumeState), Kind(&USUAL), Kind(&read_write::USUAL)]);

/// Every kind that there is.
pub fn all() -> &'static [Kind] {
    *KINDS.read().unwrap_or_else(PoisonError::into_inner)
}

/// Adds a kind of another crate for the rest of the process. Workload files, plans and folders of runs
/// know it from then on, as they know the others. A kind whose name is known is not added again.
pub fn add(kind: &'static dyn WorkloadKind) {
    let mut kinds = KINDS.write().unwrap_or_else(PoisonError::into_inner);
    if kinds.iter().all(|known| known.name() != kind.name()) {
        // A slice that was given out stays as it is, so a reader never waits for more than this copy.
        *kinds = Vec::leak([*kinds, &[Kind(kind)]].concat());
    }
}

/// The kind of a workload that names none.
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

/// As a plan records it: a key of its name, with its options; nothing for the usual kind.
impl Serialize for Chosen {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let is_usual = self.name() == usual().name();
        let entry = (!is_usual).then(|| (self.key_of_options(), self.recorded()));
        to.collect_map(entry)
    }
}

impl<'de> Deserialize<'de> for Chosen {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let entries = BTreeMap::<String, Value>::deserialize(from)?;
        let Some((key, options)) = entries.into_iter().next() else {
            return Ok(Self::default());
        };
        let is_it = |kind: &&Kind| kind.key_of_options() == key;
        let Some(kind) = all().iter().find(is_it) else {
            return Err(D::Error::custom(format!(
                "unknown kind of workload `{key}`"
            )));
        };
        let read = kind.with_recorded(options).map_err(D::Error::custom);
        read.map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Chosen, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn kind_whose_name_is_known_is_not_added_again() {
        let before = all().len();
        add(&VolumeState);
        assert_eq!(all().len(), before);
    }

    #[test]
    fn plan_names_each_kind_but_the_usual_one_and_an_unknown_one_is_refused() {
        assert_eq!(read("{}").unwrap().name(), usual().name());
        for kind in all() {
            let planned = kind.planned(&Default::default()).unwrap().kind;
            let written = serde_json::to_string(&planned).unwrap();
            assert_eq!(written == "{}", *kind == usual(), "{written}");
            assert_eq!(read(&written).unwrap(), planned);
        }
        let refused = read(r#"{"jobs": {}}"#).unwrap_err();
        assert!(
            refused.contains("unknown kind of workload `jobs`"),
            "{refused}"
        );
    }
}
