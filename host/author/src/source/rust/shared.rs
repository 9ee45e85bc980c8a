//! One target folder for all folders that stand alone, so that their dependencies are compiled once.

use super::cargo::Package;
use crate::toolchain::Toolchain;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

/// A shared target folder, which no other runner builds in as long as this value is there. Cargo has
/// a lock of its own, and gives it back before a component is read.
pub(super) struct Shared {
    path: PathBuf,
    _locked: File,
}

impl Shared {
    /// The folder for a package, or `None` where it has to have its own: a workspace has one already,
    /// a dependency on this disk would leave its path in the component, and a user may have said
    /// where cargo builds. Without a cache folder each builds in its own, too.
    pub(super) fn new(
        package: &Package,
        toolchain: &Toolchain,
        progress: &mut dyn FnMut(&str),
    ) -> Option<Self> {
        let is_alone = package.manifest.parent() == Some(&*package.workspace)
            && package.path_dependencies.is_empty()
            && package.target_dir == package.workspace.join("target");
        let path = crate::user_cache()?.join("cargo").join(key(toolchain));
        if !is_alone || fs::create_dir_all(&path).is_err() {
            return None;
        }
        let locked = File::create(path.join("runner.lock")).ok()?;
        match locked.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                progress("waiting for another build");
                locked.lock().ok()?;
            }
            Err(TryLockError::Error(_)) => return None,
        }
        Some(Self {
            path,
            _locked: locked,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// The compiler in a folder's name: `rustc-1.95.0-59807616e-2026-04-14`.
fn key(toolchain: &Toolchain) -> String {
    let words = toolchain
        .version()
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '.');
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    words.join("-")
}
