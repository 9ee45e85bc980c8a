//! Manifest of a bundle: its entries, and the names that they may have.

use super::super::{RUN_FILES, trial_files};
use super::{COMPONENTS, FORMAT, RUN};
use crate::plan::recorded::is_plain_name;
use serde::{Deserialize, Serialize};

/// The first entry of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the format.
    pub bundle: u64,
    /// All other entries, sorted by their paths.
    pub files: Vec<Packed>,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packed {
    pub path: String,
    pub bytes: u64,
    /// `sha256:…`.
    pub digest: String,
}

/// The part of a manifest that can be read whatever its format.
#[derive(Deserialize)]
pub struct Head {
    pub bundle: u64,
}

impl Manifest {
    pub fn new(mut files: Vec<Packed>) -> Self {
        files.sort_by(|one, other| one.path.cmp(&other.path));
        Self {
            bundle: FORMAT,
            files,
        }
    }

    /// The size of all files together.
    pub fn bytes(&self) -> u64 {
        let sum = |sum: u64, file: &Packed| sum.saturating_add(file.bytes);
        self.files.iter().fold(0, sum)
    }

    /// The components that are in it.
    pub fn components(&self) -> usize {
        let is_component = |file: &&Packed| file.path.starts_with(COMPONENTS);
        self.files.iter().filter(is_component).count()
    }

    /// The path that no bundle may have, and why: one that leads out of it, that no run has, that is
    /// there twice, or that is a component's and not that of its digest.
    pub fn wrong_path(&self) -> Option<(&str, &'static str)> {
        let mut before = None;
        for file in &self.files {
            let path = &*file.path;
            let is_component = path.starts_with(COMPONENTS);
            let why = match wrong(path) {
                Some(why) => Some(why),
                None if before == Some(path) => Some("is in it twice"),
                None if before > Some(path) => Some("is not in its place: entries are sorted"),
                None if is_component && component_path(&file.digest).as_deref() != Some(path) => {
                    Some("is a component that is called by another digest than its own")
                }
                None => None,
            };
            if let Some(why) = why {
                return Some((path, why));
            }
            before = Some(path);
        }
        None
    }
}

/// The reason why no bundle has an entry of this name; nothing if one may have it.
pub fn wrong(path: &str) -> Option<&'static str> {
    let parts: Vec<_> = path.split('/').collect();
    if parts.iter().any(|part| !is_plain_name(part)) {
        return Some("leads out of the bundle, or is no path of plain names");
    }
    let is_known = match parts[..] {
        [RUN, file] => RUN_FILES.contains(&file),
        [RUN, _, file] => trial_files().any(|known| known == file),
        [COMPONENTS, file] => file
            .strip_suffix(".wasm")
            .is_some_and(|name| is_hex(name) && name.len() == 64),
        _ => false,
    };
    (!is_known).then_some("is nothing that a run has")
}

/// The path of a component with this digest; `None` if that is no digest.
pub fn component_path(digest: &str) -> Option<String> {
    let hex = digest.strip_prefix("sha256:")?;
    is_hex(hex).then(|| format!("{COMPONENTS}/{hex}.wasm"))
}

fn is_hex(text: &str) -> bool {
    text.bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(files: &[(&str, &str)]) -> Manifest {
        let files = files.iter().map(|(path, digest)| Packed {
            path: (*path).to_owned(),
            bytes: u64::MAX,
            digest: (*digest).to_owned(),
        });
        Manifest {
            bundle: FORMAT,
            files: files.collect(),
        }
    }

    #[test]
    fn only_the_files_of_a_run_and_its_components_are_in_a_bundle() {
        let hex = "0a".repeat(32);
        for path in [
            "run/plan.json",
            "run/cas+x=1/history.jsonl",
            "run/a b/rows.json",
        ] {
            assert_eq!(wrong(path), None, "{path}");
        }
        assert_eq!(wrong(&format!("components/{hex}.wasm")), None);
        for path in [
            "",
            "/run/plan.json",
            "run//plan.json",
            "run/../plan.json",
            "./run/plan.json",
            "../plan.json",
            "run/..",
            "run/cas/../../../plan.json",
            "run/\0/rows.json",
        ] {
            assert!(wrong(path).unwrap().contains("leads out"), "{path}");
        }
        for path in [
            "plan.json",
            "run/notes.txt",
            "run/cas/database.sqlite",
            "run/cas/history.jsonl/rows.json",
            "components/cas.wasm",
            "components/0a.wasm",
        ] {
            assert!(wrong(path).unwrap().contains("nothing"), "{path}");
        }
        let upper = format!("components/{}.wasm", hex.to_uppercase());
        assert!(wrong(&upper).is_some());
    }

    #[test]
    fn doubled_misplaced_or_misnamed_entry_is_found() {
        let why = |files: &[(&str, &str)]| manifest(files).wrong_path().map(|(_, why)| why);
        let (plan, machine) = (("run/plan.json", ""), ("run/machine.json", ""));
        assert_eq!(why(&[machine, plan]), None);
        assert_eq!(why(&[plan, plan]), Some("is in it twice"));
        assert!(why(&[plan, machine]).unwrap().contains("sorted"));
        let (one, other) = ("0a".repeat(32), "0b".repeat(32));
        let path = format!("components/{one}.wasm");
        assert_eq!(why(&[(&path, &format!("sha256:{one}"))]), None);
        let wrong = why(&[(&path, &format!("sha256:{other}"))]);
        assert!(wrong.unwrap().contains("another digest"));
        // Sizes are a stranger's, too.
        assert_eq!(manifest(&[machine, plan]).bytes(), u64::MAX);
    }
}
