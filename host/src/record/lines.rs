//! A file line by line, each line of a bounded length.

use std::io::{self, BufRead, Read};

/// The most bytes of a line: hundreds of times what the longest change takes.
pub const MAX_LINE_BYTES: u64 = 1 << 20;

/// Reads lines into one buffer, so that a file of any size takes the memory of its longest line.
pub struct Lines<R> {
    file: R,
    number: usize,
    text: Vec<u8>,
}

/// A line with its newline.
pub struct Line<'a> {
    /// From 1.
    pub number: usize,
    pub text: &'a [u8],
}

impl Line<'_> {
    /// Ends with a newline; only the last line of a file can lack it.
    pub fn is_whole(&self) -> bool {
        self.text.last() == Some(&b'\n')
    }
}

impl<R: BufRead> Lines<R> {
    pub fn new(file: R) -> Self {
        Self {
            file,
            number: 0,
            text: Vec::new(),
        }
    }

    /// The next line; `None` at the end. An error if it is longer than [`MAX_LINE_BYTES`].
    pub fn next_line(&mut self) -> io::Result<Option<Line<'_>>> {
        self.text.clear();
        let mut bounded = (&mut self.file).take(MAX_LINE_BYTES + 1);
        if bounded.read_until(b'\n', &mut self.text)? == 0 {
            return Ok(None);
        }
        self.number += 1;
        if self.text.len() as u64 > MAX_LINE_BYTES {
            let number = self.number;
            let why = format!("line {number} has more than {MAX_LINE_BYTES} bytes");
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        Ok(Some(Line {
            number: self.number,
            text: &self.text,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_numbered_and_a_line_without_end_is_refused() {
        let mut lines = Lines::new(&b"a\nb"[..]);
        let first = lines.next_line().unwrap().unwrap();
        assert_eq!((first.number, first.is_whole()), (1, true));
        let second = lines.next_line().unwrap().unwrap();
        assert_eq!((second.number, second.is_whole()), (2, false));
        assert!(lines.next_line().unwrap().is_none());

        let endless = io::BufReader::new(io::repeat(b'x'));
        let mut lines = Lines::new(Read::chain(&b"a\n"[..], endless));
        lines.next_line().unwrap();
        let refused = lines.next_line().err().unwrap().to_string();
        assert!(refused.contains("line 2 has more than"), "{refused}");
        assert!(lines.text.len() as u64 <= MAX_LINE_BYTES + 1);
    }
}
