//! One SQL value.

/// A text. One of up to 23 bytes, as most keys, states and markers are, needs no memory of its own, and the
/// copies of a longer one share its memory.
pub use smol_str::SmolStr as Text;

/// The values of the contract (`wit/types.wit`).
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Boolean(bool),
    Integer(i64),
    Real(f64),
    Text(Text),
    Bytes(Vec<u8>),
}

/// The columns of one row, in the order in which the statement names them.
pub type Row = Vec<Value>;

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl Value {
    /// The text of a text column; nothing for NULL or another type.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// As [`Value::as_text`].
    pub fn into_text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.into()),
            _ => None,
        }
    }
}
