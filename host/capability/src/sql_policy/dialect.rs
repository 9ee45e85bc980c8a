//! The dialects that the SQL policy knows.

use sqlparser::dialect::{MySqlDialect, SQLiteDialect};

/// Whose SQL a statement is judged as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// SQLite, as this runner has it built in.
    Sqlite,
    /// MariaDB from 10.6 on, real or simulated.
    Mysql,
}

impl Dialect {
    /// Of `Database::dialect`.
    pub(super) fn from_name(name: &str) -> Self {
        match name {
            "sqlite" => Self::Sqlite,
            _ => Self::Mysql,
        }
    }

    /// What people call the server.
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
