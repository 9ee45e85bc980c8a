//! SQL for the simulated cluster: pure functions over what a session sees. A statement is planned once
//! for each text; locks, versions and replication are the cluster's.
//!
//! It is a subset of MariaDB's, or of PostgreSQL's if the schema is of that dialect. Everything else is
//! `rejected` with the code `unsupported`, and the message names what it was.
//!
//! | | what both have | MariaDB | PostgreSQL |
//! |---|---|---|---|
//! | SELECT | expressions, `*`; COUNT, MIN, MAX without a column beside them; one table or none; WHERE; ORDER BY columns, expressions, numbers or aliases; LIMIT and OFFSET, also as parameters | | NULLS FIRST, LAST |
//! | row locks | FOR UPDATE; NOWAIT, SKIP LOCKED | LOCK IN SHARE MODE, WAIT n | FOR SHARE |
//! | INSERT | VALUES of one row or several; RETURNING | REPLACE, INSERT IGNORE and ON DUPLICATE KEY UPDATE with VALUES(column), in tables whose one unique key is the primary key | DEFAULT; ON CONFLICT DO NOTHING; DO UPDATE on the primary key, with EXCLUDED and WHERE |
//! | UPDATE | one table; the primary key stays | the assignments from left to right; ORDER BY, LIMIT | all assignments at once; a row that comes out the same is written; RETURNING |
//! | DELETE | one table; RETURNING | ORDER BY, LIMIT | |
//! | conditions | `= <> < <= > >=`, AND, OR, NOT, \[NOT\] IN, BETWEEN, IS \[NOT\] NULL, TRUE or FALSE | `<=>` | IS \[NOT\] DISTINCT FROM |
//! | sub-queries | EXISTS, IN, and for one value; they may name columns of what is around them; three tables deep | | |
//! | expressions | `+ - * %`, CASE, ABS, COALESCE, CONCAT, GREATEST, LEAST, LENGTH, LOWER, NULLIF, UPPER | IF, IFNULL | `/` and `\|\|`, CHAR_LENGTH |
//! | time | | NOW, CURRENT_TIMESTAMP, UTC_TIMESTAMP, UNIX_TIMESTAMP and their like, of the virtual clock; ± INTERVAL n MICROSECOND to DAY | nothing |
//! | types | whole numbers up to 64 bits, DOUBLE, VARCHAR, TEXT | CHAR, BINARY and VARBINARY, BLOB; BOOLEAN is a TINYINT | BYTEA, BOOLEAN, UUID |
//! | CREATE TABLE | PRIMARY KEY, which must be; UNIQUE; NOT NULL; DEFAULT a constant; CHECK (LENGTH(column) <= n) | InnoDB, utf8mb4, a binary collation | COMMENT ON TABLE in the same text; CREATE INDEX, of which nothing is kept |
//! | CREATE TRIGGER | AFTER INSERT, UPDATE or DELETE … FOR EACH ROW, with one INSERT of OLD's and NEW's columns, a UUID and CONTEND_TRANSACTION(), the number of the transaction | UUID() | gen_random_uuid(); its function in PL/pgSQL in the same text |
//! | DROP | TABLE, TRIGGER | | |
//! | SET | the isolation level of the session or of the next transaction | SESSION name = value | name = value |
//! | SAVEPOINT | SAVEPOINT, ROLLBACK TO, RELEASE; row locks stay in MariaDB, and end in PostgreSQL | | |
//!
//! Differences from both servers that no error reports:
//!
//! - Texts are compared by their bytes, as PostgreSQL does in the collation C, and trailing spaces count.
//! - A number with a point is a real one, not a decimal.
//! - What a sub-query reads is not locked.
//! - `information_schema` and `pg_class` are empty.
//!
//! From MariaDB:
//!
//! - Which index a locking statement reads, and so locks, is decided by its WHERE alone (`access`): all of
//!   the primary key by `=` or IN; else the key of which most columns are given by `=`, with a range of
//!   the next one; else the whole table. MariaDB also asks how many rows there are.
//! - All nodes have one clock, in UTC, and the time of a statement is when it came to its server. A time is
//!   a text.
//! - UPDATE leaves out the rows that it would not change, so no trigger sees them.
//!
//! From PostgreSQL:
//!
//! - Types are looked at when a value is computed, so a statement that meets no row reports no wrong type,
//!   and a number is taken for a condition. A sum of two `integer` is as large as a `bigint`.
//! - Names are found in any case, also in quotes, and a UUID is read as a text.

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
