//! Attacks on memory, the component's own and the host's.

use contend_guest::prelude::*;
use std::hint::black_box;
use std::mem::ManuallyDrop;

/// Takes memory until there is no more, and keeps it while it asks.
pub fn memory_bomb() -> Error {
    let mut taken: Vec<Vec<u8>> = Vec::new();
    loop {
        let mut piece = Vec::new();
        if taken.try_reserve(1).is_err() || piece.try_reserve_exact(1 << 20).is_err() {
            let message = format!("refused after {} MiB", taken.len());
            return Error::rejected("out-of-memory", message);
        }
        piece.resize(1 << 20, 1u8);
        taken.push(black_box(piece));
    }
}

/// A list whose elements are all the same memory: cheap for the guest, and as large as it likes for
/// a host that copies each.
pub fn aliased<T>(text: &str, wrap: fn(String) -> T) -> ManuallyDrop<Vec<T>> {
    let alias = || {
        // SAFETY: the strings are only read, while `text` lives, and never dropped.
        wrap(unsafe { String::from_raw_parts(text.as_ptr().cast_mut(), text.len(), text.len()) })
    };
    ManuallyDrop::new((0..4096).map(|_| alias()).collect())
}
