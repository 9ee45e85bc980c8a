//! The key of a row: what orders rows, and what locks and write sets name.

use super::value::Scalar;
use crate::model::value::{Text, Value};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The values of a row in the columns of one index, in the index's order. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Key(Parts);

#[derive(Debug, Clone)]
enum Parts {
    /// Most keys have one part, which needs no list.
    One(KeyPart),
    /// Any other number of parts.
    List(Arc<[KeyPart]>),
}

/// A place between keys: in front of all keys that begin with its parts, or behind them.
///
/// With the keys (1, 1), (1, 2) and (2, 1), `Cut::before([1])` lies in front of all three,
/// `Cut::after([1])` between (1, 2) and (2, 1), and `Cut::after([1, 1])` between the first two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    parts: Key,
    is_behind: bool,
}

impl Cut {
    /// In front of the keys that begin with these parts.
    pub fn before(parts: impl Into<Key>) -> Self {
        Self {
            parts: parts.into(),
            is_behind: false,
        }
    }

    /// Behind the keys that begin with these parts.
    pub fn after(parts: impl Into<Key>) -> Self {
        Self {
            parts: parts.into(),
            is_behind: true,
        }
    }

    /// In front of one key.
    pub fn before_key(key: &Key) -> Self {
        Self::before(key.clone())
    }

    /// Behind one key.
    pub fn after_key(key: &Key) -> Self {
        Self::after(key.clone())
    }

    /// Says whether the cut lies behind this key.
    pub fn is_behind(&self, key: &Key) -> bool {
        let (parts, key) = (self.parts.parts(), key.parts());
        let common = parts.len().min(key.len());
        match key[..common].cmp(&parts[..common]) {
            Ordering::Less => true,
            Ordering::Greater => false,
            Ordering::Equal => self.is_behind,
        }
    }

    /// Says whether it lies directly in front of exactly this key.
    pub fn is_directly_before(&self, key: &Key) -> bool {
        !self.is_behind && self.parts == *key
    }
}

/// One column's part of a key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyPart {
    Integer(i64),
    Text(Text),
    Bytes(Arc<[u8]>),
}

impl From<KeyPart> for Key {
    fn from(part: KeyPart) -> Self {
        Self(Parts::One(part))
    }
}

impl From<Vec<KeyPart>> for Key {
    fn from(parts: Vec<KeyPart>) -> Self {
        match <[KeyPart; 1]>::try_from(parts) {
            Ok([part]) => part.into(),
            Err(parts) => Self(Parts::List(parts.into())),
        }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for Key {}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts().cmp(other.parts())
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

impl Key {
    /// The key of these values; nothing if one of them can't be part of a key, as NULL.
    pub fn of<'a>(values: impl IntoIterator<Item = &'a Value>) -> Option<Self> {
        let part = |value: &'a Value| match value {
            Value::Text(text) => Some(KeyPart::Text(text.clone())),
            other => KeyPart::of(&Scalar::of(other)),
        };
        let mut values = values.into_iter();
        if let (1, Some(1)) = values.size_hint() {
            return part(values.next()?).map(Self::from);
        }
        let parts: Option<Vec<_>> = values.map(part).collect();
        parts.map(Self::from)
    }

    pub fn parts(&self) -> &[KeyPart] {
        match &self.0 {
            Parts::One(part) => std::slice::from_ref(part),
            Parts::List(parts) => parts,
        }
    }

    /// The parts as they are, with this between them.
    pub fn joined(&self, between: &str) -> String {
        let parts: Vec<String> = self.parts().iter().map(KeyPart::to_string).collect();
        parts.join(between)
    }
}

impl KeyPart {
    /// Nothing for NULL, a fraction and a boolean: no key has one.
    pub(super) fn of(value: &Scalar<'_>) -> Option<Self> {
        match value {
            Scalar::Integer(integer) => Some(Self::Integer(*integer)),
            Scalar::Text(text) => Some(Self::Text(text.as_ref().into())),
            Scalar::Bytes(bytes) => Some(Self::Bytes(bytes.as_ref().into())),
            Scalar::Null | Scalar::Boolean(_) | Scalar::Real(_) => None,
        }
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        KeyPart::Text(text.into()).into()
    }
}

impl From<i64> for Key {
    fn from(integer: i64) -> Self {
        KeyPart::Integer(integer).into()
    }
}

impl fmt::Display for Key {
    /// For people: the parts as they are, with commas between them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.joined(", "))
    }
}

impl fmt::Display for KeyPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(integer) => integer.fmt(f),
            Self::Text(text) => text.fmt(f),
            Self::Bytes(bytes) => {
                f.write_str("x'")?;
                bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
                f.write_str("'")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_shown_as_people_write_them() {
        assert_eq!(Key::from("volume-3").to_string(), "volume-3");
        let parts = [Value::Integer(-7), Value::Bytes(vec![0, 255])];
        assert_eq!(Key::of(&parts).unwrap().to_string(), "-7, x'00ff'");
    }

    #[test]
    fn null_or_fraction_makes_no_key() {
        assert_eq!(Key::of(&[Value::Integer(1), Value::Null]), None);
        assert_eq!(Key::of(&[Value::Real(1.0)]), None);
    }

    #[test]
    fn cut_lies_in_front_of_or_behind_all_keys_that_begin_with_its_parts() {
        let part = KeyPart::Integer;
        let key = |a, b| Key::from(vec![part(a), part(b)]);
        let behind = |cut: &Cut| {
            let keys = [key(1, 1), key(1, 2), key(2, 1)];
            keys.iter().filter(|key| cut.is_behind(key)).count()
        };
        assert_eq!(behind(&Cut::before(part(1))), 0);
        assert_eq!(behind(&Cut::after(part(1))), 2);
        assert_eq!(behind(&Cut::before_key(&key(1, 2))), 1);
        assert_eq!(behind(&Cut::after_key(&key(1, 1))), 1);
        assert!(Cut::before_key(&key(1, 2)).is_directly_before(&key(1, 2)));
        assert!(!Cut::before(part(1)).is_directly_before(&key(1, 2)));
    }

    #[test]
    fn numbers_are_ordered_as_numbers_and_texts_by_their_bytes() {
        assert!(Key::from(9) < Key::from(10));
        assert!(Key::from("9") > Key::from("10"));
        assert!(Key::from("Z") < Key::from("a"));
    }
}
