//! The statements of one instance, each judged once.

use crate::capability::gate::Gate;
use crate::capability::statement::Statement;
use crate::model::fault::Fault;
use std::collections::HashMap;
use std::sync::Arc;

/// A strategy has a handful.
const MAX_STATEMENTS: usize = 256;

#[derive(Default)]
pub(super) struct Statements(HashMap<String, Arc<Statement>>);

impl Statements {
    /// The judged statement of a text.
    pub(super) fn of(&mut self, sql: &str, gate: &Gate) -> Result<Arc<Statement>, Fault> {
        if let Some(statement) = self.0.get(sql) {
            return Ok(statement.clone());
        }
        let statement = Arc::new(gate.admit(sql)?);
        if self.0.len() >= MAX_STATEMENTS {
            // Values belong into parameters; who builds a new text each time pays for it.
            self.0.clear();
        }
        self.0.insert(sql.to_owned(), statement.clone());
        Ok(statement)
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
