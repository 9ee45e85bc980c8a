//! Components that were pulled, each in a file that is named after its digest.

use super::digest::Digest;
use super::error::RegistryError;
use crate::write_whole;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A folder of components. One that is there is whole, or it is found out when it is read.
pub struct Cache {
    folder: PathBuf,
}

/// State of a component in the cache.
#[derive(Debug, PartialEq, Eq)]
pub enum Kept {
    Whole(PathBuf),
    /// A file whose bytes do not match the digest.
    Damaged(PathBuf),
    Missing,
}

impl Cache {
    /// Opens the cache in `$CONTEND_CACHE`, else in `$XDG_CACHE_HOME/contend`, else in `~/.cache/contend`.
    pub fn usual() -> Result<Self, RegistryError> {
        let set = std::env::var_os("CONTEND_CACHE").filter(|value| !value.is_empty());
        let root = set.map(PathBuf::from).or_else(crate::user_cache);
        let root = root.ok_or_else(|| {
            RegistryError::file(
                "the cache",
                "none of CONTEND_CACHE, XDG_CACHE_HOME and HOME is set",
            )
        })?;
        Ok(Self::new(&root))
    }

    fn new(root: &Path) -> Self {
        let folder = root.join("strategies").join("sha256");
        Self { folder }
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.folder.join(format!("{}.wasm", digest.digits()))
    }

    /// Reads it to the last byte.
    pub fn get(&self, digest: &Digest) -> Result<Kept, RegistryError> {
        let path = self.path(digest);
        match fs::read(&path) {
            Ok(bytes) if Digest::from_content(&bytes) == *digest => Ok(Kept::Whole(path)),
            Ok(_) => Ok(Kept::Damaged(path)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Kept::Missing),
            Err(error) => Err(RegistryError::file(path, error)),
        }
    }

    /// Keeps it. Another runner never sees half of it.
    pub fn put(&self, digest: &Digest, bytes: &[u8]) -> Result<PathBuf, RegistryError> {
        let path = self.path(digest);
        replace(&path, bytes)?;
        Ok(path)
    }
}

/// Writes a file beside and moves it into place, so that a file that is there is whole.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), RegistryError> {
    let folder = path.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(folder)
        .and_then(|()| write_whole(bytes, path, SystemTime::now()))
        .map_err(|error| RegistryError::file(path, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cache_detects_a_damaged_component() {
        let root = tempfile::tempdir().unwrap();
        let cache = Cache::new(root.path());
        let digest = Digest::from_content(b"one");
        assert_eq!(cache.get(&digest).unwrap(), Kept::Missing);
        let path = cache.put(&digest, b"one").unwrap();
        assert!(path.ends_with(format!("strategies/sha256/{}.wasm", digest.digits())));
        assert_eq!(cache.get(&digest).unwrap(), Kept::Whole(path.clone()));
        fs::write(&path, b"two").unwrap();
        assert_eq!(cache.get(&digest).unwrap(), Kept::Damaged(path.clone()));
        cache.put(&digest, b"one").unwrap();
        assert_eq!(cache.get(&digest).unwrap(), Kept::Whole(path.clone()));
        let files = fs::read_dir(path.parent().unwrap()).unwrap().count();
        assert_eq!(files, 1, "nothing stays beside it");
    }
}
