//! The limits on an instance's memory and tables.

use crate::capability::strategy::Death;
use wasmtime::ResourceLimiter;

/// Most core instances of a component: the guest and the shims around it. Those of
/// componentize-py have fourteen.
pub const MAX_CORE_INSTANCES: usize = 32;

/// Most memories of an instance. The limit on the memory of an instance is that of one.
pub const MAX_MEMORIES: usize = 1;

/// Most tables of an instance, and their largest size. Real ones hold some hundred functions, and
/// interpreters some thousand.
pub const MAX_TABLES: usize = 4;
pub const MAX_TABLE_ELEMENTS: usize = 20_000;

/// Refuses to grow beyond the limit, by a trap that says so: a guest that only receives a failure would
/// abort for a reason that no user could read.
#[derive(Debug)]
pub struct MemoryLimit {
    pub bytes: u64,
    /// Its present size.
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
                "wanted {desired} bytes of memory; the limit is {}, and --memory-mib raises it",
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

    fn instances(&self) -> usize {
        MAX_CORE_INSTANCES
    }

    fn memories(&self) -> usize {
        MAX_MEMORIES
    }

    fn tables(&self) -> usize {
        MAX_TABLES
    }
}
