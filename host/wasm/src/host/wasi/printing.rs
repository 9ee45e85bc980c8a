//! Output of an instance, line by line and within a limit.

use crate::convert::clean;
use std::collections::VecDeque;

/// Bytes kept of one instance; further output is dropped.
const MAX_PRINTED_BYTES: usize = 64 * 1024;

/// A longer line is cut.
const MAX_LINE_BYTES: usize = 2000;

/// Number of lines of standard error that the report of an instance's death contains, and their length:
/// the last lines say what went wrong and where.
const LAST_WORDS: usize = 8;
const LAST_WORDS_CHARS: usize = 100;

/// The two streams that a guest can print to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    Output,
    Error,
}

/// The unfinished line of each stream, and the bytes printed so far.
#[derive(Debug, Default)]
pub struct Printing {
    output: Vec<u8>,
    error: Vec<u8>,
    bytes: usize,
    last_words: VecDeque<String>,
}

impl Printing {
    /// Emits each line that ends here.
    pub fn write(&mut self, stream: Stream, bytes: &[u8], emit: &mut dyn FnMut(&str)) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let line = match stream {
                Stream::Output => &mut self.output,
                Stream::Error => &mut self.error,
            };
            let (text, ends) = match part.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (part, false),
            };
            let room = MAX_LINE_BYTES.saturating_sub(line.len());
            line.extend_from_slice(&text[..text.len().min(room)]);
            if ends {
                let line = std::mem::take(line);
                self.end_line(stream, &line, emit);
            }
        }
    }

    /// Emits the unfinished lines.
    pub fn end(&mut self, emit: &mut dyn FnMut(&str)) {
        for stream in [Stream::Output, Stream::Error] {
            let line = match stream {
                Stream::Output => std::mem::take(&mut self.output),
                Stream::Error => std::mem::take(&mut self.error),
            };
            if !line.is_empty() {
                self.end_line(stream, &line, emit);
            }
        }
    }

    /// The last lines of its standard error, in which an interpreter explains why it exits.
    pub fn last_words(&self) -> Option<String> {
        let mut words: Vec<&str> = self.last_words.iter().map(String::as_str).collect();
        let unfinished = clean(&String::from_utf8_lossy(&self.error));
        words.push(unfinished.trim());
        words.retain(|line| !line.is_empty());
        (!words.is_empty()).then(|| clean(&words.join(" / ")))
    }

    fn end_line(&mut self, stream: Stream, line: &[u8], emit: &mut dyn FnMut(&str)) {
        let text = clean(&String::from_utf8_lossy(line));
        if stream == Stream::Error && !text.trim().is_empty() {
            if self.last_words.len() == LAST_WORDS {
                self.last_words.pop_front();
            }
            let words = text.trim().chars().take(LAST_WORDS_CHARS).collect();
            self.last_words.push_back(words);
        }
        let before = self.bytes;
        self.bytes = before.saturating_add(line.len() + 1);
        if self.bytes <= MAX_PRINTED_BYTES {
            emit(&text);
        } else if before <= MAX_PRINTED_BYTES {
            emit(&format!(
                "(what it prints after {MAX_PRINTED_BYTES} bytes is left out)"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(printing: &mut Printing, stream: Stream, bytes: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        printing.write(stream, bytes, &mut |line| lines.push(line.to_owned()));
        lines
    }

    #[test]
    fn lines_are_emitted_as_they_end_and_streams_stay_separate() {
        let mut printing = Printing::default();
        assert!(printed(&mut printing, Stream::Output, b"a").is_empty());
        assert_eq!(printed(&mut printing, Stream::Error, b"b\nc"), ["b"]);
        assert_eq!(
            printed(&mut printing, Stream::Output, b"d\n\x1b[2Je\n"),
            ["ad", " [2Je"]
        );
        assert_eq!(printing.last_words().as_deref(), Some("b / c"));
        let mut rest = Vec::new();
        printing.end(&mut |line| rest.push(line.to_owned()));
        assert_eq!(rest, ["c"]);
    }

    #[test]
    fn a_flood_ends_with_a_word_about_it() {
        let mut printing = Printing::default();
        let line = [vec![b'x'; 999], b"\n".to_vec()].concat();
        let lines = printed(&mut printing, Stream::Output, &line.repeat(1000));
        assert_eq!(lines.len(), MAX_PRINTED_BYTES / 1000 + 1);
        assert!(lines.last().unwrap().contains("left out"));
        // Neither a line that never ends nor a flood is kept.
        let endless = vec![b'x'; 10 * MAX_LINE_BYTES];
        assert!(printed(&mut printing, Stream::Error, &endless).is_empty());
        assert!(printed(&mut printing, Stream::Error, &endless).is_empty());
        assert_eq!(printing.error.len(), MAX_LINE_BYTES);
    }

    #[test]
    fn last_words_are_few() {
        let mut printing = Printing::default();
        assert_eq!(printing.last_words(), None);
        let lines = (1..=10).map(|number| format!("{number}\n\n"));
        printed(
            &mut printing,
            Stream::Error,
            lines.collect::<String>().as_bytes(),
        );
        let words = printing.last_words().unwrap();
        assert_eq!(words, "3 / 4 / 5 / 6 / 7 / 8 / 9 / 10");
    }
}
