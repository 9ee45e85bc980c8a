//! SQL for the simulated cluster.

mod access;
mod aggregate;
mod compile;
mod compile_query;
mod create;
mod delete;
mod evaluate;
mod expression;
mod functions;
mod insert;
mod key;
mod parse;
mod plan;
mod query;
mod refuse;
mod rest;
mod rows;
mod schema;
mod scope;
mod select;
mod setting;
mod store;
mod trigger;
mod types;
mod update;
mod value;
mod view;

#[cfg(test)]
mod tests;

pub use delete::Delete;
pub use insert::Insert;
pub use key::{Key, KeyPart};
pub use plan::{Plan, plan};
pub use schema::{Column, ColumnType, Definition, Schema, Table, TableId};
pub use select::{IfLocked, LockClause, Select};
pub use setting::Setting;
pub use trigger::Trigger;
pub use update::Update;
pub use view::{RowChange, StoredRow, View, Visits};
