//! The statements of one generator of the background load.

use super::row::row_id;
use crate::capability::database::Session;
use crate::capability::statement::{Action, Statement};
use crate::model::fault::Fault;
use crate::model::value::Value;

/// Reads and writes one row of `volumes_background`, which nobody else touches.
pub struct BackgroundAccess {
    row: Value,
    select: Statement,
    update: Statement,
}

impl BackgroundAccess {
    /// For the generator of this number.
    pub fn new(number: u32) -> Self {
        Self {
            row: Value::from(row_id(number)),
            select: Statement::of_host(
                "SELECT status, attach_status FROM volumes_background WHERE id = ?",
                Action::Read,
            ),
            update: Statement::of_host(
                "UPDATE volumes_background SET attach_status = ? WHERE id = ?",
                Action::Write,
            ),
        }
    }

    /// One statement; each update writes another value.
    pub async fn run(
        &self,
        session: &mut dyn Session,
        is_update: bool,
        number: u64,
    ) -> Result<(), Fault> {
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
