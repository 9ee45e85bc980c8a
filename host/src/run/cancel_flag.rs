//! Ends a search at Ctrl-C.

use super::RunError;
use crate::trial::interrupts::Interrupts;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use tokio::runtime::{Builder, Runtime};

/// A Ctrl-C flag. Listens for the signal until it is dropped.
pub struct CancelFlag {
    said: Arc<AtomicBool>,
    _listens: Runtime,
}

impl CancelFlag {
    /// From here on the first signal lets what is under way come to its end, and begins nothing more;
    /// the second ends the program at once, with this exit code and no report.
    pub fn listen(code: u8) -> Result<Self, RunError> {
        let said = Arc::new(AtomicBool::new(false));
        let mut runtime = Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(RunError::Runtime)?;
        let interrupts = runtime.block_on(async { Interrupts::listen() });
        let interrupts = interrupts.map_err(RunError::Runtime)?;
        let says = said.clone();
        runtime.spawn(async move {
            interrupts.reached(1).await;
            says.store(true, Relaxed);
            interrupts.reached(2).await;
            std::process::exit(code.into());
        });
        Ok(Self {
            said,
            _listens: runtime,
        })
    }

    pub fn is_set(&self) -> bool {
        self.said.load(Relaxed)
    }
}
