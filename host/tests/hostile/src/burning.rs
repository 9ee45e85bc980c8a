//! Calls that use up time and stack.

use contend_guest::timing;
use std::hint::black_box;

pub fn spin() {
    let mut steps = 0u64;
    while black_box(steps) != u64::MAX {
        steps += 1;
    }
}

pub fn chatter() {
    while timing::now() != u64::MAX {}
}

pub fn recurse(depth: u64) -> u64 {
    if black_box(depth) == u64::MAX {
        return 0;
    }
    let here = black_box([depth; 16]);
    recurse(depth + 1) + black_box(here)[7]
}
