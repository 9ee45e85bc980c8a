//! DELETE.

use super::returning::Returning;
use super::view::View;
use super::written::{Changes, Written};
use crate::model::error::CallError;
use crate::model::value::Value;

#[derive(Debug, Clone)]
pub struct Delete {
    pub(super) written: Written,
    pub(super) returning: Option<Returning>,
}

impl Delete {
    pub fn written(&self) -> &Written {
        &self.written
    }

    pub fn returning(&self) -> Option<&Returning> {
        self.returning.as_ref()
    }

    /// Says whether it reads in sub-queries.
    pub fn has_query(&self) -> bool {
        self.written.rows.has_query()
    }

    /// The rows that it deletes, in its order.
    pub fn changes(&self, parameters: &[Value], view: &dyn View) -> Result<Changes, CallError> {
        self.written.changes(parameters, view, |_, _| Ok(None))
    }
}
