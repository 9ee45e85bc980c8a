//! `strategies.lock`: which bytes each reference stands for in this folder.

use super::cache::replace;
use super::digest::Digest;
use super::error::RegistryError;
use super::reference::Reference;
use crate::wasm::clean;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Name of the lock file, in the current folder.
pub const LOCK_FILE: &str = "strategies.lock";

const HEADER: &str = "\
# The strategies from registries that are used here, each pinned to its bytes. `runner` writes this
# file; keep it with your project. `runner pull --update REFERENCE` accepts other bytes.

";

/// The digests that a reference stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    pub reference: String,
    /// Digest of the component itself, which is enforced.
    pub component: Digest,
    /// Digest of its manifest, which differs when only the annotations changed.
    pub manifest: Digest,
}

/// All pins of a folder.
pub struct Pins {
    path: PathBuf,
    pins: Vec<Pin>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lock {
    #[serde(default)]
    strategy: Vec<Pin>,
}

impl Pins {
    /// Reads the pins; none if the file does not exist yet.
    pub fn read(path: &Path) -> Result<Self, RegistryError> {
        let path = path.to_owned();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => return Err(RegistryError::file(path, error)),
        };
        let broken = |why: &str| {
            let advice = "mend it, or remove it to pin everything anew";
            RegistryError::file(&path, format!("{}; {advice}", clean(why)))
        };
        let lock: Lock = toml::from_str(&text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before.unwrap_or_default().matches('\n').count() + 1;
            broken(&format!("line {line}: {}", error.message()))
        })?;
        let pins = lock.strategy;
        let mut names: Vec<_> = pins.iter().map(|pin| &pin.reference).collect();
        names.sort();
        match names.windows(2).find(|two| two[0] == two[1]) {
            Some(twice) => Err(broken(&format!("it has {:?} twice", twice[0]))),
            None => Ok(Self { path, pins }),
        }
    }

    pub fn get(&self, reference: &Reference) -> Option<&Pin> {
        let name = reference.to_string();
        self.pins.iter().find(|pin| pin.reference == name)
    }

    /// Writes this pin, in the place of what the reference was pinned to before.
    pub fn write(&self, pin: Pin) -> Result<(), RegistryError> {
        // Another runner may have pinned something meanwhile.
        let mut pins = Self::read(&self.path)?.pins;
        pins.retain(|known| known.reference != pin.reference);
        pins.push(pin);
        pins.sort_by(|one, other| one.reference.cmp(&other.reference));
        let lock = Lock { strategy: pins };
        let text = toml::to_string(&lock).expect("plain data");
        replace(&self.path, format!("{HEADER}{text}").as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pin(name: &str, bytes: &[u8]) -> Pin {
        Pin {
            reference: format!("oci://registry.example/{name}:1"),
            component: Digest::from_content(bytes),
            manifest: Digest::from_content(b"manifest"),
        }
    }

    #[test]
    fn pins_are_sorted_readable_and_replaced_one_by_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(LOCK_FILE);
        for pin in [pin("b", b"1"), pin("a", b"2"), pin("b", b"3")] {
            Pins::read(&path).unwrap().write(pin).unwrap();
        }
        let pins = Pins::read(&path).unwrap();
        assert_eq!(pins.pins, [pin("a", b"2"), pin("b", b"3")]);
        let b = "oci://registry.example/b:1".parse().unwrap();
        assert_eq!(pins.get(&b), Some(&pin("b", b"3")));
        insta::assert_snapshot!(fs::read_to_string(&path).unwrap(), @r#"
        # The strategies from registries that are used here, each pinned to its bytes. `runner` writes this
        # file; keep it with your project. `runner pull --update REFERENCE` accepts other bytes.

        [[strategy]]
        reference = "oci://registry.example/a:1"
        component = "sha256:d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35"
        manifest = "sha256:05b3abf2579a5eb66403cd78be557fd860633a1fe2103c7642030defe32c657f"

        [[strategy]]
        reference = "oci://registry.example/b:1"
        component = "sha256:4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce"
        manifest = "sha256:05b3abf2579a5eb66403cd78be557fd860633a1fe2103c7642030defe32c657f"
        "#);
    }

    #[test]
    fn broken_file_is_reported_and_left_unchanged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(LOCK_FILE);
        let one = toml::to_string(&pin("a", b"1")).unwrap();
        let twice = format!("[[strategy]]\n{one}[[strategy]]\n{one}");
        for broken in [
            "<<<<<<< HEAD",
            "[[strategy]]\nreference = 'x'",
            &twice.replace("sha256", "md5"),
            &twice,
            "'other\u{1b}[31m' = 1",
        ] {
            fs::write(&path, broken).unwrap();
            let error = Pins::read(&path).err().expect(broken).to_string();
            assert!(
                error.contains("remove it to pin everything anew"),
                "{error}"
            );
            assert!(!error.contains('\u{1b}'), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), broken);
        }
    }
}
