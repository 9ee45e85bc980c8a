//! Changing a component: bytes, ranges, whole sections.

use crate::effort::Random;
use std::ops::Range;

/// Numbers that are as large as they can be, as Wasm writes them, and what begins a section.
const STRANGE: &[&[u8]] = &[
    b"\xff\xff\xff\xff\x0f",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    b"\x80\x80\x80\x80\x08",
    b"\x00",
    b"\x7f",
    b"\x00asm\x0d\x00\x01\x00",
    b"\x00asm\x01\x00\x00\x00",
];

const HEADER: usize = 8;

/// The component with a few changes, some of them out of others.
pub fn mutated(random: &mut Random, mut bytes: Vec<u8>, others: &[Vec<u8>]) -> Vec<u8> {
    for _ in 0..=random.below(4) {
        if bytes.len() <= HEADER {
            break;
        }
        match random.below(12) {
            0..=3 => {
                let at = place(random, &bytes);
                bytes[at] ^= 1 << random.below(8);
            }
            4..=5 => {
                let at = place(random, &bytes);
                bytes[at] = random.below(256) as u8;
            }
            6 => {
                let (at, strange) = (place(random, &bytes), random.of_these(STRANGE));
                bytes.splice(at..at, strange.iter().copied());
            }
            7 => {
                let range = range(random, &bytes);
                bytes.drain(range);
            }
            8 => {
                let (at, range) = (place(random, &bytes), range(random, &bytes));
                let copied = bytes[range].to_vec();
                bytes.splice(at..at, copied);
            }
            9 => {
                let at = place(random, &bytes);
                bytes.truncate(at);
            }
            _ => shuffle(random, &mut bytes, others),
        }
    }
    bytes
}

fn place(random: &mut Random, bytes: &[u8]) -> usize {
    HEADER + random.below(bytes.len() - HEADER)
}

fn range(random: &mut Random, bytes: &[u8]) -> Range<usize> {
    let from = place(random, bytes);
    let most = (bytes.len() - from).min(64);
    from..from + 1 + random.below(most)
}

/// Moves, repeats, removes or takes over a section.
fn shuffle(random: &mut Random, bytes: &mut Vec<u8>, others: &[Vec<u8>]) {
    let sections = sections(bytes);
    if sections.is_empty() {
        return;
    }
    let one = random.of_these(&sections);
    let at = random.of_these(&sections).start;
    let section = bytes[one.clone()].to_vec();
    match random.below(4) {
        0 => drop(bytes.drain(one)),
        1 => drop(bytes.splice(at..at, section)),
        2 => {
            bytes.drain(one.clone());
            let at = if at > one.start {
                at - section.len()
            } else {
                at
            };
            bytes.splice(at..at, section);
        }
        _ => {
            let other = random.of_these(others);
            let theirs = self::sections(&other);
            if !theirs.is_empty() {
                let taken = other[random.of_these(&theirs)].to_vec();
                bytes.splice(at..at, taken);
            }
        }
    }
}

/// The places of the sections of the outermost level, as far as they can be read.
fn sections(bytes: &[u8]) -> Vec<Range<usize>> {
    let (mut sections, mut at) = (Vec::new(), HEADER);
    while at < bytes.len() {
        let Some((length, begins)) = number(bytes, at + 1) else {
            break;
        };
        let Some(end) = begins.checked_add(length).filter(|end| *end <= bytes.len()) else {
            break;
        };
        sections.push(at..end);
        at = end;
    }
    sections
}

/// A number as Wasm writes it, and what comes after it.
fn number(bytes: &[u8], mut at: usize) -> Option<(usize, usize)> {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = *bytes.get(at)?;
        value |= usize::from(byte & 0x7f).checked_shl(shift)?;
        at += 1;
        shift += 7;
        if byte < 0x80 {
            return Some((value, at));
        }
        if shift > 35 {
            return None;
        }
    }
}
