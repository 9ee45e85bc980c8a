//! The statements of one instance.

use crate::capability::budget::{KEPT_TEXT, Shares, check_size};
use crate::capability::sql_policy::{Admitted, MAX_STATEMENTS, SqlPolicy};
use crate::capability::statement::Statement;
use crate::model::error::CallError;
use std::sync::Arc;

/// Statements sorted by text: for so few, comparing texts is quicker than hashing one. Texts and
/// statements are those of the SQL policy, so that a hundred thousand instances keep them once.
pub(super) struct Statements {
    all: Vec<Admitted>,
    /// Bytes of the texts.
    bytes: usize,
    /// Number of them that sessions may keep prepared. Never decreased: a session does not report the
    /// ones that it has dropped.
    prepared: usize,
    shares: Shares,
}

impl Statements {
    pub(super) fn new(shares: Shares) -> Self {
        Self {
            all: Vec::new(),
            bytes: 0,
            prepared: 0,
            shares,
        }
    }

    /// The judged statement of a text.
    pub(super) fn get(
        &mut self,
        sql: &str,
        sql_policy: &SqlPolicy,
    ) -> Result<Arc<Statement>, CallError> {
        if let Ok(place) = self.place(sql) {
            return Ok(self.all[place].statement.clone());
        }
        let share = self.shares.statement;
        check_size("statement-too-large", "a statement", sql.len(), share)?;
        let mut admitted = sql_policy.admit_once(sql)?;
        let is_short = admitted.statement.text().len() <= KEPT_TEXT;
        match is_short && self.prepared < self.shares.prepared {
            true => self.prepared += 1,
            false => admitted.statement = Arc::new(admitted.statement.unkept()),
        }
        let statement = admitted.statement.clone();
        let bytes = admitted.bytes();
        if self.all.len() >= MAX_STATEMENTS || self.bytes + bytes > self.shares.texts {
            self.all = Vec::new();
            self.bytes = 0;
        }
        // One that is larger than all that may be kept is judged for each call.
        if bytes <= self.shares.texts {
            self.bytes += bytes;
            let place = self.place(sql).unwrap_or_else(|place| place);
            self.all.insert(place, admitted);
        }
        Ok(statement)
    }

    fn place(&self, sql: &str) -> Result<usize, usize> {
        self.all
            .binary_search_by(|admitted| (*admitted.text).cmp(sql))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statements() -> Statements {
        Statements::new(Shares::new(1000, None))
    }

    #[test]
    fn instances_of_one_gate_share_a_statement_and_their_number_has_a_bound() {
        let sql_policy = SqlPolicy::new(&["volumes"], "sqlite");
        let mut kept = statements();
        let sql = "SELECT id FROM volumes";
        let first = kept.get(sql, &sql_policy).unwrap();
        assert!(Arc::ptr_eq(&first, &kept.get(sql, &sql_policy).unwrap()));
        let of_another = statements().get(sql, &sql_policy).unwrap();
        assert!(Arc::ptr_eq(&first, &of_another));
        for number in 0..3 * MAX_STATEMENTS {
            kept.get(&format!("SELECT {number}"), &sql_policy).unwrap();
            assert!(kept.all.len() <= MAX_STATEMENTS);
        }
        kept.get("DROP TABLE volumes", &sql_policy).unwrap_err();
    }

    #[test]
    fn long_statements_are_kept_within_the_share_and_prepared_for_each_call() {
        let sql_policy = SqlPolicy::new(&["volumes"], "sqlite");
        let mut kept = statements();
        let list = |first: u32, words: u32| {
            let words = (first..first + words).map(|word| word.to_string());
            let words = words.collect::<Vec<_>>().join(", ");
            format!("SELECT id FROM volumes WHERE id IN ({words})")
        };
        for first in 10_000..10_050 {
            let statement = kept.get(&list(first, 3000), &sql_policy).unwrap();
            assert!(!statement.is_kept());
            assert!(kept.bytes <= kept.shares.texts, "{}", kept.bytes);
        }
        let refused = kept.get(&list(10_000, 9000), &sql_policy).unwrap_err();
        assert_eq!(refused.code, "statement-too-large");
        let short: Vec<_> = (0..100)
            .map(|word| kept.get(&list(word, 1), &sql_policy).unwrap().is_kept())
            .collect();
        assert_eq!(
            short.iter().filter(|kept| **kept).count(),
            kept.shares.prepared
        );
        assert!(short[0] && !short[99]);
    }
}
