//! The threads on which workers live: one for each processor.
//!
//! A worker stays on the thread on which its session was opened, with its timers and all that it opens
//! itself. So an answer wakes the thread that handles it and no other, and no thread looks for work.
//!
//! With two processors, workers 0, 2 and 4 live on the first thread, and workers 1 and 3 on the second.

use crate::capability::beside::Beside;
use std::io;
use std::thread::{self, available_parallelism};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::oneshot;

/// The threads. They end when this is dropped, with whatever is left on them.
pub struct Homes(Vec<Home>);

struct Home {
    handle: Handle,
    _ends_when_dropped: oneshot::Sender<()>,
}

impl Homes {
    /// Starts the threads.
    pub fn start() -> io::Result<Self> {
        let processors = available_parallelism().map_or(1, usize::from);
        (0..processors)
            .map(Home::start)
            .collect::<io::Result<_>>()
            .map(Self)
    }

    /// The home of the n-th session.
    pub fn of(&self, number: u32) -> Beside {
        Beside::Threads(self.0[number as usize % self.0.len()].handle.clone())
    }

    /// The runtimes of all threads.
    pub fn handles(&self) -> Vec<Handle> {
        self.0.iter().map(|home| home.handle.clone()).collect()
    }
}

impl Home {
    fn start(number: usize) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (sender, dropped) = oneshot::channel();
        thread::Builder::new()
            .name(format!("workers-{number}"))
            .spawn(move || live(runtime, dropped))?;
        Ok(Self {
            handle,
            _ends_when_dropped: sender,
        })
    }
}

fn live(runtime: Runtime, dropped: oneshot::Receiver<()>) {
    runtime.block_on(dropped).ok();
    // No task waits for blocking work that is left.
    runtime.shutdown_background();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_is_done_at_its_home_and_ends_with_it() {
        let homes = Homes::start().unwrap();
        let at = async |number| homes.of(number).run(async { thread::current().id() }).await;
        let homes_number = homes.0.len() as u32;
        let (here, again) = (at(0).await, at(homes_number).await);
        assert_eq!(here, again);
        assert_ne!(here, thread::current().id());
        let (sender, gone) = oneshot::channel::<()>();
        homes.handles()[0].spawn(async move {
            let _kept = sender;
            std::future::pending::<()>().await;
        });
        drop(homes);
        gone.await.unwrap_err();
    }
}
