//! The limits on an instance's memory and tables.

use super::super::Death;
use wasmtime::ResourceLimiter;

/// How many tables an instance may have, and how large. Real ones hold some hundred functions.
pub const MAX_TABLES: usize = 4;
pub const MAX_TABLE_ELEMENTS: usize = 20_000;

/// Refuses to grow beyond the limit, by a trap that says so: a guest that is merely told "no" would
/// abort for a reason that nobody could read.
#[derive(Debug)]
pub struct MemoryLimit {
    pub bytes: u64,
    /// What it has grown to.
    pub grown: u64,
}

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired as u64 <= self.bytes {
            self.grown = self.grown.max(desired as u64);
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
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= MAX_TABLE_ELEMENTS)
    }

    fn tables(&self) -> usize {
        MAX_TABLES
    }
}
