//! The statements of one generator of the background load.

use crate::capability::database::Session;
use crate::capability::statement::{Action, Statement};
use crate::model::error::CallError;
use crate::model::value::Value;

/// Reads and writes one row that nothing else touches.
pub struct BackgroundAccess {
    row: Value,
    select: Statement,
    update: Statement,
}

impl BackgroundAccess {
    /// `select` takes the row's key, `update` a value and the key.
    pub fn new(row: Value, select: &str, update: &str) -> Self {
        Self {
            row,
            select: Statement::of_host(select, Action::Read),
            update: Statement::of_host(update, Action::Write),
        }
    }

    /// One statement; each update writes another value.
    pub async fn run(
        &self,
        session: &mut dyn Session,
        is_update: bool,
        number: u64,
    ) -> Result<(), CallError> {
        if is_update {
            let values = [Value::from(number.to_string()), self.row.clone()];
            session.execute(&self.update, &values).await?;
        } else {
            let row = std::slice::from_ref(&self.row);
            session.query(&self.select, row).await?;
        }
        Ok(())
    }
}
