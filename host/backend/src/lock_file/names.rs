//! Maps the name of a lock to that of its file.

use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Longer names are shortened; file systems allow 255 bytes.
const MAX_STEM_BYTES: usize = 160;

/// A file name that is different for different names, even where upper and lower case are the same,
/// and never leads out of the folder: whatever is not a small letter, a digit, `-` or `_` is written
/// as `%` and two hexadecimal digits. A long name keeps its beginning and gets its hash.
pub(super) fn file_name(name: &str) -> String {
    let mut stem = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => stem.push(char::from(byte)),
            _ => write_hex(&mut stem, "%", byte),
        }
    }
    if stem.len() > MAX_STEM_BYTES {
        stem.truncate(MAX_STEM_BYTES);
        stem.push('.');
        for byte in Sha256::digest(name.as_bytes()) {
            write_hex(&mut stem, "", byte);
        }
    }
    stem + ".lock"
}

fn write_hex(text: &mut String, before: &str, byte: u8) {
    write!(text, "{before}{byte:02x}").expect("writing to a string can't fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_the_folder_and_no_two_meet() {
        assert_eq!(file_name("row-1"), "row-1.lock");
        assert_eq!(file_name("../a"), "%2e%2e%2fa.lock");
        assert_eq!(file_name("A"), "%41.lock");
        assert_eq!(file_name("ü\0"), "%c3%bc%00.lock");
        let (one, other) = (file_name(&"x".repeat(500)), file_name(&"x".repeat(501)));
        assert_ne!(one, other);
        assert!(one.len() <= 255, "{one}");
        assert_ne!(file_name("a%41"), file_name("aA"));
    }
}
