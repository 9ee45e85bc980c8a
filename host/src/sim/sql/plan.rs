//! A statement, understood once and ready to be run often.

use super::delete::Delete;
use super::insert::Insert;
use super::schema::{Definition, Schema};
use super::select::Select;
use super::setting::Setting;
use super::update::Update;
use crate::model::fault::Fault;

/// What a statement does. It holds for the version of the schema for which it was planned.
#[derive(Debug, Clone)]
pub enum Plan {
    Select(Select),
    Insert(Insert),
    Update(Update),
    Delete(Delete),
    Define(Definition),
    Set(Setting),
}

/// Parses one statement and resolves its names. `rejected` with `syntax`, with `unsupported` and the
/// construct that is outside of the subset, or with MariaDB's code for a missing table (1146) or
/// column (1054).
pub fn plan(text: &str, schema: &Schema) -> Result<Plan, Fault> {
    let _ = (text, schema);
    todo!()
}
