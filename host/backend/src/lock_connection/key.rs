//! The name of a lock as a server has it.

use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Servers bound the length of a name, some read `A` and `a` as one, and some know numbers only: so
/// it is the digest of the name that is locked. Two names with one digest would exclude each other, and
/// nothing worse.
#[derive(Clone)]
pub(crate) struct Key([u8; 32]);

impl Key {
    /// `kind` keeps apart keys of one name that mean different things.
    pub(crate) fn new(kind: &str, prefix: &str, name: &str) -> Self {
        let mut digest = Sha256::new();
        for part in [kind, prefix, name] {
            digest.update(part.len().to_le_bytes());
            digest.update(part);
        }
        Self(digest.finalize().into())
    }

    /// A key of another kind that belongs to this one.
    pub(crate) fn beside(&self, kind: &str) -> Self {
        let mut digest = Sha256::new();
        digest.update(kind);
        digest.update(self.0);
        Self(digest.finalize().into())
    }

    /// Small letters, digits and `_`; 48 of them.
    pub(crate) fn text(&self) -> String {
        let mut text = "contend_".to_owned();
        for byte in &self.0[..20] {
            write!(text, "{byte:02x}").expect("a String takes all");
        }
        text
    }

    pub(crate) fn number(&self) -> i64 {
        let (first, _) = self.0.split_first_chunk().expect("a digest is longer");
        i64::from_le_bytes(*first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_differ_where_kind_prefix_or_name_do() {
        let keys = [
            Key::new("lock", "", "a"),
            Key::new("lock", "", "A"),
            Key::new("lock", "a", ""),
            Key::new("locka", "", ""),
            Key::new("lock", "run:", "a"),
            Key::new("lock", "", "a").beside("gate"),
        ];
        for (number, key) in keys.iter().enumerate() {
            assert_eq!(key.text().len(), 48);
            for other in &keys[..number] {
                assert_ne!(key.text(), other.text());
                assert_ne!(key.number(), other.number());
            }
        }
    }
}
