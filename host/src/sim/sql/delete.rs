//! DELETE.

use super::view::{RowChange, View};
use super::written::Written;
use crate::model::fault::Fault;
use crate::model::value::Value;

#[derive(Debug, Clone)]
pub struct Delete {
    pub(super) written: Written,
}

impl Delete {
    pub fn written(&self) -> &Written {
        &self.written
    }

    /// The rows that it deletes, in key order.
    pub fn changes(&self, parameters: &[Value], view: &dyn View) -> Result<Vec<RowChange>, Fault> {
        self.written.changes(parameters, view, |_, _| Ok(None))
    }
}
