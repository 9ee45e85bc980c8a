//! SQL for the simulated cluster: pure functions over what a session sees. A statement is planned once
//! for each text; locks, versions and replication are the cluster's.
//!
//! It is a subset of MariaDB's. Everything else is `rejected` with the code `unsupported`, and the
//! message names what it was.
//!
//! | | what there is |
//! |---|---|
//! | SELECT | expressions, `*`; COUNT, MIN, MAX without a column beside them; one table or none; WHERE; ORDER BY columns, expressions, numbers or aliases; LIMIT and OFFSET, also as parameters |
//! | row locks | FOR UPDATE, LOCK IN SHARE MODE; NOWAIT, SKIP LOCKED, WAIT n |
//! | INSERT | VALUES of one row or several; REPLACE, INSERT IGNORE and ON DUPLICATE KEY UPDATE with VALUES(column), in tables whose one unique key is the primary key; RETURNING |
//! | UPDATE | one table; the assignments from left to right, as MariaDB has it; the primary key stays; ORDER BY, LIMIT |
//! | DELETE | one table; ORDER BY, LIMIT, RETURNING |
//! | conditions | `= <> < <= > >= <=>`, AND, OR, NOT, \[NOT\] IN, BETWEEN, IS \[NOT\] NULL, TRUE or FALSE |
//! | sub-queries | EXISTS, IN, and for one value; they may name columns of what is around them; three tables deep |
//! | expressions | `+ - * %`, CASE, ABS, COALESCE, CONCAT, GREATEST, IF, IFNULL, LEAST, LENGTH, LOWER, NULLIF, UPPER |
//! | time | NOW, CURRENT_TIMESTAMP, UTC_TIMESTAMP, UNIX_TIMESTAMP and their like, of the virtual clock; ± INTERVAL n MICROSECOND to DAY |
//! | types | whole numbers up to 64 bits, DOUBLE, CHAR and VARCHAR, TEXT, BINARY and VARBINARY, BLOB; BOOLEAN is a TINYINT |
//! | CREATE TABLE | PRIMARY KEY, which must be; UNIQUE; NOT NULL; DEFAULT a constant; CHECK (LENGTH(column) <= n); InnoDB, utf8mb4, a binary collation |
//! | CREATE TRIGGER | AFTER INSERT, UPDATE or DELETE … FOR EACH ROW, with one INSERT of OLD's and NEW's columns, UUID() and CONTEND_TRANSACTION(), the number of the transaction |
//! | DROP | TABLE, TRIGGER |
//! | SET | SESSION name = value; the isolation level of the session or of the next transaction |
//! | SAVEPOINT | SAVEPOINT, ROLLBACK TO, RELEASE; row locks stay |
//!
//! Differences from MariaDB that no error reports:
//!
//! - Texts are compared by their bytes, and trailing spaces count.
//! - A number with a point is a real one, not a decimal.
//! - Which index a locking statement reads, and so locks, is decided by its WHERE alone (`access`): all of
//!   the primary key by `=` or IN; else the key of which most columns are given by `=`, with a range of
//!   the next one; else the whole table. MariaDB also asks how many rows there are.
//! - What a sub-query reads is not locked.
//! - All nodes have one clock, in UTC, and the time of a statement is when it came to its server. A time is
//!   a text.
//! - UPDATE leaves out the rows that it would not change, so no trigger sees them.
//! - `information_schema` is empty.

mod access;
mod aggregate;
mod assignments;
mod calls;
mod compile;
mod compile_query;
mod compile_write;
mod create;
mod create_trigger;
mod dialect;
mod evaluate;
mod expression;
mod functions;
mod insert;
mod key;
mod parse;
mod plan;
mod postgres;
mod query;
mod refuse;
mod rest;
mod returning;
mod rows;
mod schema;
mod scope;
mod select;
mod setting;
mod store;
mod table;
mod time;
mod trigger;
mod types;
mod value;
mod view;
mod written;

#[cfg(test)]
mod tests;

pub use dialect::Dialect;
pub use insert::{Insert, Inserted};
pub use key::{Cut, Key, KeyPart};
pub use plan::{Plan, SavepointStep, plan};
pub use returning::Returning;
pub use schema::{Definition, Schema};
pub use select::{IfLocked, LockClause, Select};
pub use setting::Setting;
pub use table::{Column, ColumnType, Table, TableId};
pub use trigger::{Firing, Trigger};
pub use view::{Part, PartShape, RowChange, StoredRow, View, Visits};
pub use written::{Changes, Written};
