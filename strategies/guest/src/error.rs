//! Making errors and looking into them. The contract (`wit/types.wit`) says what each promises.

use crate::{Detail, Error};

/// MariaDB's code, SQLite's for a primary and for a unique key, and PostgreSQL's.
const DUPLICATE_KEY: [&str; 4] = ["1062", "1555", "2067", "23505"];

impl Error {
    /// Certainly no effect; the transaction is gone; try again.
    pub fn conflict(code: &str, message: impl Into<String>) -> Self {
        Self::Conflict(detail(code, message))
    }

    /// Certainly no effect; the same call would fail again.
    pub fn rejected(code: &str, message: impl Into<String>) -> Self {
        Self::Rejected(detail(code, message))
    }

    /// It may or may not have happened.
    pub fn indefinite(code: &str, message: impl Into<String>) -> Self {
        Self::Indefinite(detail(code, message))
    }

    /// True if this is `rejected` because a row has the same primary or unique key already.
    pub fn is_duplicate_key(&self) -> bool {
        match self {
            Self::Rejected(detail) => DUPLICATE_KEY.contains(&&*detail.code),
            _ => false,
        }
    }

    pub fn detail(&self) -> &Detail {
        match self {
            Self::Conflict(detail)
            | Self::Unavailable(detail)
            | Self::Rejected(detail)
            | Self::Indefinite(detail) => detail,
        }
    }

    pub fn into_detail(self) -> Detail {
        match self {
            Self::Conflict(detail)
            | Self::Unavailable(detail)
            | Self::Rejected(detail)
            | Self::Indefinite(detail) => detail,
        }
    }
}

fn detail(code: &str, message: impl Into<String>) -> Detail {
    Detail {
        code: code.to_owned(),
        message: message.into(),
        rows: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duplicate_key_is_reported_by_its_code_and_only_where_it_had_no_effect() {
        for code in ["1062", "1555", "2067", "23505"] {
            assert!(Error::rejected(code, "duplicate").is_duplicate_key());
            assert!(!Error::indefinite(code, "duplicate").is_duplicate_key());
        }
        // A missing parent row (MariaDB, SQLite) is rejected too.
        for code in ["1452", "787", "not-allowed"] {
            assert!(!Error::rejected(code, "another reason").is_duplicate_key());
        }
    }
}
