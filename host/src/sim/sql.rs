//! SQL for the simulated cluster: pure functions over what a session sees. A statement is planned once
//! for each text; locks, versions and replication are the cluster's.
//!
//! It is a subset of MariaDB's. Everything else is `rejected` with the code `unsupported`, and the
//! message names what it was.
//!
//! | | what there is |
//! |---|---|
//! | SELECT | expressions, `*`; COUNT, MIN, MAX without a column beside them; one table or none; WHERE; ORDER BY columns, expressions, numbers or aliases; LIMIT and OFFSET, also as parameters |
//! | row locks | FOR UPDATE, FOR SHARE, LOCK IN SHARE MODE; NOWAIT, SKIP LOCKED |
//! | INSERT | VALUES of one row or several |
//! | UPDATE | one table; the assignments from left to right, as MariaDB has it; the primary key stays |
//! | DELETE | one table |
//! | conditions | `= <> < <= > >= <=>`, AND, OR, NOT, \[NOT\] IN, BETWEEN, IS \[NOT\] NULL, TRUE or FALSE |
//! | sub-queries | EXISTS, IN, and for one value; they may name columns of what is around them; three tables deep |
//! | expressions | `+ - * %`, CASE, ABS, COALESCE, CONCAT, IFNULL, LENGTH, LOWER, NULLIF, UPPER |
//! | types | whole numbers up to 64 bits, DOUBLE, CHAR and VARCHAR, TEXT, BINARY and VARBINARY, BLOB; BOOLEAN is a TINYINT |
//! | CREATE TABLE | PRIMARY KEY, which must be; UNIQUE; NOT NULL; DEFAULT a constant; CHECK (LENGTH(column) <= n); InnoDB, utf8mb4, a binary collation |
//! | CREATE TRIGGER | AFTER INSERT, UPDATE or DELETE … FOR EACH ROW, with one INSERT of OLD's and NEW's columns, UUID() and CONTEND_TRANSACTION(), the number of the transaction |
//! | DROP | TABLE, TRIGGER |
//! | SET | SESSION name = value; the isolation level |
//!
//! Where it differs from MariaDB without saying so:
//!
//! - Texts are compared by their bytes, and trailing spaces count.
//! - A number with a point is a real one, not a decimal.
//! - A WHERE that does not give all of the primary key, by `=` or IN, visits the whole table, so that a
//!   locking statement locks all of it: ranges and unique keys are not used. What a sub-query reads is
//!   not locked.
//! - UPDATE leaves out the rows that it would not change, so no trigger sees them.
//! - `information_schema` is empty.

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
mod written;

#[cfg(test)]
mod tests;

pub use delete::Delete;
pub use insert::Insert;
pub use key::{Key, KeyPart};
pub use plan::{Plan, plan};
pub use schema::{Column, ColumnType, Definition, Schema, Table, TableId};
pub use select::{IfLocked, LockClause, Select};
pub use setting::Setting;
pub use trigger::{Firing, Trigger};
pub use update::Update;
pub use view::{RowChange, StoredRow, View, Visits};
pub use written::Written;
