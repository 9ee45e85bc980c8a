//! A lock service of this process whose claims do not hold.

use async_trait::async_trait;
use contend::backend::clock::RealClock;
use contend::backend::lock_memory::MemoryLocks;
use contend::capability::clock::Clock;
use contend::capability::lock::{
    Grant, Lock, LockService, LockSession, Mode, ReleaseOutcome, SessionOptions,
};
use contend::measure::{Clients, Measured, measure};
use contend::model::error::CallError;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The claim that it breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lie {
    /// Every client has a lock of its own.
    Exclusive,
    /// Every grant has the same token.
    Fencing,
    /// Readers are not counted.
    Limit,
    /// Those who come later ask earlier.
    Fair,
}

/// Locks in memory, and one lie.
struct Liar {
    locks: MemoryLocks,
    clock: Arc<RealClock>,
    lie: Lie,
    sessions: AtomicU64,
}

struct LyingSession {
    session: Box<dyn LockSession>,
    clock: Arc<RealClock>,
    lie: Lie,
    number: u64,
}

struct LyingLock {
    lock: Box<dyn Lock>,
    clock: Arc<RealClock>,
    lie: Lie,
    number: u64,
}

#[async_trait]
impl LockService for Liar {
    fn traits(&self) -> Vec<(String, String)> {
        self.locks.traits()
    }

    async fn open(
        &self,
        owner: String,
        options: SessionOptions,
    ) -> Result<Box<dyn LockSession>, CallError> {
        Ok(Box::new(LyingSession {
            session: self.locks.open(owner, options).await?,
            clock: self.clock.clone(),
            lie: self.lie,
            number: self.sessions.fetch_add(1, Ordering::Relaxed),
        }))
    }
}

#[async_trait]
impl LockSession for LyingSession {
    fn lock(&mut self, mut names: Vec<String>, mut mode: Mode) -> Result<Box<dyn Lock>, CallError> {
        match self.lie {
            Lie::Exclusive => names[0].push_str(&self.number.to_string()),
            Lie::Limit if mode.is_shared() => mode = Mode::Shared(None),
            _ => {}
        }
        Ok(Box::new(LyingLock {
            lock: self.session.lock(names, mode)?,
            clock: self.clock.clone(),
            lie: self.lie,
            number: self.number,
        }))
    }

    async fn close(self: Box<Self>) {
        self.session.close().await;
    }
}

#[async_trait]
impl Lock for LyingLock {
    async fn acquire(&mut self, wait: u64) -> Result<Grant, CallError> {
        // Nobody waits in a queue, so the order is that of looking: the lower the number, the rarer.
        if self.lie == Lie::Fair && wait > 0 {
            let began = self.clock.now();
            loop {
                let pause = 1_000_000 + 200_000_000 / (1 + self.number % 20);
                match self.lock.acquire(0).await {
                    Err(_) if self.clock.now() - began < wait => self.clock.sleep(pause).await,
                    ended => return ended,
                }
            }
        }
        let mut grant = self.lock.acquire(wait).await?;
        if self.lie == Lie::Fencing {
            for (_, token) in &mut grant.fencing {
                *token = 7;
            }
        }
        Ok(grant)
    }

    async fn release(&mut self) -> Result<ReleaseOutcome, CallError> {
        self.lock.release().await
    }

    async fn renew(&mut self) -> Result<Grant, CallError> {
        self.lock.renew().await
    }

    async fn is_owner(&mut self) -> Result<bool, CallError> {
        self.lock.is_owner().await
    }

    fn current_grant(&self) -> Option<Grant> {
        self.lock.current_grant()
    }

    async fn break_lock(&mut self) -> Result<(), CallError> {
        self.lock.break_lock().await
    }

    async fn close(self: Box<Self>) {
        self.lock.close().await;
    }
}

struct OneLiar(Arc<Liar>);

#[async_trait]
impl Clients for OneLiar {
    fn name(&self) -> String {
        "liar".to_owned()
    }

    async fn open(&self) -> Result<Arc<dyn LockService>, CallError> {
        Ok(self.0.clone())
    }
}

/// Everything that is found of it.
pub(super) fn measured_liar(lie: Lie) -> Measured {
    let clock = Arc::new(RealClock::new());
    clock.start();
    let liar = OneLiar(Arc::new(Liar {
        locks: MemoryLocks::new(clock.clone()),
        clock: clock.clone(),
        lie,
        sessions: AtomicU64::new(0),
    }));
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.enable_all().build().unwrap();
    let measured = measure(&liar, clock, None, None, &|_| ());
    runtime.block_on(measured).unwrap()
}
