//! Runs work in another place than the caller's.

use std::future::pending;
use std::panic::resume_unwind;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// A place for work: a worker's home, or that of checks and settling, which must not queue behind
/// strategies.
#[derive(Debug, Clone)]
pub enum Beside {
    /// Within the task that asks: in the simulator, which has one thread and one order of events, and
    /// where there is nothing to wait for but this process.
    Here,
    /// On other threads.
    Threads(Handle),
}

impl Beside {
    /// Runs some work to its end. Dropping this abandons the work.
    pub async fn run<T>(&self, work: impl Future<Output = T> + Send + 'static) -> T
    where
        T: Send + 'static,
    {
        let handle = match self {
            Self::Here => return work.await,
            Self::Threads(handle) => handle,
        };
        let mut task = Abandoned(handle.spawn(work));
        match (&mut task.0).await {
            Ok(done) => done,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                // The process is ending, so nothing awaits the result.
                Err(_) => pending().await,
            },
        }
    }
}

/// Ends its task when it is dropped.
struct Abandoned<T>(JoinHandle<T>);

impl<T> Drop for Abandoned<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::thread;
    use std::time::{Duration, Instant};
    use tokio::runtime::{Builder, Runtime};

    fn threads() -> Runtime {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(1).enable_all().build().unwrap()
    }

    #[tokio::test]
    async fn work_is_done_here_or_on_other_threads() {
        let other = threads();
        let here = Beside::Here.run(async { thread::current().id() }).await;
        assert_eq!(here, thread::current().id());
        let beside = Beside::Threads(other.handle().clone());
        let there = beside.run(async { thread::current().id() }).await;
        assert_ne!(there, thread::current().id());
        other.shutdown_background();
    }

    #[test]
    fn work_beside_goes_on_while_the_strategies_threads_are_held_up() {
        let other = threads();
        let beside = Beside::Threads(other.handle().clone());
        let strategies = Builder::new_current_thread().enable_all().build().unwrap();
        let ended = strategies.block_on(async {
            let work = async {
                tokio::time::sleep(Duration::from_millis(20)).await;
                Instant::now()
            };
            let work = tokio::spawn(async move { beside.run(work).await });
            tokio::task::yield_now().await;
            // A strategy that computes.
            thread::sleep(Duration::from_millis(400));
            let free = Instant::now();
            (work.await.unwrap(), free)
        });
        assert!(ended.0 < ended.1, "it queued");
        other.shutdown_background();
    }

    #[tokio::test]
    async fn dropping_the_future_aborts_its_work() {
        let other = threads();
        let beside = Beside::Threads(other.handle().clone());
        let alive = Arc::new(());
        let held = alive.clone();
        let work = beside.run(async move {
            let _held = held;
            pending::<()>().await
        });
        let timed = tokio::time::timeout(Duration::from_millis(20), work).await;
        assert!(timed.is_err());
        let began = Instant::now();
        while Arc::strong_count(&alive) > 1 {
            assert!(began.elapsed() < Duration::from_secs(10));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        other.shutdown_background();
    }
}
