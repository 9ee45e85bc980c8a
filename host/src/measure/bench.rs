//! The clients that measure one service, and what all of them see.

use super::clients::Clients;
use super::line::Line;
use crate::capability::clock::Clock;
use crate::capability::lock::{Grant, Lock, LockService, LockSession, Mode, SessionOptions};
use crate::model::change::Nanos;
use crate::model::error::{CallError, ErrorKind};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

pub(super) const MS: Nanos = 1_000_000;
pub(super) const SECOND: Nanos = 1_000 * MS;

/// The contract's own claims are not among the traits of a service.
pub(super) const CONTRACT: &str = "yes";

/// The wait of a client that is expected to get the lock at once: long enough for a busy machine.
pub(super) const SOON: Nanos = 20 * SECOND;

/// One service while it is measured.
pub(super) struct Bench<'a> {
    pub(super) clients: &'a dyn Clients,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) traits: BTreeMap<String, String>,
    service: Arc<dyn LockService>,
    names: AtomicU32,
    inside: Arc<Inside>,
}

/// A client with its session and its lock.
pub(super) struct Client {
    _session: Box<dyn LockSession>,
    pub(super) lock: Box<dyn Lock>,
}

/// The exclusive holders of each name that the measuring process has now, and the first time that there
/// were two of one.
#[derive(Default)]
pub(super) struct Inside {
    holders: Mutex<BTreeMap<String, Vec<String>>>,
    witness: Mutex<Option<String>>,
}

impl Inside {
    /// To be called when an acquire has returned.
    pub(super) fn enter(&self, name: &str, grant: &Grant) {
        let mut holders = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
        let there = holders.entry(name.to_owned()).or_default();
        if let Some(other) = there.first() {
            let both = format!(
                "{} and {other} held one exclusive lock at once",
                grant.owner
            );
            let mut witness = self.witness.lock().unwrap_or_else(PoisonError::into_inner);
            witness.get_or_insert(both);
        }
        there.push(grant.owner.clone());
    }

    /// To be called before a release is invoked.
    pub(super) fn leave(&self, name: &str, grant: &Grant) {
        let mut holders = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = holders.get_mut(name) {
            there.retain(|owner| *owner != grant.owner);
        }
    }
}

impl<'a> Bench<'a> {
    pub(super) async fn open(
        clients: &'a dyn Clients,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, CallError> {
        let service = clients.open().await?;
        Ok(Self {
            clients,
            clock,
            traits: service.traits().into_iter().collect(),
            service,
            names: AtomicU32::new(0),
            inside: Arc::default(),
        })
    }

    /// A lock name that no other client has.
    pub(super) fn new_name(&self) -> String {
        format!("measured-{}", self.names.fetch_add(1, Relaxed))
    }

    pub(super) fn claim(&self, name: &str) -> Option<String> {
        self.traits.get(name).cloned()
    }

    pub(super) fn inside(&self) -> Arc<Inside> {
        self.inside.clone()
    }

    pub(super) async fn client(&self, name: &str, mode: Mode) -> Result<Client, CallError> {
        client(&*self.service, name, mode, &self.names).await
    }

    /// A client of another connection to the service, as another process has it.
    pub(super) async fn stranger(&self, name: &str, mode: Mode) -> Result<Client, CallError> {
        client(&*self.clients.open().await?, name, mode, &self.names).await
    }

    pub(super) async fn exclusive(&self, name: &str) -> Result<Client, CallError> {
        self.client(name, Mode::Exclusive).await
    }

    /// All that was seen of exclusive holders while other questions were asked.
    pub(super) fn rivals(&self) -> Line {
        let witness = self.inside.witness.lock();
        let witness = witness.unwrap_or_else(PoisonError::into_inner).clone();
        let found = witness.map_or(Ok(()), Err);
        Line::judged(
            "exclusive among all waiters",
            Some(CONTRACT.to_owned()),
            found,
        )
    }
}

async fn client(
    service: &dyn LockService,
    name: &str,
    mode: Mode,
    numbers: &AtomicU32,
) -> Result<Client, CallError> {
    let owner = format!("client-{}", numbers.fetch_add(1, Relaxed));
    let mut session = service.open(owner, SessionOptions::default()).await?;
    let lock = session.lock(vec![name.to_owned()], mode)?;
    Ok(Client {
        _session: session,
        lock,
    })
}

impl Client {
    /// Tries to get in: `None` if others keep it out.
    pub(super) async fn enter(&mut self, wait: Nanos) -> Result<Option<Grant>, CallError> {
        match self.lock.acquire(wait).await {
            Ok(grant) => Ok(Some(grant)),
            Err(error) if error.kind == ErrorKind::Conflict => Ok(None),
            Err(error) => Err(error),
        }
    }
}
