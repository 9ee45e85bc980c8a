//! Linear memories in slots.

use super::{Slot, Slots};
use std::io;
use std::sync::Arc;
use wasmtime::{LinearMemory, MemoryCreator, MemoryType};

/// Gives each instance its memory.
pub struct Memories(Arc<Slots>);

impl Memories {
    /// Reserves `count` memories that can grow to `bytes` each.
    pub fn reserve(count: usize, bytes: usize) -> io::Result<Self> {
        Slots::reserve(count, bytes).map(Self)
    }
}

// SAFETY: a slot is page aligned, zero and one memory's alone. There are no guard pages, so none may
// be counted upon: with neither reservation nor guard configured, compiled code compares each address
// with the size, and it is an error to configure them.
unsafe impl MemoryCreator for Memories {
    fn new_memory(
        &self,
        _: MemoryType,
        minimum: usize,
        _: Option<usize>,
        reserved: Option<usize>,
        guard: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        if reserved != Some(0) || guard != 0 {
            return Err("a memory in a slot has neither a reservation nor a guard".to_owned());
        }
        let slot = self.0.take().ok_or("all memories are in use")?;
        if minimum > slot.bytes() {
            return Err(format!("a memory of {minimum} bytes fits into no slot"));
        }
        Ok(Box::new(Memory {
            slot,
            bytes: minimum,
        }))
    }
}

struct Memory {
    slot: Slot,
    bytes: usize,
}

// SAFETY: the slot is this memory's alone until it is dropped, its start never changes, and it is
// readable and writable up to its capacity. What lies beyond `bytes` was never written.
unsafe impl LinearMemory for Memory {
    fn byte_size(&self) -> usize {
        self.bytes
    }

    fn byte_capacity(&self) -> usize {
        self.slot.bytes()
    }

    fn grow_to(&mut self, new_size: usize) -> wasmtime::Result<()> {
        if new_size > self.slot.bytes() {
            return Err(wasmtime::Error::msg("the memory's slot is full"));
        }
        self.bytes = new_size;
        Ok(())
    }

    fn as_ptr(&self) -> *mut u8 {
        self.slot.start()
    }
}
