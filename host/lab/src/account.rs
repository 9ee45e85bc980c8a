//! The user that runs the servers, and the user of this process.

use super::error::{LabError, refused};
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// The users of whom the first that exists runs the servers, if we are root.
const UNPRIVILEGED: &[&str] = &["mysql", "postgres", "nobody"];

/// Two users: that of this process, and that of the servers.
#[derive(Debug, Clone)]
pub(super) struct Account {
    /// Our own name, by which MariaDB knows us at the other end of its socket.
    pub(super) our_name: String,
    /// The user of the servers, with number and group; `None` if it is that of this process.
    unprivileged: Option<(String, u32, u32)>,
}

impl Account {
    /// As root, an unprivileged user: MariaDB, PostgreSQL and PgBouncer refuse to run as root.
    pub(super) fn find() -> Result<Self, LabError> {
        let our_name = our_name()?;
        if !rustix::process::geteuid().is_root() {
            return Ok(Self {
                our_name,
                unprivileged: None,
            });
        }
        let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let found = UNPRIVILEGED.iter().find_map(|name| entry(&users, name));
        let unprivileged = found.ok_or_else(|| {
            let why = "root starts the servers as the user `mysql`, `postgres` or `nobody`, and none exists; create one";
            refused("the lab", why)
        })?;
        Ok(Self {
            our_name,
            unprivileged: Some(unprivileged),
        })
    }

    /// Makes a command run as the servers' user.
    pub(super) fn apply(&self, command: &mut Command) {
        if let Some((_, user, group)) = self.unprivileged {
            command.uid(user).gid(group);
        }
    }

    /// Gives a file or folder to the servers' user.
    pub(super) fn own(&self, path: &Path) -> std::io::Result<()> {
        match self.unprivileged {
            Some((_, user, group)) => std::os::unix::fs::chown(path, Some(user), Some(group)),
            None => Ok(()),
        }
    }

    /// The first folder on the way to a path that the servers' user can't enter, with the user's name.
    pub(super) fn stopped_at<'a>(&self, path: &'a Path) -> Option<(&'a Path, &str)> {
        use std::os::unix::fs::MetadataExt;
        let (name, user, group) = self.unprivileged.as_ref()?;
        let closed = |folder: &&Path| {
            let Ok(metadata) = folder.metadata() else {
                return false;
            };
            let wanted = if metadata.uid() == *user {
                0o100
            } else if metadata.gid() == *group {
                0o010
            } else {
                0o001
            };
            metadata.mode() & wanted == 0
        };
        let folder = path.ancestors().filter(closed).last()?;
        Some((folder, name))
    }
}

/// Name, number and group of a user, from the lines of the password file.
fn entry(users: &str, name: &str) -> Option<(String, u32, u32)> {
    users.lines().find_map(|line| {
        let fields: Vec<_> = line.split(':').collect();
        let [found, _, user, group, ..] = fields[..] else {
            return None;
        };
        (found == name).then_some((name.to_owned(), user.parse().ok()?, group.parse().ok()?))
    })
}

/// Asks `id`, since not every user stands in a file.
pub(super) fn our_name() -> Result<String, LabError> {
    let asked = Command::new("id").arg("-un").stdin(Stdio::null()).output();
    let name = asked.ok().filter(|output| output.status.success());
    let name = name.and_then(|output| String::from_utf8(output.stdout).ok());
    let name = name.map(|name| name.trim().to_owned()).unwrap_or_default();
    if name.is_empty() {
        let number = rustix::process::geteuid().as_raw();
        let why = format!("the user with the number {number} has no name; give it one");
        return Err(refused("the lab", why));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entry_finds_a_user_by_the_whole_name() {
        let users = "mysqlx:x:1:1::/:/bin/sh\nmysql:x:102:105:MySQL Server,,,:/:/bin/false\n";
        let found = entry(users, "mysql");
        assert_eq!(found, Some(("mysql".to_owned(), 102, 105)));
        assert_eq!(entry(users, "nobody"), None);
    }
}
