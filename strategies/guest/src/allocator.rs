//! The memory of a strategy. An instance mostly waits, in company of a hundred thousand others, so
//! what counts is how few of the machine's pages it has touched: the usual allocator writes at both
//! ends of what it is given, this one from the bottom up.
//!
//! Sizes are rounded up to powers of two, and what is given back waits for the next one of its size.
//! Nothing is ever joined or returned, so an instance keeps what it needed at most of each size.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::UnsafeCell;
use std::ptr::null_mut;

/// 16 bytes.
const LEAST_POWER: u32 = 4;

/// As far as addresses go.
const POWERS: usize = 32 - LEAST_POWER as usize;

/// No block begins at a rounder address than this, nor can one be asked for.
const MOST_ALIGN: usize = 4096;

/// Where more memory comes from.
pub(crate) trait Memory {
    /// At least so many bytes more, as address and length. Nothing if there are no more.
    fn grow(&self, bytes: usize) -> Option<(usize, usize)>;
}

pub(crate) struct Allocator<M> {
    memory: M,
    blocks: UnsafeCell<Blocks>,
}

struct Blocks {
    /// Of each size, the first that is free, or 0. Each leads to the next.
    free: [usize; POWERS],
    /// What was never given out.
    rest: usize,
    end: usize,
}

impl<M> Allocator<M> {
    pub(crate) const fn new(memory: M) -> Self {
        Self {
            memory,
            blocks: UnsafeCell::new(Blocks {
                free: [0; POWERS],
                rest: 0,
                end: 0,
            }),
        }
    }
}

/// The power of two that a block of this layout has.
fn power(layout: Layout) -> u32 {
    let least = layout.size().max(layout.align()).max(1 << LEAST_POWER);
    usize::BITS - (least - 1).leading_zeros()
}

impl Blocks {
    /// A block was given back, or is left over.
    ///
    /// # Safety
    ///
    /// It is 2^`power` bytes of ours that nobody uses.
    unsafe fn put(&mut self, address: usize, power: u32) {
        let first = &mut self.free[(power - LEAST_POWER) as usize];
        // SAFETY: as promised, and every block has room for an address.
        unsafe { (address as *mut usize).write(*first) };
        *first = address;
    }

    /// The block that was given back last.
    fn take(&mut self, power: u32) -> Option<usize> {
        let first = &mut self.free[(power - LEAST_POWER) as usize];
        if *first == 0 {
            return None;
        }
        let address = *first;
        // SAFETY: a free block begins with the address of the next.
        *first = unsafe { (address as *const usize).read() };
        Some(address)
    }

    /// A block that was never given out; nothing if there is no room.
    fn cut(&mut self, power: u32) -> Option<usize> {
        let bytes = 1_usize << power;
        let address = self.rest.checked_next_multiple_of(bytes.min(MOST_ALIGN))?;
        let end = address.checked_add(bytes).filter(|end| *end <= self.end)?;
        // What is skipped is made of smaller blocks.
        while self.rest < address {
            let power = self.rest.trailing_zeros();
            // SAFETY: it was never given out, and ends where a rounder address begins: before
            // `address`, which is rounder than it.
            unsafe { self.put(self.rest, power) };
            self.rest += 1 << power;
        }
        self.rest = end;
        Some(address)
    }
}

// SAFETY: a block is given to one at a time, as large and as round as was asked for; and whoever has a
// strategy has it on one thread.
unsafe impl<M: Memory> GlobalAlloc for Allocator<M> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let power = power(layout);
        if power as usize >= POWERS + LEAST_POWER as usize || layout.align() > MOST_ALIGN {
            return null_mut();
        }
        // SAFETY: nobody else is here at the same time.
        let blocks = unsafe { &mut *self.blocks.get() };
        if let Some(address) = blocks.take(power).or_else(|| blocks.cut(power)) {
            return address as *mut u8;
        }
        let Some((more, bytes)) = self.memory.grow((1 << power) + MOST_ALIGN) else {
            return null_mut();
        };
        if more != blocks.end {
            blocks.rest = more.next_multiple_of(1 << LEAST_POWER);
        }
        blocks.end = more.saturating_add(bytes);
        blocks
            .cut(power)
            .map_or(null_mut(), |address| address as *mut u8)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: nobody else is here at the same time, and the block is one of this layout.
        unsafe { (*self.blocks.get()).put(block as usize, power(layout)) };
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: whoever calls promises that the size is one of a layout.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        if power(wanted) == power(layout) {
            return block;
        }
        // SAFETY: two blocks, each of its layout, and as much is copied as both have.
        unsafe {
            let moved = self.alloc(wanted);
            if !moved.is_null() {
                moved.copy_from_nonoverlapping(block, size.min(layout.size()));
                self.dealloc(block, layout);
            }
            moved
        }
    }
}

#[cfg(target_arch = "wasm32")]
mod wasm {
    use super::{Allocator, Memory};
    use std::arch::wasm32::memory_grow;

    const PAGE: usize = 64 * 1024;

    struct Linear;

    impl Memory for Linear {
        fn grow(&self, bytes: usize) -> Option<(usize, usize)> {
            let pages = bytes.div_ceil(PAGE);
            match memory_grow::<0>(pages) {
                usize::MAX => None,
                before => Some((before * PAGE, pages * PAGE)),
            }
        }
    }

    // SAFETY: a component of this contract has one thread.
    unsafe impl Sync for Allocator<Linear> {}

    #[global_allocator]
    static ALLOCATOR: Allocator<Linear> = Allocator::new(Linear);
}

#[cfg(test)]
mod tests;
