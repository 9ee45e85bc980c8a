//! The statements of one instance, each judged once.

use crate::capability::gate::Gate;
use crate::capability::statement::Statement;
use crate::model::fault::Fault;
use std::sync::Arc;

/// A strategy has a handful.
const MAX_STATEMENTS: usize = 256;

/// A statement is judged on a stack of its own. The parser goes deep, and what it touched of the
/// fiber's stack would stay with the instance as long as it lives: most of an idle worker's memory.
const JUDGING_STACK: usize = 1 << 20;

/// By text, in order: comparing a handful of texts is quicker than hashing one.
#[derive(Default)]
pub(super) struct Statements(Vec<(String, Arc<Statement>)>);

impl Statements {
    /// The judged statement of a text.
    pub(super) fn of(&mut self, sql: &str, gate: &Gate) -> Result<Arc<Statement>, Fault> {
        if let Ok(place) = self.place(sql) {
            return Ok(self.0[place].1.clone());
        }
        let statement = stacker::grow(JUDGING_STACK, || gate.admit(sql)).map(Arc::new)?;
        if self.0.len() >= MAX_STATEMENTS {
            // Values belong into parameters; who builds a new text each time pays for it.
            self.0.clear();
        }
        let (Ok(place) | Err(place)) = self.place(sql);
        self.0.insert(place, (sql.to_owned(), statement.clone()));
        Ok(statement)
    }

    fn place(&self, sql: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(text, _)| text.as_str().cmp(sql))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_judged_once_and_their_number_has_a_bound() {
        let gate = Gate::new(&["volumes"], "sqlite");
        let mut statements = Statements::default();
        let sql = "SELECT id FROM volumes";
        let first = statements.of(sql, &gate).unwrap();
        assert!(Arc::ptr_eq(&first, &statements.of(sql, &gate).unwrap()));
        for number in 0..3 * MAX_STATEMENTS {
            statements.of(&format!("SELECT {number}"), &gate).unwrap();
            assert!(statements.0.len() <= MAX_STATEMENTS);
        }
        statements.of("DROP TABLE volumes", &gate).unwrap_err();
    }
}
