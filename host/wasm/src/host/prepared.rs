//! The prepared statements of one instance.

use super::too_many;
use crate::capability::budget::{Shares, check_size};
use crate::capability::statement::Statement;
use crate::model::error::CallError;
use slab::Slab;
use std::sync::Arc;

/// The most of them at a time.
const MOST: usize = 256;

/// A statement that a guest has prepared.
pub(super) struct Prepared {
    pub(super) statement: Arc<Statement>,
    /// The handle of its session, and the session's own number: a handle may be used again.
    pub(super) session: (u32, u64),
}

/// By their handles. Bounded in number and in bytes of text.
pub(super) struct PreparedStatements {
    all: Slab<Prepared>,
    bytes: usize,
    share: usize,
}

impl PreparedStatements {
    pub(super) fn new(shares: Shares) -> Self {
        Self {
            all: Slab::new(),
            bytes: 0,
            share: shares.texts,
        }
    }

    pub(super) fn insert(&mut self, prepared: Prepared) -> Result<u32, CallError> {
        if self.all.len() >= MOST {
            return Err(too_many("prepared statements", MOST));
        }
        let bytes = self.bytes + prepared.statement.text().len();
        check_size(
            "too-many",
            "prepared statements together",
            bytes,
            self.share,
        )?;
        self.bytes = bytes;
        Ok(self.all.insert(prepared) as u32)
    }

    pub(super) fn get(&self, handle: u32) -> Option<&Prepared> {
        self.all.get(handle as usize)
    }

    pub(super) fn remove(&mut self, handle: u32) -> Option<Prepared> {
        let removed = self.all.try_remove(handle as usize)?;
        self.bytes -= removed.statement.text().len();
        Some(removed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capability::statement::Action;

    fn prepared(bytes: usize) -> Prepared {
        Prepared {
            statement: Arc::new(Statement::of_host("x".repeat(bytes), Action::Read)),
            session: (0, 0),
        }
    }

    #[test]
    fn statements_are_bounded_in_number_and_bytes_and_dropping_one_makes_room() {
        let mut many = PreparedStatements::new(Shares::new(1000, None));
        let handles: Vec<u32> = (0..MOST)
            .map(|_| many.insert(prepared(10)).unwrap())
            .collect();
        assert_eq!(many.insert(prepared(10)).unwrap_err().code, "too-many");
        many.remove(handles[7]).unwrap();
        let too_large = prepared(many.share - many.bytes + 1);
        assert_eq!(many.insert(too_large).unwrap_err().code, "too-many");
        assert_eq!(many.insert(prepared(10)), Ok(handles[7]));
        for handle in handles {
            many.remove(handle).unwrap();
        }
        assert!(many.remove(0).is_none() && many.bytes == 0);
    }
}
