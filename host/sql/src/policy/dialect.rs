//! The dialects that the SQL policy knows.

use sqlparser::dialect::{
    Dialect as Grammar, MySqlDialect, PostgreSqlDialect, Precedence, SQLiteDialect,
};
use sqlparser::parser::{Parser, ParserError};
use std::any::TypeId;

/// The SQL dialect of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// SQLite, as this runner has it built in.
    Sqlite,
    /// MariaDB from 10.6 on, real or simulated.
    Mysql,
    /// PostgreSQL from 13 on.
    Postgres,
}

impl Dialect {
    /// From the name that `Database::dialect` returns.
    pub(super) fn from_name(name: &str) -> Self {
        match name {
            "sqlite" => Self::Sqlite,
            "postgres" => Self::Postgres,
            _ => Self::Mysql,
        }
    }

    /// The server's name in messages.
    pub(super) fn server(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Mysql => "MariaDB",
            Self::Postgres => "PostgreSQL",
        }
    }

    /// The sign around a quoted name.
    pub(super) fn quote(self) -> char {
        match self {
            Self::Sqlite | Self::Mysql => '`',
            Self::Postgres => '"',
        }
    }

    pub(super) fn parser(self) -> &'static dyn Grammar {
        match self {
            Self::Sqlite => &SQLiteDialect {},
            Self::Mysql => &MySqlDialect {},
            Self::Postgres => &PostgresWithMarks,
        }
    }
}

/// PostgreSQL's grammar, in which `?` is a parameter and no operator. What is not listed here is off.
#[derive(Debug)]
pub struct PostgresWithMarks;

impl Grammar for PostgresWithMarks {
    fn dialect(&self) -> TypeId {
        TypeId::of::<PostgreSqlDialect>()
    }

    fn is_identifier_start(&self, c: char) -> bool {
        PostgreSqlDialect {}.is_identifier_start(c)
    }

    fn is_identifier_part(&self, c: char) -> bool {
        PostgreSqlDialect {}.is_identifier_part(c)
    }

    fn is_delimited_identifier_start(&self, c: char) -> bool {
        PostgreSqlDialect {}.is_delimited_identifier_start(c)
    }

    fn get_next_precedence(&self, parser: &Parser) -> Option<Result<u8, ParserError>> {
        PostgreSqlDialect {}.get_next_precedence(parser)
    }

    fn prec_value(&self, precedence: Precedence) -> u8 {
        PostgreSqlDialect {}.prec_value(precedence)
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }
}
