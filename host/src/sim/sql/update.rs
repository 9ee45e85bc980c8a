//! UPDATE.

use super::schema::TableId;
use super::view::{RowChange, StoredRow, View, Visits};
use crate::model::fault::Fault;
use crate::model::value::Value;

#[derive(Debug, Clone)]
pub struct Update {}

impl Update {
    pub fn table(&self) -> TableId {
        todo!()
    }

    /// The rows that it comes by, and so locks.
    pub fn visits(&self, parameters: &[Value], view: &dyn View) -> Result<Visits, Fault> {
        let _ = (parameters, view);
        todo!()
    }

    /// Does a row of the table meet the WHERE?
    pub fn matches(
        &self,
        parameters: &[Value],
        view: &dyn View,
        row: &StoredRow,
    ) -> Result<bool, Fault> {
        let _ = (parameters, view, row);
        todo!()
    }

    /// The rows that it changes, in key order: those that meet the WHERE and come out different. Their
    /// number is what MariaDB calls the affected rows.
    pub fn changes(&self, parameters: &[Value], view: &dyn View) -> Result<Vec<RowChange>, Fault> {
        let _ = (parameters, view);
        todo!()
    }
}
