//! Threads for what the host asks servers for itself. No strategy ever runs on them, so no reading
//! of the host waits for one that polls.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread::available_parallelism;
use tokio::runtime::{Builder, Handle, Runtime};

/// Readings take little computing: a quarter of the machine is enough for them.
const ONE_IN: usize = 4;
const AT_MOST: usize = 4;

static THREADS: Mutex<Option<Runtime>> = Mutex::new(None);

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
