//! The statements of one instance.

use crate::capability::gate::{Gate, Judged, MAX_STATEMENTS};
use crate::capability::statement::Statement;
use crate::model::fault::Fault;
use std::sync::Arc;

/// By text, in order: of so few, comparing texts is quicker than hashing one. Texts and statements are
/// those of the gate, so that a hundred thousand instances keep them once.
#[derive(Default)]
pub(super) struct Statements(Vec<Judged>);

impl Statements {
    /// The judged statement of a text.
    pub(super) fn of(&mut self, sql: &str, gate: &Gate) -> Result<Arc<Statement>, Fault> {
        if let Ok(place) = self.place(sql) {
            return Ok(self.0[place].statement.clone());
        }
        let judged = gate.judged(sql)?;
        let statement = judged.statement.clone();
        if self.0.len() >= MAX_STATEMENTS {
            self.0.clear();
        }
        let place = self.place(sql).unwrap_or_else(|place| place);
        self.0.insert(place, judged);
        Ok(statement)
    }

    fn place(&self, sql: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|judged| (*judged.text).cmp(sql))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_of_one_gate_share_a_statement_and_their_number_has_a_bound() {
        let gate = Gate::new(&["volumes"], "sqlite");
        let mut statements = Statements::default();
        let sql = "SELECT id FROM volumes";
        let first = statements.of(sql, &gate).unwrap();
        assert!(Arc::ptr_eq(&first, &statements.of(sql, &gate).unwrap()));
        let of_another = Statements::default().of(sql, &gate).unwrap();
        assert!(Arc::ptr_eq(&first, &of_another));
        for number in 0..3 * MAX_STATEMENTS {
            statements.of(&format!("SELECT {number}"), &gate).unwrap();
            assert!(statements.0.len() <= MAX_STATEMENTS);
        }
        statements.of("DROP TABLE volumes", &gate).unwrap_err();
    }
}
