//! The dialects that the SQL policy knows.

use sqlparser::dialect::{MySqlDialect, SQLiteDialect};

/// The SQL dialect of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// SQLite, as this runner has it built in.
    Sqlite,
    /// MariaDB from 10.6 on, real or simulated.
    Mysql,
}

impl Dialect {
    /// From the name that `Database::dialect` returns.
    pub(super) fn from_name(name: &str) -> Self {
        match name {
            "sqlite" => Self::Sqlite,
            _ => Self::Mysql,
        }
    }

    /// The server's name in messages.
    pub(super) fn server(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Mysql => "MariaDB",
        }
    }

    pub(super) fn parser(self) -> &'static dyn sqlparser::dialect::Dialect {
        match self {
            Self::Sqlite => &SQLiteDialect {},
            Self::Mysql => &MySqlDialect {},
        }
    }
}
