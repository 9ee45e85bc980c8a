//! Implementations of the capabilities: the real clock, databases and lock services.
//!
//! `url` parses the user's text into an enum, and one `match` for each kind of service turns it into a
//! trait object. A new backend is a file, a variant and a line.

pub mod clock;
pub mod host_threads;
pub mod lock_connection;
pub mod lock_etcd;
pub mod lock_file;
pub mod lock_memory;
pub mod lock_redis;
mod lock_settings;
pub mod lock_zookeeper;
pub mod mysql;
mod own_schema;
mod patience;
pub mod postgres;
mod readers;
pub mod run_id;
pub mod secret_url;
pub mod session_options;
pub mod sqlite;
pub mod tenancy;
mod tls;
pub mod url;

use crate::capability::clock::Clock;
use crate::capability::database::Database;
use crate::capability::lock::LockService;
use crate::model::error::CallError;
use contend_capability as capability;
use contend_model as model;
use lock_etcd::EtcdLocks;
use lock_file::FileLocks;
use lock_memory::MemoryLocks;
use lock_redis::RedisLocks;
use lock_zookeeper::ZookeeperLocks;
use mysql::Mysql;
use postgres::Postgres;
use secret_url::SecretUrl;
use session_options::SessionOptions;
use sqlite::{Sqlite, SqliteLocation};
use std::path::Path;
use std::sync::Arc;
use url::{DatabaseUrl, LockUrl};

/// Opens the database that the user named. `nodes` are the servers behind the endpoint, where there
/// are any to name; `fresh_path` is where a fresh one goes; nothing may be there yet.
pub async fn open_database(
    url: &DatabaseUrl,
    nodes: &[SecretUrl],
    options: impl Into<SessionOptions>,
    fresh_path: &Path,
) -> Result<Arc<dyn Database>, CallError> {
    let location = match url {
        DatabaseUrl::SqliteFresh => {
            if fresh_path.exists() {
                let path = fresh_path.display();
                let message =
                    format!("{path} exists; a fresh database needs a path that does not exist");
                return Err(CallError::rejected("file-exists", message));
            }
            SqliteLocation::File(fresh_path.to_owned())
        }
        DatabaseUrl::SqliteMemory => SqliteLocation::Memory,
        DatabaseUrl::SqliteFile(path) => SqliteLocation::File(path.clone()),
        DatabaseUrl::Mysql(endpoint) => {
            let database = Mysql::open(endpoint, nodes, options).await?;
            return Ok(Arc::new(database));
        }
        DatabaseUrl::Postgres(endpoint) => {
            let database = Postgres::open(endpoint, nodes, options).await?;
            return Ok(Arc::new(database));
        }
        DatabaseUrl::Sim(_) => return Err(only_simulated("the cluster")),
    };
    Ok(Arc::new(Sqlite::open(location).await?))
}

/// Opens the lock service that the user named, or says why it can't be had. Waiting is measured on
/// `clock`.
pub async fn open_lock_service(
    url: &LockUrl,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn LockService>, CallError> {
    Ok(match url {
        LockUrl::Memory => Arc::new(MemoryLocks::new(clock)),
        LockUrl::File(folder) => Arc::new(FileLocks::open(folder.clone(), clock)?),
        LockUrl::Redis(url) => Arc::new(RedisLocks::open(url, clock).await?),
        LockUrl::Zookeeper(url) => Arc::new(ZookeeperLocks::open(url, clock).await?),
        LockUrl::Etcd(url) => Arc::new(EtcdLocks::open(url, clock).await?),
        LockUrl::Mysql(url) => Arc::new(mysql::locks::open(url, clock).await?),
        LockUrl::Postgres(url) => Arc::new(postgres::locks::open(url, clock).await?),
        LockUrl::Sim(_) => return Err(only_simulated("this lock service")),
    })
}

/// As [`open_lock_service`], for one trial: whatever its locks are called, they are not those of
/// another run that uses the same service. `run` is a name of [`run_id::new_name`].
pub async fn open_locks_of_run(
    url: &LockUrl,
    clock: Arc<dyn Clock>,
    run: &str,
) -> Result<Arc<dyn LockService>, CallError> {
    Ok(match url {
        LockUrl::File(folder) => Arc::new(FileLocks::of_run(folder, clock, run)?),
        LockUrl::Redis(url) => Arc::new(RedisLocks::open(url, clock).await?.of_run(run)),
        LockUrl::Zookeeper(url) => Arc::new(ZookeeperLocks::open(url, clock).await?.of_run(run)),
        LockUrl::Etcd(url) => Arc::new(EtcdLocks::open(url, clock).await?.of_run(run)),
        LockUrl::Mysql(url) => Arc::new(mysql::locks::open(url, clock).await?.of_run(run)),
        LockUrl::Postgres(url) => Arc::new(postgres::locks::open(url, clock).await?.of_run(run)),
        LockUrl::Memory | LockUrl::Sim(_) => return open_lock_service(url, clock).await,
    })
}

fn only_simulated(what: &str) -> CallError {
    let message = format!("{what} is simulated; use it with --db sim");
    CallError::rejected("simulated", message)
}
