//! The folder of a lab: its checks, its locks between runners, and the password.

use super::account::Account;
use super::error::{LabError, at};
use super::ports::MOST_NODES;
use super::server::Server;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

const LOCK: &str = "lock";
const RECORD_LOCK: &str = "record-lock";
const PASSWORD: &str = "password";

/// The path of a socket has 107 bytes at most, and while the proxy makes its own, that one has
/// `.PID.tmp` behind it.
const LONGEST_PATH: usize = 107 - "/haproxy/socket.4194304.tmp".len();

/// Longest wait of one runner for another that uses the same lab.
const PATIENCE: Duration = Duration::from_secs(180);

/// Names another place for the lab than the usual one.
const DIR_VARIABLE: &str = "CONTEND_LAB";

/// The default folder: `CONTEND_LAB`, else the system's folder for root, and a folder in the home
/// directory for other users.
pub fn default_dir() -> Result<PathBuf, LabError> {
    if let Some(dir) = std::env::var_os(DIR_VARIABLE).filter(|dir| !dir.is_empty()) {
        return Ok(PathBuf::from(dir));
    }
    if rustix::process::geteuid().is_root() {
        return Ok(PathBuf::from("/var/lib/contend-lab"));
    }
    let state = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|p| p.is_absolute())
    };
    let home = state("XDG_STATE_HOME").or_else(|| Some(state("HOME")?.join(".local/state")));
    home.map(|home| home.join("contend/lab"))
        .ok_or_else(|| LabError::Dir {
            dir: PathBuf::from("~/.local/state/contend/lab"),
            why: "HOME is not set".to_owned(),
        })
}

/// The folder by its full name, made if it is missing.
pub(super) fn make(dir: &Path) -> Result<PathBuf, LabError> {
    let refuse = |why: String| LabError::Dir {
        dir: dir.to_owned(),
        why,
    };
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(dir)
        .and_then(|()| fs::canonicalize(dir))
        .map_err(|error| refuse(error.to_string()))
}

/// An error if no lab can be in a folder.
pub(super) fn check(dir: &Path, account: &Account) -> Result<(), LabError> {
    let refuse = |why: String| {
        Err(LabError::Dir {
            dir: dir.to_owned(),
            why,
        })
    };
    let name = dir.to_str().unwrap_or_default();
    let plain = |c: char| c.is_alphanumeric() || "/._-+@,=~".contains(c);
    if name.is_empty() || !name.chars().all(plain) {
        return refuse(
            "its path has a character that a configuration file would read otherwise".to_owned(),
        );
    }
    if name.len() > LONGEST_PATH {
        return refuse(format!(
            "its path has {} bytes, and sockets in it allow {LONGEST_PATH}",
            name.len()
        ));
    }
    if let Some((folder, user)) = account.stopped_at(dir) {
        let folder = folder.display();
        return refuse(format!(
            "the servers run as {user}, which may not enter {folder}"
        ));
    }
    let strange = |entry: &fs::DirEntry| {
        let name = entry.file_name();
        let name = name.to_str().unwrap_or_default();
        !(OURS.contains(&name)
            || Server::every(MOST_NODES)
                .iter()
                .any(|server| server.name() == name))
    };
    let entries = fs::read_dir(dir).map_err(at(dir))?;
    if let Some(entry) = entries.flatten().find(strange) {
        return refuse(format!(
            "it has {:?} in it, which is none of a lab",
            entry.file_name()
        ));
    }
    Ok(())
}

/// Files in the folder of a lab besides those of its servers.
const OURS: &[&str] = &[LOCK, RECORD_LOCK, PASSWORD, "lab.json", "lab.json.part"];

/// Creates the folders of a server, and gives them to the servers' user. No other user may enter: a
/// user that reaches a node's socket could try to connect.
pub(super) fn make_for(server: Server, lab: &Path, account: &Account) -> Result<(), LabError> {
    for folder in server.dirs(lab) {
        fs::create_dir_all(&folder).map_err(at(&folder))?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).map_err(at(&folder))?;
        account.own(&folder).map_err(at(&folder))?;
    }
    Ok(())
}

/// Removes the folder with all that a lab has in it, and nothing else.
pub(super) fn wipe(dir: &Path) -> Result<(), LabError> {
    let mut names: Vec<String> = OURS.iter().map(|&name| name.to_owned()).collect();
    names.extend(Server::every(MOST_NODES).iter().map(|server| server.name()));
    // The locks go last: until then, no runner starts a lab here.
    names.sort_by_key(|name| name == LOCK);
    for name in names {
        let path = dir.join(name);
        let removed = match path.is_dir() {
            true => fs::remove_dir_all(&path),
            false => fs::remove_file(&path),
        };
        absent_is_fine(removed).map_err(at(&path))?;
    }
    match fs::remove_dir(dir) {
        // The folder contains other files, which stay.
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
        removed => absent_is_fine(removed).map_err(at(dir)),
    }
}

fn absent_is_fine(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Kinds of work on a lab, by which work they exclude.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// Starting and stopping the whole: one at a time.
    Alone,
    /// A fault: several at a time, while no runner works alone.
    Shared,
}

/// The right to work on a lab, until it is dropped.
#[derive(Debug)]
pub(super) struct AtWork(#[expect(dead_code, reason = "dropping it unlocks it")] File);

impl AtWork {
    /// Waits for the lock; calls `waiting` if another runner holds it.
    pub(super) fn begin(
        dir: &Path,
        work: Work,
        waiting: &mut dyn FnMut(),
    ) -> Result<Self, LabError> {
        let lock = |file: &File| match work {
            Work::Alone => file.try_lock(),
            Work::Shared => file.try_lock_shared(),
        };
        lock_file(dir, LOCK, &lock, waiting).map(Self)
    }

    /// The right to read the record and write it again.
    pub(super) fn on_record(dir: &Path) -> Result<Self, LabError> {
        lock_file(dir, RECORD_LOCK, &File::try_lock, &mut || {}).map(Self)
    }
}

fn lock_file(
    dir: &Path,
    name: &str,
    lock: &dyn Fn(&File) -> Result<(), TryLockError>,
    waiting: &mut dyn FnMut(),
) -> Result<File, LabError> {
    let path = dir.join(name);
    let deadline = Instant::now() + PATIENCE;
    let mut reported = false;
    while Instant::now() < deadline {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(at(&path))?;
        match lock(&file) {
            // If the lab was wiped during the wait, the lock is on a deleted file.
            Ok(()) if still_named(&file, &path) => return Ok(file),
            Ok(()) => continue,
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(at(&path)(error)),
        }
        if !reported {
            waiting();
            reported = true;
        }
        thread::sleep(Duration::from_millis(20));
    }
    Err(LabError::Busy(dir.to_owned()))
}

fn still_named(file: &File, path: &Path) -> bool {
    match (file.metadata(), path.metadata()) {
        (Ok(ours), Ok(named)) => (ours.dev(), ours.ino()) == (named.dev(), named.ino()),
        _ => false,
    }
}

/// The password of the lab's user, if one was made.
pub(super) fn read_password(dir: &Path) -> Result<Option<String>, LabError> {
    let path = dir.join(PASSWORD);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(at(&path)(error)),
    }
}

/// Creates a random password, in a file that only this user can read.
pub(super) fn make_password(dir: &Path) -> Result<String, LabError> {
    let mut bytes = [0; 16];
    let random = Path::new("/dev/urandom");
    let drawn = File::open(random).and_then(|mut file| file.read_exact(&mut bytes));
    drawn.map_err(at(random))?;
    let password: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let path = dir.join(PASSWORD);
    let file = OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&path);
    file.and_then(|mut file| writeln!(file, "{password}"))
        .map_err(at(&path))?;
    Ok(password)
}

/// Copies a folder with all that is in it, and gives the copy to the servers' user.
pub(super) fn copy(from: &Path, to: &Path, account: &Account) -> Result<(), LabError> {
    fs::create_dir_all(to).map_err(at(to))?;
    account.own(to).map_err(at(to))?;
    for entry in fs::read_dir(from).map_err(at(from))? {
        let entry = entry.map_err(at(from))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            copy(&source, &target, account)?;
        } else {
            fs::copy(&source, &target).map_err(at(&target))?;
            account.own(&target).map_err(at(&target))?;
        }
    }
    Ok(())
}
