//! Threads for what the host asks servers for itself. No strategy ever runs on them, so no reading
//! of the host waits for one that polls.

use crate::model::error::CallError;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread::available_parallelism;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::oneshot;

/// Readings take little computing: a quarter of the machine is enough for them.
const ONE_IN: usize = 4;
const AT_MOST: usize = 4;

static THREADS: Mutex<Option<Runtime>> = Mutex::new(None);

/// Does work of the host on these threads. It goes on while its caller does something else, so that it
/// gives back a lock that it has even if its caller does not poll it; it ends when its caller is gone.
pub(super) async fn run<T: Send + 'static>(
    work: impl Future<Output = Result<T, CallError>> + Send + 'static,
) -> Result<T, CallError> {
    let (mut sender, receiver) = oneshot::channel();
    started()?.spawn(async move {
        let done = tokio::select! {
            biased;
            () = sender.closed() => return,
            done = work => done,
        };
        sender.send(done).ok();
    });
    let ended = || CallError::unavailable("closed", "the process ends");
    receiver.await.unwrap_or_else(|_| Err(ended()))
}

/// As `handle`, for a backend.
pub(super) fn started() -> Result<Handle, CallError> {
    handle().map_err(|error| {
        let message = format!("the host's own threads could not be started: {error}");
        CallError::unavailable("threads", message)
    })
}

/// The threads of this process, started when they are first asked for.
pub fn handle() -> io::Result<Handle> {
    let mut threads = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runtime) = &*threads {
        return Ok(runtime.handle().clone());
    }
    let processors = available_parallelism().map_or(1, usize::from);
    let runtime = Builder::new_multi_thread()
        .worker_threads((processors / ONE_IN).clamp(1, AT_MOST))
        .thread_name("host")
        .enable_all()
        .build()?;
    Ok(threads.insert(runtime).handle().clone())
}
