//! The two dialects, and the codes of their errors.

use crate::capability::sql_policy::PostgresWithMarks;
use crate::model::error::CallError;
use sqlparser::dialect::{Dialect as Grammar, MySqlDialect};

/// The server whose SQL a schema understands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Dialect {
    /// MariaDB.
    #[default]
    Mysql,
    Postgres,
}

impl Dialect {
    pub(super) fn grammar(self) -> &'static dyn Grammar {
        match self {
            Self::Mysql => &MySqlDialect {},
            Self::Postgres => &PostgresWithMarks,
        }
    }

    /// The error of a server of this dialect. It is about the statement, so it is `rejected`.
    pub(super) fn error(self, problem: Problem, message: impl Into<String>) -> CallError {
        let (mysql, postgres) = problem.codes();
        let code = match self {
            Self::Mysql => mysql,
            Self::Postgres => postgres,
        };
        CallError::rejected(code, message)
    }
}

/// A mistake in a statement for which both servers have a code of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Problem {
    Syntax,
    NoSuchTable,
    NoSuchColumn,
    NoSuchTrigger,
    TableExists,
    TriggerExists,
    /// DROP of a table that is not there.
    NothingToDrop,
    /// A table with two columns of one name.
    ColumnTwice,
    /// A column that is given twice, or set twice.
    GivenTwice,
    SetTwice,
    TwoPrimaryKeys,
    /// A column of several tables, by its name alone.
    Ambiguous,
    /// ON CONFLICT on columns that are no key.
    NoSuchKey,
    /// Another number of values than of columns.
    ValueCount,
    /// A sub-query for one value that has several columns, or several rows.
    SeveralColumns,
    SeveralRows,
    /// A LIMIT or an OFFSET that is no whole number from 0 on.
    Bound,
}

impl Problem {
    /// MariaDB's, and PostgreSQL's. The text of `syntax` is the parser's, so it has no number.
    fn codes(self) -> (&'static str, &'static str) {
        match self {
            Self::Syntax => ("syntax", "42601"),
            Self::NoSuchTable => ("1146", "42P01"),
            Self::NoSuchColumn => ("1054", "42703"),
            Self::NoSuchTrigger => ("1360", "42704"),
            Self::TableExists => ("1050", "42P07"),
            Self::TriggerExists => ("1359", "42710"),
            Self::NothingToDrop => ("1051", "42P01"),
            Self::ColumnTwice => ("1060", "42701"),
            Self::GivenTwice => ("1110", "42701"),
            Self::SetTwice => ("1110", "42601"),
            Self::TwoPrimaryKeys => ("1068", "42P16"),
            Self::Ambiguous => ("1052", "42702"),
            Self::NoSuchKey => ("syntax", "42P10"),
            Self::ValueCount => ("1136", "42601"),
            Self::SeveralColumns => ("1241", "42601"),
            Self::SeveralRows => ("1242", "21000"),
            Self::Bound => ("1210", "2201W"),
        }
    }
}
