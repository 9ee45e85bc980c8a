//! Names, and functions that look like names.
//!
//! MariaDB runs some functions without brackets: `SELECT UTC_TIMESTAMP` reads a clock, where a parser
//! sees a column. So a known function becomes a call in the tree, and every other name is printed in
//! quotes, in which no server takes it for anything else. Only the names of the runner's own tables
//! stay unquoted.

use super::dialect::Dialect;
use sqlparser::ast::{
    Expr, Function, FunctionArguments, Ident, ObjectName, Statement, VisitMut, VisitorMut,
};
use std::ops::ControlFlow;

/// Functions that MariaDB calls without brackets and that the parser does not know.
const BARE_FUNCTIONS: &[&str] = &[
    "current_role",
    "current_user",
    "rownum",
    "session_user",
    "sysdate",
    "system_user",
    "utc_date",
    "utc_time",
    "utc_timestamp",
];

/// Columns of the runner's tables and other plain words, none of which is more than a name anywhere.
const PLAIN: &[&str] = &[
    "address",
    "attach_status",
    "excluded",
    "expires_at",
    "first_ip",
    "id",
    "label",
    "last_ip",
    "marker",
    "migration_status",
    "pool_id",
    "requested_at",
    "rowid",
    "status",
    "subnet_id",
];

/// Makes functions of the names that are some.
pub(super) fn understand(statement: &mut Statement, dialect: Dialect) {
    if dialect == Dialect::Mysql {
        // It never breaks.
        let _ = statement.visit(&mut Understanding);
    }
}

/// Puts quotes around every name that may be something else.
pub(super) fn quote(statement: &mut Statement, tables: &[String], dialect: Dialect) {
    let _ = statement.visit(&mut Quoting { tables, dialect });
}

/// A name in quotes that the dialect takes for quotes, and for nothing else. PostgreSQL folds a name
/// without quotes to lower case, and takes one in quotes as it is.
pub(super) fn quoted(name: &str, dialect: Dialect) -> Ident {
    match dialect {
        Dialect::Postgres => Ident::with_quote(dialect.quote(), name.to_ascii_lowercase()),
        Dialect::Sqlite | Dialect::Mysql => Ident::with_quote(dialect.quote(), name),
    }
}

struct Understanding;

impl VisitorMut for Understanding {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::Identifier(name) = expr
            && name.quote_style.is_none()
            && is_one_of(BARE_FUNCTIONS, &name.value)
        {
            *expr = Expr::Function(Function {
                name: ObjectName::from(vec![name.clone()]),
                uses_odbc_syntax: false,
                parameters: FunctionArguments::None,
                args: FunctionArguments::None,
                within_group: Vec::new(),
                filter: None,
                null_treatment: None,
                over: None,
            });
        }
        ControlFlow::Continue(())
    }
}

struct Quoting<'a> {
    tables: &'a [String],
    dialect: Dialect,
}

impl Quoting<'_> {
    fn is_plain(&self, name: &str) -> bool {
        // No word of one letter means anything, nor one of a letter and digits.
        let mut letters = name.chars();
        let is_short = letters
            .next()
            .is_some_and(|first| first.is_ascii_alphabetic())
            && letters.all(|c| c.is_ascii_digit());
        is_short
            || is_one_of(PLAIN, name)
            || self
                .tables
                .iter()
                .any(|table| table.eq_ignore_ascii_case(name))
    }
}

impl VisitorMut for Quoting<'_> {
    type Break = ();

    fn pre_visit_ident(&mut self, name: &mut Ident) -> ControlFlow<()> {
        if name.quote_style.is_none() && !self.is_plain(&name.value) {
            *name = quoted(&name.value, self.dialect);
        }
        ControlFlow::Continue(())
    }

    /// A function is one without quotes only.
    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::Function(function) = expr {
            for part in &mut function.name.0 {
                if let sqlparser::ast::ObjectNamePart::Identifier(name) = part {
                    name.quote_style = None;
                }
            }
        }
        ControlFlow::Continue(())
    }
}

fn is_one_of(names: &[&str], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}
