//! Shared locks: a count of the readers behind a gate.

use super::{HELD, LockConnection, any_of};
use crate::capability::lock::Mode;
use crate::capability::operation::Operation;
use crate::lock_connection::Key;
use crate::model::error::CallError;
use crate::model::value::Value;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// The first number of the locks that say how many may read beside a reader.
const LIMITS: i32 = 1_668_181_624;

/// The longest wait at a gate, which is held for a few answers only.
const GATE_TAKES_AT_MOST: Duration = Duration::from_secs(1);

/// The number of readers that one of them allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limit(Option<i32>);

impl Limit {
    /// More than a server has connections is as good as none.
    pub(super) fn new(limit: Option<u32>) -> Self {
        Self(limit.and_then(|limit| i32::try_from(limit).ok()))
    }

    fn mode(self) -> Mode {
        Mode::Shared(self.0.map(i32::cast_unsigned))
    }
}

impl LockConnection {
    /// Looks again and again until it fits or the time is over.
    pub(super) async fn take_shared(
        &mut self,
        key: &Key,
        limit: Limit,
        wait: Duration,
    ) -> Result<bool, CallError> {
        let began = Instant::now();
        loop {
            if self.try_shared(key, limit).await? {
                return Ok(true);
            }
            let left = wait.saturating_sub(began.elapsed());
            if left.is_zero() {
                return Ok(false);
            }
            sleep(left.min(self.poll)).await;
        }
    }

    async fn try_shared(&mut self, key: &Key, limit: Limit) -> Result<bool, CallError> {
        let gate = key.beside("gate");
        if !self.take_exclusive(&gate, GATE_TAKES_AT_MOST).await? {
            return Ok(false);
        }
        let readers = self.readers(key).await?;
        let is_taken = limit.mode().admits(readers) && self.enter(key, limit).await?;
        let open = format!("SELECT pg_advisory_unlock({})::int", gate.number());
        if self.number(&open, Operation::Committing).await? != 1 {
            let message = "the gate of a shared lock was lost before it was passed";
            return Err(CallError::indefinite("answer", message));
        }
        Ok(is_taken)
    }

    /// The sessions that read, each with its limit.
    async fn readers(&mut self, key: &Key) -> Result<Vec<Mode>, CallError> {
        let text = format!(
            "WITH held AS MATERIALIZED ({HELD}) SELECT \
             (SELECT min(own.objid::bigint) FROM held AS own WHERE own.pid = reader.pid \
             AND own.objsubid = 2 AND own.classid::bigint = {LIMITS}) \
             FROM held AS reader WHERE reader.mode = 'ShareLock' AND {}",
            any_of(std::slice::from_ref(key))
        );
        let rows = self.rows(&text, Operation::Reading).await?;
        let limits = rows.into_iter().flatten().map(|limit| match limit {
            Value::Integer(limit) => Mode::Shared(u32::try_from(limit).ok()),
            _ => Mode::Shared(None),
        });
        Ok(limits.collect())
    }

    /// Says the limit, then reads. False if a writer has the key, or waits for it.
    async fn enter(&mut self, key: &Key, limit: Limit) -> Result<bool, CallError> {
        if self.limit.is_none()
            && let Limit(Some(number)) = limit
        {
            let text = format!("SELECT pg_try_advisory_lock_shared({LIMITS}, {number})::int");
            self.number(&text, Operation::Committing).await?;
            self.limit = Some(limit);
        }
        let text = format!("SELECT pg_try_advisory_lock_shared({})::int", key.number());
        Ok(self.number(&text, Operation::Committing).await? == 1)
    }

    /// Takes back what was said.
    pub(super) async fn forget_limit(&mut self) -> Result<(), CallError> {
        if let Some(Limit(Some(number))) = self.limit.take() {
            let text = format!("SELECT pg_advisory_unlock_shared({LIMITS}, {number})::int");
            self.number(&text, Operation::Committing).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limit_that_no_server_reaches_is_none() {
        assert_eq!(Limit::new(Some(7)).mode(), Mode::Shared(Some(7)));
        assert_eq!(Limit::new(Some(u32::MAX)).mode(), Mode::Shared(None));
        assert_eq!(Limit::new(None).mode(), Mode::Shared(None));
    }
}
