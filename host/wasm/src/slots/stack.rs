//! The stacks of fibers in slots, each with a guard below it.

use super::{Slot, Slots};
use std::io;
use std::ops::Range;
use std::sync::Arc;
use wasmtime::{StackCreator, StackMemory};

/// Size of a guard, a multiple of any page size.
const GUARD_BYTES: usize = 64 * 1024;

/// The advice that makes guard pages without a mapping of their own, since Linux 6.13.
const MADV_GUARD_INSTALL: libc::c_int = 102;

/// Number of stacks within the kernel's limit of mappings if each guard is one: half of the limit, at
/// two each.
const MOST_WITH_MAPPINGS: usize = 16_000;

/// The method of making a guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guard {
    /// A mark in the page table.
    Mark,
    /// A mapping without access.
    Mapping,
}

/// Gives each instance the stack that its calls run on.
pub struct Stacks {
    slots: Arc<Slots>,
    guard: Guard,
}

impl Stacks {
    /// Reserves `count` stacks of `bytes` each. Returns an error if this kernel can't guard so many.
    pub fn reserve(count: usize, bytes: usize) -> io::Result<Self> {
        let slots = Slots::reserve(count, GUARD_BYTES + bytes)?;
        let guard = match slots.advise(0, GUARD_BYTES, MADV_GUARD_INSTALL) {
            Ok(()) => Guard::Mark,
            Err(_) if count <= MOST_WITH_MAPPINGS => Guard::Mapping,
            Err(error) => {
                let text = format!(
                    "this kernel can guard no more than {MOST_WITH_MAPPINGS} stacks; Linux 6.13 and \
                     later can guard any number ({error})"
                );
                return Err(io::Error::new(io::ErrorKind::Unsupported, text));
            }
        };
        Ok(Self { slots, guard })
    }

    fn guard(&self, slot: &Slot) -> io::Result<()> {
        match self.guard {
            Guard::Mark => self
                .slots
                .advise(slot.offset(), GUARD_BYTES, MADV_GUARD_INSTALL),
            Guard::Mapping => {
                // SAFETY: the guard is the lowest part of a slot that is not in use yet.
                let status =
                    unsafe { libc::mprotect(slot.start().cast(), GUARD_BYTES, libc::PROT_NONE) };
                match status {
                    0 => Ok(()),
                    _ => Err(io::Error::last_os_error()),
                }
            }
        }
    }
}

// SAFETY: a stack is page aligned, zero, as large as was asked for and one fiber's alone. Below it is
// a guard, made anew each time: without one, there is no stack.
unsafe impl StackCreator for Stacks {
    fn new_stack(&self, size: usize, _: bool) -> wasmtime::Result<Box<dyn StackMemory>> {
        let taken = self.slots.take();
        let slot = taken.ok_or_else(|| wasmtime::Error::msg("all stacks are in use"))?;
        if GUARD_BYTES + size > slot.bytes() {
            return Err(wasmtime::Error::msg("a stack that fits into no slot"));
        }
        self.guard(&slot)?;
        Ok(Box::new(Stack(slot)))
    }
}

struct Stack(Slot);

impl Stack {
    fn bottom(&self) -> *mut u8 {
        self.0.start().wrapping_add(GUARD_BYTES)
    }
}

// SAFETY: the slot is this stack's alone until it is dropped; both ends are page aligned, and the
// guard is below.
unsafe impl StackMemory for Stack {
    fn top(&self) -> *mut u8 {
        self.0.start().wrapping_add(self.0.bytes())
    }

    fn range(&self) -> Range<usize> {
        self.bottom().addr()..self.top().addr()
    }

    fn guard_range(&self) -> Range<*mut u8> {
        self.0.start()..self.bottom()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::pipe;
    use std::os::fd::AsRawFd;

    const BYTES: usize = 1 << 16;

    /// Asks the kernel, since reading a guard directly would kill the process.
    fn is_readable(address: *const u8) -> bool {
        let (_end, into) = pipe().unwrap();
        // SAFETY: the kernel checks the address, and reads one byte if it can.
        unsafe { libc::write(into.as_raw_fd(), address.cast(), 1) == 1 }
    }

    fn is_guarded(stacks: &Stacks) {
        let stack = stacks.new_stack(BYTES, false).unwrap();
        let Range { start, end } = stack.guard_range();
        assert_eq!(end.addr(), stack.range().start);
        assert_eq!(stack.range().len(), BYTES);
        for below in [start, end.wrapping_sub(1)] {
            assert!(!is_readable(below));
        }
        for inside in [end, stack.top().wrapping_sub(1)] {
            assert!(is_readable(inside));
        }
    }

    #[test]
    fn stack_has_a_guard_below_it_with_either_method_and_after_reuse() {
        let stacks = Stacks::reserve(2, BYTES).unwrap();
        let slots = Slots::reserve(2, GUARD_BYTES + BYTES).unwrap();
        let guard = Guard::Mapping;
        let of_mappings = Stacks { slots, guard };
        for stacks in [stacks, of_mappings] {
            is_guarded(&stacks);
            let _other = stacks.new_stack(BYTES, false).unwrap();
            is_guarded(&stacks);
        }
    }

    #[test]
    fn a_stack_that_can_not_be_had_is_an_error() {
        let stacks = Stacks::reserve(1, BYTES).unwrap();
        assert!(stacks.new_stack(BYTES + 1, false).is_err());
        let _only = stacks.new_stack(BYTES, false).unwrap();
        assert!(stacks.new_stack(BYTES, false).is_err());
    }
}
