//! Waiting until a name may be free.

use super::link::{Connection, PATIENCE};
use super::session::SharedSession;
use crate::model::change::Nanos;
use redis::Value;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::timeout;

/// The connection on which a session waits: while it does, nothing else can be sent there. It is
/// opened when the session first has to wait.
#[derive(Default)]
pub(super) struct Waiting(Mutex<Option<Connection>>);

impl Waiting {
    /// Waits until the waiters of a name are called, at most `limit`.
    pub(super) async fn wait(&self, session: &SharedSession, waiters: &str, limit: Nanos) {
        let until = session.clock.now().saturating_add(limit);
        if self.hear(session, waiters, limit).await.is_none() {
            // The next try to acquire will say what is wrong with Redis.
            let left = until.saturating_sub(session.clock.now());
            session.clock.sleep(left).await;
        }
    }

    pub(super) fn close(&self) {
        self.idle().take();
    }

    async fn hear(&self, session: &SharedSession, waiters: &str, limit: Nanos) -> Option<()> {
        let idle = self.idle().take().filter(Connection::is_open);
        let mut connection = match idle {
            Some(connection) => connection,
            None => Connection::open(session.link.server()).await.ok()?,
        };
        // Redis takes 0 for no limit.
        let limit = Duration::from_nanos(limit).max(Duration::from_millis(1));
        let mut command = redis::cmd("BLPOP");
        command.arg(waiters).arg(limit.as_secs_f64());
        // Dropped on every path but the last, which makes Redis forget the waiter.
        let heard = command.query_async::<Value>(&mut connection.commands);
        timeout(limit + PATIENCE, heard).await.ok()?.ok()?;
        *self.idle() = Some(connection);
        Some(())
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Option<Connection>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
