//! Places for the memories and stacks of very many instances, all in one mapping.
//!
//! A process may have some 65,000 mappings, and the usual ways take several for each instance, so
//! that less than ten thousand fit. Here a mapping is cut into slots of one size. Address space is
//! all that a slot costs until it is touched.
//!
//! This module and those below it are the only unsafe code of the runner, but for one call of SQLite's in
//! `backend/sqlite/limits.rs`.

pub mod memory;
pub mod stack;

use std::io;
use std::ptr::{null_mut, with_exposed_provenance_mut};
use std::sync::{Arc, Mutex};

/// One mapping, readable and writable, and which of its slots are taken.
#[derive(Debug)]
pub struct Slots {
    address: usize,
    slot_bytes: usize,
    count: usize,
    free: Mutex<Free>,
}

#[derive(Debug, Default)]
struct Free {
    /// Number of slots ever used: from the first on, so that a small run stays in few pages.
    used: usize,
    given_back: Vec<usize>,
}

impl Slots {
    /// Reserves `count` slots of `slot_bytes` each, a multiple of the page size.
    pub fn reserve(count: usize, slot_bytes: usize) -> io::Result<Arc<Self>> {
        let bytes = count
            .checked_mul(slot_bytes)
            .ok_or(io::ErrorKind::OutOfMemory)?;
        // SAFETY: a new mapping at an address that the kernel chooses touches nothing of ours.
        let start = unsafe {
            libc::mmap(
                null_mut(),
                bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let slots = Self {
            address: start.expose_provenance(),
            slot_bytes,
            count,
            free: Mutex::default(),
        };
        // A huge page would be a hundred times what an idle worker needs. A kernel without them refuses
        // this advice, and does not need it.
        let _ = slots.advise(0, bytes, libc::MADV_NOHUGEPAGE);
        Ok(Arc::new(slots))
    }

    /// Takes a slot that is all zeros; nothing if all are taken.
    pub fn take(self: &Arc<Self>) -> Option<Slot> {
        let mut free = self.free.lock().expect("no panic while held");
        let number = match free.given_back.pop() {
            Some(number) => number,
            None if free.used < self.count => {
                free.used += 1;
                free.used - 1
            }
            None => return None,
        };
        Some(Slot {
            slots: self.clone(),
            number,
        })
    }

    fn advise(&self, from: usize, bytes: usize, advice: libc::c_int) -> io::Result<()> {
        assert!(from + bytes <= self.count * self.slot_bytes);
        let start = with_exposed_provenance_mut(self.address + from);
        // SAFETY: the range is within our mapping, and what any advice does to it is up to the
        // caller within this module: a slot's contents are its owner's.
        let status = unsafe { libc::madvise(start, bytes, advice) };
        match status {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

impl Drop for Slots {
    fn drop(&mut self) {
        let start = with_exposed_provenance_mut(self.address);
        // SAFETY: the mapping is ours, and each slot that is in use keeps it from being dropped.
        unsafe { libc::munmap(start, self.count * self.slot_bytes) };
    }
}

/// A slot that is in use. Dropped, it is emptied and can be taken again.
#[derive(Debug)]
pub struct Slot {
    slots: Arc<Slots>,
    number: usize,
}

impl Slot {
    pub fn bytes(&self) -> usize {
        self.slots.slot_bytes
    }

    pub fn start(&self) -> *mut u8 {
        with_exposed_provenance_mut(self.slots.address + self.offset())
    }

    fn offset(&self) -> usize {
        self.number * self.slots.slot_bytes
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let emptied = self
            .slots
            .advise(self.offset(), self.bytes(), libc::MADV_DONTNEED);
        // A slot that can't be emptied is never reused: no other instance may see its contents.
        if emptied.is_ok() {
            let mut free = self.slots.free.lock().expect("no panic while held");
            free.given_back.push(self.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_empty_again_when_it_is_taken_again() {
        let slots = Slots::reserve(2, 1 << 16).unwrap();
        let (one, other) = (slots.take().unwrap(), slots.take().unwrap());
        assert!(slots.take().is_none(), "there are two");
        let start = one.start();
        assert_eq!(start.addr().abs_diff(other.start().addr()), 1 << 16);
        // SAFETY: the slot is ours until it is dropped.
        unsafe { start.write(7) };
        drop(one);
        let again = slots.take().unwrap();
        assert_eq!(again.start(), start);
        // SAFETY: as before.
        assert_eq!(unsafe { again.start().read() }, 0);
    }

    #[test]
    fn more_than_there_are_addresses_is_an_error() {
        Slots::reserve(usize::MAX / 2, 1 << 16).unwrap_err();
        Slots::reserve(1 << 32, 1 << 16).unwrap_err();
    }
}
