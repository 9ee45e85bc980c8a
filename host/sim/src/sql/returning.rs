//! RETURNING: values of the rows that a statement wrote.

use super::expression::{Environment, Expression};
use super::view::{StoredRow, View};
use crate::model::error::CallError;
use crate::model::value::{Row, Value};

#[derive(Debug, Clone)]
pub struct Returning {
    pub(super) level: usize,
    pub(super) items: Vec<Expression>,
}

impl Returning {
    /// A row for each of these.
    pub fn rows<'r>(
        &self,
        parameters: &[Value],
        view: &dyn View,
        written: impl IntoIterator<Item = &'r StoredRow>,
    ) -> Result<Vec<Row>, CallError> {
        let env = Environment::reading(parameters, view);
        let one = |row: &StoredRow| {
            let env = env.at(self.level, row);
            let values = self.items.iter().map(|item| item.evaluate(&env));
            values.map(|value| Ok(value?.into_value())).collect()
        };
        written.into_iter().map(one).collect()
    }
}
