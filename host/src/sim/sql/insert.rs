//! INSERT … VALUES.

use super::schema::TableId;
use super::view::{RowChange, View};
use crate::model::fault::Fault;
use crate::model::value::Value;

#[derive(Debug, Clone)]
pub struct Insert {}

impl Insert {
    pub fn table(&self) -> TableId {
        todo!()
    }

    /// The rows that it inserts, in the order of the statement. Whether their keys are taken already,
    /// or twice among them, is not asked here.
    pub fn changes(&self, parameters: &[Value], view: &dyn View) -> Result<Vec<RowChange>, Fault> {
        let _ = (parameters, view);
        todo!()
    }
}
