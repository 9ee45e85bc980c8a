use super::*;
use std::cell::Cell;

/// Gives pages of a vector, one after the other.
struct Pages {
    bytes: Vec<u8>,
    given: Cell<usize>,
}

const PAGE: usize = 64 * 1024;

impl Memory for Pages {
    fn grow(&self, bytes: usize) -> Option<(usize, usize)> {
        let bytes = bytes.next_multiple_of(PAGE);
        let start = (self.bytes.as_ptr() as usize).next_multiple_of(PAGE) + self.given.get();
        let end = self.bytes.as_ptr() as usize + self.bytes.len();
        if start + bytes > end {
            return None;
        }
        self.given.set(self.given.get() + bytes);
        Some((start, bytes))
    }
}

fn allocator(pages: usize) -> Allocator<Pages> {
    Allocator::new(Pages {
        bytes: vec![0; (pages + 1) * PAGE],
        given: Cell::new(0),
    })
}

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).unwrap()
}

/// Each block is written full with a byte of its own, and must still have it at the end.
#[test]
fn blocks_do_not_overlap_and_are_as_round_as_was_asked_for() {
    let allocator = allocator(64);
    let mut kept: Vec<(*mut u8, Layout, u8)> = Vec::new();
    let mut drawn = 12345_u64;
    for number in 0..20_000_u32 {
        drawn = drawn
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let draw = (drawn >> 33) as usize;
        if draw.is_multiple_of(2) && !kept.is_empty() {
            let (block, layout, byte) = kept.swap_remove(draw % kept.len());
            // SAFETY: the block is ours, of this layout.
            unsafe {
                let bytes = std::slice::from_raw_parts(block, layout.size());
                assert!(bytes.iter().all(|found| *found == byte));
                allocator.dealloc(block, layout);
            }
            continue;
        }
        let layout = layout(1 + draw % 3000, 1 << (draw % 13));
        // SAFETY: the layout has a size, and the block is as large.
        unsafe {
            let block = allocator.alloc(layout);
            assert!(!block.is_null());
            assert_eq!(block as usize % layout.align(), 0);
            block.write_bytes(number as u8, layout.size());
            kept.push((block, layout, number as u8));
        }
        if kept.len() > 200 {
            kept.rotate_left(1);
            let (block, layout, _) = kept.pop().unwrap();
            // SAFETY: the block is ours, of this layout.
            unsafe { allocator.dealloc(block, layout) };
        }
    }
}

#[test]
fn what_grows_keeps_its_bytes_and_its_place_while_it_fits() {
    let allocator = allocator(4);
    // SAFETY: each block is as large as its layout says, and used before it is given back only.
    unsafe {
        let first = allocator.alloc(layout(20, 1));
        first.write_bytes(7, 20);
        assert_eq!(allocator.realloc(first, layout(20, 1), 32), first);
        let moved = allocator.realloc(first, layout(32, 1), 1000);
        assert_ne!(moved, first);
        let bytes = std::slice::from_raw_parts(moved, 20);
        assert!(bytes.iter().all(|byte| *byte == 7));
        assert_eq!(allocator.alloc(layout(17, 1)), first, "it was given back");
    }
}

#[test]
fn a_few_small_blocks_are_in_one_page_of_the_machine() {
    let allocator = allocator(4);
    let sizes = [16, 70, 24, 300, 16, 512, 40, 64, 200];
    let blocks = sizes.map(|size| {
        // SAFETY: the layout has a size.
        unsafe { allocator.alloc(layout(size, 8)) as usize }
    });
    let least = *blocks.iter().min().unwrap();
    assert_eq!(least % 4096, 0);
    assert!(blocks.iter().all(|block| block - least < 4096 - 512));
}

#[test]
fn what_can_not_be_had_is_null_and_the_rest_goes_on() {
    let allocator = allocator(4);
    // SAFETY: the layouts have sizes.
    unsafe {
        assert!(allocator.alloc(layout(1 << 20, 8)).is_null());
        assert!(allocator.alloc(layout(8, 2 * MOST_ALIGN)).is_null());
        assert!(!allocator.alloc(layout(8, 8)).is_null());
    }
}
