//! Ensures one run at a time on a file that the user named.
//!
//! A lock on a file beside the database, which the kernel releases when its process ends, however it
//! ends. The database itself is not locked: closing any descriptor of it would release the locks that
//! SQLite has on it.

use crate::model::error::CallError;
use crate::run_id;
use std::fs::{self, File, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The claim of this run. Dropping it releases the claim and removes the lock file.
#[derive(Debug)]
pub struct FileClaim {
    file: File,
    path: PathBuf,
}

impl FileClaim {
    /// Claims a database. `rejected` with `in-use` if another run has it.
    pub fn take(database: &Path) -> Result<Self, CallError> {
        let path = beside(database);
        loop {
            let failed = |error: std::io::Error| {
                let message = format!("can't claim the database with {}: {error}", path.display());
                CallError::unavailable("claim", message)
            };
            let mut file = File::options()
                .create(true)
                .truncate(false)
                .read(true)
                .write(true)
                .open(&path)
                .map_err(failed)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(in_use(database, &mut file)),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
            // Its last owner may have taken it away between our opening and our locking.
            let (ours, named) = (file.metadata(), fs::metadata(&path));
            if let (Ok(ours), Ok(named)) = (ours, named)
                && (ours.dev(), ours.ino()) == (named.dev(), named.ino())
            {
                file.set_len(0).map_err(failed)?;
                write!(file, "{}", std::process::id()).map_err(failed)?;
                return Ok(Self { file, path });
            }
        }
    }
}

impl Drop for FileClaim {
    fn drop(&mut self) {
        // Before the lock is released, so that no run holds a deleted file.
        fs::remove_file(&self.path).ok();
        self.file.unlock().ok();
    }
}

/// The same file for every way to name the database.
fn beside(database: &Path) -> PathBuf {
    let folder = database.parent().filter(|folder| *folder != Path::new(""));
    let whole = fs::canonicalize(database).or_else(|_| {
        let folder = fs::canonicalize(folder.unwrap_or(Path::new(".")))?;
        Ok::<_, std::io::Error>(folder.join(database.file_name().unwrap_or_default()))
    });
    let mut path = whole
        .unwrap_or_else(|_| database.to_owned())
        .into_os_string();
    path.push("-contend");
    path.into()
}

fn in_use(database: &Path, claim: &mut File) -> CallError {
    let mut pid = String::new();
    claim.take(20).read_to_string(&mut pid).ok();
    let digits = !pid.is_empty() && pid.bytes().all(|byte| byte.is_ascii_digit());
    let process = match digits {
        true => format!("process {pid} on {}", run_id::host()),
        false => "another process".to_owned(),
    };
    let message = format!(
        "{} is in use by another run ({process}); wait for its end, or name another file",
        database.display()
    );
    CallError::rejected("in-use", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn second_claim_is_refused_under_any_name_and_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("a.db");
        let claim = FileClaim::take(&database).unwrap();
        let refused = FileClaim::take(&database).unwrap_err();
        assert_eq!(refused.code, "in-use");
        let says = format!("process {}", std::process::id());
        assert!(refused.message.contains(&says), "{refused}");
        File::create(&database).unwrap();
        let other = folder.path().join("b.db");
        symlink(&database, &other).unwrap();
        assert_eq!(FileClaim::take(&other).unwrap_err().code, "in-use");
        drop(claim);
        drop(FileClaim::take(&other).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn claim_file_of_a_process_that_is_gone_is_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("a.db");
        fs::write(folder.path().join("a.db-contend"), "999999").unwrap();
        drop(FileClaim::take(&database).unwrap());
        let nowhere = FileClaim::take(Path::new("/no/such/folder/a.db")).unwrap_err();
        assert_eq!(nowhere.code, "claim");
    }
}
