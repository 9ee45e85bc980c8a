//! The limit on an instance's memory.

use super::super::Death;
use wasmtime::ResourceLimiter;

/// Refuses to grow beyond the limit, by a trap that says so: a guest that is merely told "no" would
/// abort for a reason that nobody could read.
#[derive(Debug)]
pub struct MemoryLimit {
    pub bytes: u64,
}

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired as u64 <= self.bytes {
            return Ok(true);
        }
        Err(wasmtime::Error::new(Death {
            code: "memory-limit",
            message: format!(
                "wanted {desired} bytes of memory; the limit is {}",
                self.bytes
            ),
        }))
    }

    fn table_growing(
        &mut self,
        _current: usize,
        _desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // The pool that instances come from has a bound of its own.
        Ok(true)
    }
}
