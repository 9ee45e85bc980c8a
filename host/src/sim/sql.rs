//! SQL for the simulated cluster: pure functions over what a session sees. A statement is planned
//! once for each text; locks, versions and replication are the cluster's.

mod delete;
mod insert;
mod key;
mod plan;
mod refuse;
mod schema;
mod select;
mod setting;
mod trigger;
mod update;
mod value;
mod view;

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
