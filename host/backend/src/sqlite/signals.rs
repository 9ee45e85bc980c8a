//! Signals between a session and its thread outside of their channel.

use super::transactions::Transaction;
use sqlx::SqliteConnection;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// SQLite looks whether it should go on after this many of its instructions: well under a
/// millisecond, and too seldom to be felt.
const INSTRUCTIONS_BETWEEN_LOOKS: i32 = 10_000;

/// Shared between a session and SQLite's callbacks.
#[derive(Debug, Default)]
pub(super) struct Signals {
    abandoned: AtomicBool,
    rolled_back: AtomicBool,
}

impl Signals {
    /// Puts the callbacks into a connection, and names its transactions.
    pub(super) async fn install(
        connection: &mut SqliteConnection,
    ) -> Result<Arc<Self>, sqlx::Error> {
        let signals = Arc::new(Self::default());
        let transaction = Transaction::install(connection).await?;
        let mut handle = connection.lock_handle().await?;
        let seen = Arc::clone(&signals);
        handle.set_progress_handler(INSTRUCTIONS_BETWEEN_LOOKS, move || !seen.is_abandoned());
        let seen = Arc::clone(&signals);
        handle.set_rollback_hook(move || {
            transaction.end();
            seen.rolled_back.store(true, Ordering::Release);
        });
        drop(handle);
        Ok(signals)
    }

    /// Signals that the caller is gone: the running statement should stop.
    pub(super) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Release);
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Acquire)
    }

    pub(super) fn forget_rollbacks(&self) {
        self.rolled_back.store(false, Ordering::Release);
    }

    /// True if SQLite rolled back a transaction since the last `forget_rollbacks`. It does so by itself
    /// on some errors, and the following statements would then commit one by one.
    pub(super) fn rolled_back(&self) -> bool {
        self.rolled_back.load(Ordering::Acquire)
    }
}

/// One call of a session. Dropped before its end, it abandons the session.
pub(super) struct Call {
    signals: Arc<Signals>,
    ended: bool,
}

impl Call {
    pub(super) fn begin(signals: &Arc<Signals>) -> Self {
        Self {
            signals: Arc::clone(signals),
            ended: false,
        }
    }

    pub(super) fn end(mut self) {
        self.ended = true;
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.ended {
            self.signals.abandon();
        }
    }
}
