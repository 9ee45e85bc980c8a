//! The clients of one service.

use crate::backend::open_locks_of_run;
use crate::backend::run_id;
use crate::backend::url::LockUrl;
use crate::capability::clock::Clock;
use crate::capability::lock::{LockService, Mode, SessionOptions};
use crate::model::error::CallError;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::sync::Mutex;

/// The wait of a client that has no rival.
const NO_RIVAL: u64 = 20_000_000_000;

/// Opens clients of one service.
#[async_trait]
pub trait Clients: Send + Sync {
    /// The service, without a password.
    fn name(&self) -> String;

    /// Opens one more connection to the service, as another process would have it. Locks of the same name are
    /// the same lock.
    async fn open(&self) -> Result<Arc<dyn LockService>, CallError>;

    /// The arguments of a process of its own that holds a lock of this name, for [`hold`]; `None` if no
    /// other process can reach the service.
    fn held_by_process(&self, _name: &str) -> Option<Held> {
        None
    }
}

/// The lock that a process is to hold, as it reads it from its standard input: URLs can have passwords.
#[derive(Serialize, Deserialize)]
pub struct Held {
    url: String,
    run: String,
    name: String,
}

/// Clients of the service at a URL. Their locks are not those of any run.
pub struct Url {
    /// As it was given, with its password.
    text: String,
    url: LockUrl,
    clock: Arc<dyn Clock>,
    run: String,
    /// A service may remove what is its own when it is dropped, so all stay until the last.
    opened: Mutex<Vec<Arc<dyn LockService>>>,
}

impl Url {
    pub fn new(text: String, url: LockUrl, clock: Arc<dyn Clock>) -> Self {
        Self {
            text,
            url,
            clock,
            run: run_id::new_name(),
            opened: Mutex::default(),
        }
    }

    pub fn url(&self) -> &LockUrl {
        &self.url
    }
}

#[async_trait]
impl Clients for Url {
    fn name(&self) -> String {
        self.url.to_string()
    }

    async fn open(&self) -> Result<Arc<dyn LockService>, CallError> {
        let service = open_locks_of_run(&self.url, self.clock.clone(), &self.run).await?;
        self.opened.lock().await.push(service.clone());
        Ok(service)
    }

    fn held_by_process(&self, name: &str) -> Option<Held> {
        self.url.is_outside().then(|| Held {
            url: self.text.clone(),
            run: self.run.clone(),
            name: name.to_owned(),
        })
    }
}

/// Takes a lock, calls `held`, and holds it until `released` has returned.
pub async fn hold(
    what: Held,
    clock: Arc<dyn Clock>,
    held: impl FnOnce(),
    released: impl Future<Output = ()>,
) -> Result<(), CallError> {
    let url: LockUrl = what
        .url
        .parse()
        .map_err(|error| CallError::rejected("url", format!("{error}")))?;
    let service = open_locks_of_run(&url, clock, &what.run).await?;
    let owner = "holder-0".to_owned();
    let mut session = service.open(owner, SessionOptions::default()).await?;
    let mut lock = session.lock(vec![what.name], Mode::Exclusive)?;
    lock.acquire(NO_RIVAL).await?;
    held();
    released.await;
    // Dropping it would remove the folder of locks, which is the measuring process's.
    std::mem::forget(service);
    Ok(())
}
