//! Time-outs that count only the time in which this process was there to see an answer.
//!
//! A process that gets no processor for four seconds finds a time-out of three seconds over, and the
//! answer of its server unread: `tokio::time::timeout` would blame the server. Here, a limit is made
//! of slices. Each slice begins when the one before was seen to end, and before it counts, what
//! has come meanwhile is looked at. So a process that is late by four seconds loses one slice.
//!
//! ```text
//! limit 300 ms, slices of 100 ms; the process is paused from 20 ms to 520 ms
//! slice 1   0 ms to 520 ms     seen to end 420 ms late; 200 ms are left
//! slice 2   520 ms to 620 ms   the answer arrives at 600 ms and is returned
//! ```

use std::pin::pin;
use std::time::Duration;
use tokio::time::timeout;

/// The most that one delay of this process takes off a limit.
const SLICE: Duration = Duration::from_millis(100);

/// The limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elapsed;

/// Waits for `work` within a limit.
pub async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Result<T, Elapsed> {
    let mut work = pin!(work);
    let mut left = limit;
    while !left.is_zero() {
        let slice = left.min(SLICE);
        if let Ok(done) = timeout(slice, &mut work).await {
            return Ok(done);
        }
        left -= slice;
    }
    Err(Elapsed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn wait_ends_at_the_limit_if_nothing_comes() {
        let began = Instant::now();
        let limit = Duration::from_millis(250);
        let waited = within(limit, std::future::pending::<()>()).await;
        assert_eq!(waited, Err(Elapsed));
        assert!(began.elapsed() >= limit);
        assert_eq!(within(limit, async { 7 }).await, Ok(7));
    }

    #[tokio::test]
    async fn a_process_that_was_held_up_does_not_blame_the_server() {
        let (server, answer) = oneshot::channel();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(600));
            server.send(7).ok();
        });
        let hold_up = async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            // No processor for longer than the limit; the answer comes shortly after.
            std::thread::sleep(Duration::from_millis(500));
        };
        let waited = within(Duration::from_millis(300), answer);
        let (waited, ()) = tokio::join!(waited, hold_up);
        assert_eq!(waited, Ok(Ok(7)));
    }
}
