//! A lock service and those who come to it.

use crate::backend_contract::assert_fault;
use contend::backend::clock::RealClock;
use contend::backend::lock_file::FileLocks;
use contend::backend::lock_memory::MemoryLocks;
use contend::capability::lock::{Lock, LockService, LockSession, Mode, SessionOptions};
use contend::model::fault::FaultKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

pub(super) struct Fixture {
    pub(super) service: Arc<dyn LockService>,
    sessions: AtomicU32,
    _folder: Option<tempfile::TempDir>,
}

impl Fixture {
    fn of(service: Arc<dyn LockService>, folder: Option<tempfile::TempDir>) -> Self {
        Self {
            service,
            sessions: AtomicU32::new(0),
            _folder: folder,
        }
    }

    pub(super) async fn session(&self) -> Box<dyn LockSession> {
        let number = self.sessions.fetch_add(1, Ordering::Relaxed);
        let owner = format!("owner-{number}");
        let opened = self.service.open(owner, SessionOptions::default()).await;
        opened.unwrap()
    }

    /// A lock of a session of its own.
    pub(super) async fn lock(
        &self,
        names: &[&str],
        mode: Mode,
    ) -> (Box<dyn LockSession>, Box<dyn Lock>) {
        let mut session = self.session().await;
        let lock = session.lock(owned(names), mode).unwrap();
        (session, lock)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        let traits = self.service.traits();
        traits.contains(&(name.to_owned(), "yes".to_owned()))
    }

    pub(super) async fn assert_free(&self, name: &str) {
        let (_session, mut lock) = self.lock(&[name], Mode::Exclusive).await;
        lock.acquire(0).await.expect("a free lock");
        lock.release().await.unwrap();
    }

    pub(super) async fn assert_taken(&self, name: &str) {
        let (_session, mut lock) = self.lock(&[name], Mode::Exclusive).await;
        assert_fault(
            lock.acquire(0).await,
            FaultKind::Conflict,
            "lock-wait-timeout",
        );
    }

    pub(super) async fn close(&self) {}
}

pub(super) fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn clock() -> Arc<RealClock> {
    let clock = RealClock::new();
    clock.start();
    Arc::new(clock)
}

pub(super) async fn memory() -> Fixture {
    Fixture::of(Arc::new(MemoryLocks::new(clock())), None)
}

pub(super) async fn file() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let service = FileLocks::open(folder.path().join("locks"), clock()).unwrap();
    Fixture::of(Arc::new(service), Some(folder))
}
