//! The values of `--db` and `--lock`.
//!
//! A URL may hold a password, so no message repeats one: they name the scheme at most.

use super::secret_url::SecretUrl;
use crate::model::sim_locks::SimLocks;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The database to open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DatabaseUrl {
    /// `sqlite`: a new file that belongs to the run.
    SqliteFresh,
    /// `sqlite::memory:`: nothing outlives the process.
    SqliteMemory,
    /// `sqlite:PATH`: the user's own file, made if it is missing.
    SqliteFile(PathBuf),
    /// `mysql://USER:PASSWORD@HOST:PORT/NAME`: MariaDB or MySQL.
    Mysql(SecretUrl),
    /// `postgres://USER:PASSWORD@HOST:PORT/NAME`.
    Postgres(SecretUrl),
    /// `sim` or `sim:nodes=5,…`: a simulated cluster, with what is said of it behind the colon.
    Sim(String),
}

/// The lock service to open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum LockUrl {
    /// `memory`: inside the runner's process.
    Memory,
    /// `file:DIR`: one locked file for each name.
    File(PathBuf),
    /// `redis://HOST:PORT`, or `rediss://` with TLS.
    Redis(SecretUrl),
    /// `zookeeper://HOST:PORT,HOST:PORT/PATH`: sessions of an ensemble.
    Zookeeper(SecretUrl),
    /// `mysql://USER:PASSWORD@HOST:PORT/NAME`: `GET_LOCK` of a server.
    Mysql(SecretUrl),
    /// `postgres://USER:PASSWORD@HOST:PORT/NAME`: advisory locks of a server.
    Postgres(SecretUrl),
    /// `etcd://HOST:PORT,HOST:PORT`: the servers of one etcd.
    Etcd(SecretUrl),
    /// `lease`, `file`, `session`, `evicting`, `per-node` or `pooled`: in the simulator only.
    Sim(SimLocks),
}

crate::model::words! {
    /// The protocol of an autocommit write; every other statement is prepared.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum AutocommitWrites {
        /// Prepared once for each session, then executed.
        #[default]
        Prepared = "prepared",
        /// As text with its parameters written into it. A Galera server retries a failed autocommit
        /// statement (`wsrep_retry_autocommit`) only in this form.
        Text = "text",
    }
}

/// The reason why what the user wrote names nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UrlError(String);

impl UrlError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

const DATABASES: &str = "sqlite (a fresh file of the run), sqlite::memory:, sqlite:PATH, \
                         mysql:// and postgres://USER:PASSWORD@HOST:PORT/NAME, and sim";
const LOCK_SERVICES: &str = "memory, file:DIR, redis://HOST:PORT (rediss:// with TLS), \
                             etcd://HOST:PORT,HOST:PORT, zookeeper://HOST:PORT,HOST:PORT/PATH, mysql:// and \
                             postgres://USER:PASSWORD@HOST:PORT/NAME; in the simulator lease, file, \
                             session, evicting, per-node and pooled";

impl FromStr for DatabaseUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        match text.split_once(':') {
            None if text == "sqlite" => Ok(Self::SqliteFresh),
            None if text == "sim" => Ok(Self::Sim(String::new())),
            Some(("sim", options)) => Ok(Self::Sim(options.to_owned())),
            Some(("sqlite", ":memory:")) => Ok(Self::SqliteMemory),
            Some(("sqlite", path)) => path_of(path)
                .map(Self::SqliteFile)
                .ok_or_else(|| UrlError("sqlite: needs a path, as in sqlite:data.db".to_owned())),
            Some(("mysql" | "mariadb", _)) => SecretUrl::parse(text).map(Self::Mysql),
            Some(("postgres" | "postgresql", _)) => SecretUrl::parse(text).map(Self::Postgres),
            _ => Err(unknown("database", text, DATABASES)),
        }
    }
}

impl FromStr for LockUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        match text.split_once(':') {
            None if text == "memory" => Ok(Self::Memory),
            Some(("file", path)) => path_of(path)
                .map(Self::File)
                .ok_or_else(|| UrlError("file: needs a folder, as in file:/tmp/locks".to_owned())),
            Some(("redis" | "rediss", _)) => SecretUrl::parse(text).map(Self::Redis),
            Some(("zookeeper", _)) => SecretUrl::parse(text).map(Self::Zookeeper),
            Some(("mysql" | "mariadb", _)) => SecretUrl::parse(text).map(Self::Mysql),
            Some(("postgres" | "postgresql", _)) => SecretUrl::parse(text).map(Self::Postgres),
            Some(("etcd", _)) => SecretUrl::parse(text).map(Self::Etcd),
            _ => match text.parse() {
                Ok(kind) => Ok(Self::Sim(kind)),
                Err(_) => Err(unknown("lock service", text, LOCK_SERVICES)),
            },
        }
    }
}

/// `scheme://path` is a habit of many; both spellings mean the same here.
fn path_of(text: &str) -> Option<PathBuf> {
    let path = text.strip_prefix("//").unwrap_or(text);
    (!path.is_empty()).then(|| Path::new(path).to_owned())
}

fn unknown(what: &str, text: &str, exists: &str) -> UrlError {
    let scheme = text.split([':', '/', '@']).next().unwrap_or_default();
    UrlError(format!("there is no {what} {scheme:?}; there are {exists}"))
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SqliteFresh => f.write_str("sqlite"),
            Self::SqliteMemory => f.write_str("sqlite::memory:"),
            Self::SqliteFile(path) => write!(f, "sqlite:{}", path.display()),
            Self::Mysql(url) | Self::Postgres(url) => url.fmt(f),
            Self::Sim(options) if options.is_empty() => f.write_str("sim"),
            Self::Sim(options) => write!(f, "sim:{options}"),
        }
    }
}

impl fmt::Display for LockUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            Self::File(folder) => write!(f, "file:{}", folder.display()),
            Self::Redis(url)
            | Self::Zookeeper(url)
            | Self::Etcd(url)
            | Self::Mysql(url)
            | Self::Postgres(url) => url.fmt(f),
            Self::Sim(kind) => f.write_str(kind.as_str()),
        }
    }
}

impl DatabaseUrl {
    /// True for a pooler in transaction mode.
    pub fn is_pooled(&self) -> bool {
        matches!(self, Self::Postgres(url) if url.pooler().as_deref() == Some("true"))
    }
}

impl LockUrl {
    /// True for a service outside of the runner's process and of the simulator.
    pub fn is_outside(&self) -> bool {
        !matches!(self, Self::Memory | Self::Sim(_))
    }

    /// The kind of service in a word: what stands before the colon.
    pub fn scheme(&self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::File(_) => "file",
            Self::Redis(_) => "redis",
            Self::Zookeeper(_) => "zookeeper",
            Self::Mysql(_) => "mysql",
            Self::Postgres(_) => "postgres",
            Self::Etcd(_) => "etcd",
            Self::Sim(kind) => kind.as_str(),
        }
    }
}

impl TryFrom<String> for DatabaseUrl {
    type Error = UrlError;

    fn try_from(text: String) -> Result<Self, UrlError> {
        text.parse()
    }
}

impl TryFrom<String> for LockUrl {
    type Error = UrlError;

    fn try_from(text: String) -> Result<Self, UrlError> {
        text.parse()
    }
}

impl From<DatabaseUrl> for String {
    fn from(url: DatabaseUrl) -> Self {
        url.to_string()
    }
}

impl From<LockUrl> for String {
    fn from(url: LockUrl) -> Self {
        url.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parsed_urls_print_as_written() {
        for text in [
            "sqlite",
            "sqlite::memory:",
            "sqlite:a.db",
            "sqlite:/a b/c.db",
            "sim",
            "sim:nodes=5,regions=3",
        ] {
            let url: DatabaseUrl = text.parse().unwrap();
            assert_eq!(url.to_string(), text);
            let json = serde_json::to_string(&url).unwrap();
            assert_eq!(serde_json::from_str::<DatabaseUrl>(&json).unwrap(), url);
        }
        for text in ["memory", "file:locks", "file:/var/locks", "lease", "file"] {
            assert_eq!(text.parse::<LockUrl>().unwrap().to_string(), text);
        }
        let spelled: DatabaseUrl = "sqlite:///a.db".parse().unwrap();
        assert_eq!(spelled, DatabaseUrl::SqliteFile("/a.db".into()));
    }

    #[test]
    fn error_for_an_unknown_scheme_lists_the_known_ones_and_no_password() {
        let database = |text: &str| text.parse::<DatabaseUrl>().unwrap_err().to_string();
        let lock = |text: &str| text.parse::<LockUrl>().unwrap_err().to_string();
        for (message, says) in [
            (database("me:secret@db"), "sqlite::memory:"),
            (database("sqlite:"), "needs a path"),
            (database("sqlit"), "there is no database \"sqlit\""),
            (lock("redisss://:secret@cache"), "there is no lock service"),
            (lock("file:"), "needs a folder"),
            (lock(""), "memory, file:DIR, redis:"),
        ] {
            assert!(message.contains(says), "{message}");
            assert!(!message.contains("secret"), "{message}");
        }
    }
}
