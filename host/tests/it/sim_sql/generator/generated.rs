//! A statement as text with parameters.

use contend::model::value::Value;

/// A statement, and what is known of its answer.
#[derive(Debug)]
pub struct Generated {
    pub text: String,
    pub parameters: Vec<Value>,
    /// The rows come in one order only.
    pub is_ordered: bool,
    /// Both count the rows.
    pub counts: bool,
}

impl Generated {
    /// Makes parameters of some of the literals.
    pub(super) fn of(marked: &str, mut is_parameter: impl FnMut() -> bool) -> Self {
        let mut parts = marked.split([OPEN, CLOSE]);
        let mut text = parts.next().unwrap_or_default().to_owned();
        let mut parameters = Vec::new();
        while let (Some(literal), Some(plain)) = (parts.next(), parts.next()) {
            if is_parameter() {
                text.push('?');
                parameters.push(match literal.strip_prefix('\'') {
                    Some(literal) => Value::from(literal.trim_end_matches('\'')),
                    None => Value::Integer(literal.trim_matches(['(', ')']).parse().unwrap()),
                });
            } else {
                text += literal;
            }
            text += plain;
        }
        Self {
            text,
            parameters,
            is_ordered: false,
            counts: true,
        }
    }

    /// SQLite calls MariaDB's `<=>` IS.
    pub fn for_sqlite(&self) -> String {
        self.text.replace("<=>", "IS")
    }
}

/// Around each literal, until it is decided how it is written.
pub(super) const OPEN: char = '«';
pub(super) const CLOSE: char = '»';
