//! The statements of one instance.

use crate::capability::budget::{KEPT_TEXT, Shares, check_size};
use crate::capability::gate::{Gate, Judged, MAX_STATEMENTS};
use crate::capability::statement::Statement;
use crate::model::fault::Fault;
use std::sync::Arc;

/// By text, in order: of so few, comparing texts is quicker than hashing one. Texts and statements are
/// those of the gate, so that a hundred thousand instances keep them once.
pub(super) struct Statements {
    all: Vec<Judged>,
    /// Of the texts.
    bytes: usize,
    /// How many of them sessions may keep prepared. Never taken back: a session does not tell what it
    /// has forgotten.
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
    pub(super) fn of(&mut self, sql: &str, gate: &Gate) -> Result<Arc<Statement>, Fault> {
        if let Ok(place) = self.place(sql) {
            return Ok(self.all[place].statement.clone());
        }
        let share = self.shares.statement;
        check_size("statement-too-large", "a statement", sql.len(), share)?;
        let mut judged = gate.judged(sql)?;
        let is_short = judged.statement.text().len() <= KEPT_TEXT;
        match is_short && self.prepared < self.shares.prepared {
            true => self.prepared += 1,
            false => judged.statement = Arc::new(judged.statement.unkept()),
        }
        let statement = judged.statement.clone();
        let bytes = judged.bytes();
        if self.all.len() >= MAX_STATEMENTS || self.bytes + bytes > self.shares.texts {
            self.all = Vec::new();
            self.bytes = 0;
        }
        // One that is larger than all that may be kept is judged for each call.
        if bytes <= self.shares.texts {
            self.bytes += bytes;
            let place = self.place(sql).unwrap_or_else(|place| place);
            self.all.insert(place, judged);
        }
        Ok(statement)
    }

    fn place(&self, sql: &str) -> Result<usize, usize> {
        self.all.binary_search_by(|judged| (*judged.text).cmp(sql))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statements() -> Statements {
        Statements::new(Shares::of(1000, None))
    }

    #[test]
    fn instances_of_one_gate_share_a_statement_and_their_number_has_a_bound() {
        let gate = Gate::new(&["volumes"], "sqlite");
        let mut kept = statements();
        let sql = "SELECT id FROM volumes";
        let first = kept.of(sql, &gate).unwrap();
        assert!(Arc::ptr_eq(&first, &kept.of(sql, &gate).unwrap()));
        let of_another = statements().of(sql, &gate).unwrap();
        assert!(Arc::ptr_eq(&first, &of_another));
        for number in 0..3 * MAX_STATEMENTS {
            kept.of(&format!("SELECT {number}"), &gate).unwrap();
            assert!(kept.all.len() <= MAX_STATEMENTS);
        }
        kept.of("DROP TABLE volumes", &gate).unwrap_err();
    }

    #[test]
    fn long_statements_are_kept_within_the_share_and_prepared_for_each_call() {
        let gate = Gate::new(&["volumes"], "sqlite");
        let mut kept = statements();
        let list = |first: u32, words: u32| {
            let words = (first..first + words).map(|word| word.to_string());
            let words = words.collect::<Vec<_>>().join(", ");
            format!("SELECT id FROM volumes WHERE id IN ({words})")
        };
        for first in 10_000..10_050 {
            let statement = kept.of(&list(first, 3000), &gate).unwrap();
            assert!(!statement.is_kept());
            assert!(kept.bytes <= kept.shares.texts, "{}", kept.bytes);
        }
        let refused = kept.of(&list(10_000, 9000), &gate).unwrap_err();
        assert_eq!(refused.code, "statement-too-large");
        let short: Vec<_> = (0..100)
            .map(|word| kept.of(&list(word, 1), &gate).unwrap().is_kept())
            .collect();
        assert_eq!(
            short.iter().filter(|kept| **kept).count(),
            kept.shares.prepared
        );
        assert!(short[0] && !short[99]);
    }
}
