//! The meaning of names at one place of a statement.

use super::aggregate::Aggregate;
use super::dialect::{Dialect, Problem};
use super::expression::{Expression, MAX_LEVELS};
use super::refuse::{no_such_column, no_such_table, unsupported};
use super::schema::Schema;
use super::table::{Table, TableId};
use crate::model::error::CallError;
use sqlparser::ast::{Expr, Ident, ObjectName, Statement, Value, ValueWithSpan, Visit, Visitor};
use sqlparser::tokenizer::Location;
use std::ops::ControlFlow;
use std::sync::Arc;

/// The tables whose columns can be named, and what else an expression may have here.
pub(super) struct Scope<'a> {
    pub schema: &'a Schema,
    /// By level: a sub-query's table comes after that of the query around it.
    levels: Vec<Level>,
    /// The place of each `?`, in the order of the text.
    placeholders: Vec<Location>,
    /// Those of the SELECT whose items are read now; nothing where there may be none.
    pub aggregates: Option<Vec<Aggregate>>,
    pub is_trigger: bool,
    /// The level of the row that `VALUES(column)` is of, where there is one.
    pub inserted: Option<usize>,
}

struct Level {
    name: String,
    table: Arc<Table>,
}

impl<'a> Scope<'a> {
    pub(super) fn new(schema: &'a Schema, statement: &Statement) -> Self {
        Self {
            schema,
            levels: Vec::new(),
            placeholders: placeholders(statement),
            aggregates: None,
            is_trigger: false,
            inserted: None,
        }
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.schema.dialect()
    }

    /// The table of this name.
    pub(super) fn find(&self, name: &ObjectName) -> Result<(TableId, Arc<Table>), CallError> {
        let id = self.schema.id(plain(name)?);
        let table = id.and_then(|id| Some((id, self.schema.table(id)?.clone())));
        table.ok_or_else(|| no_such_table(self.dialect(), name))
    }

    /// Opens a level for the rows of a table, under a name. Gives its number.
    pub(super) fn open(&mut self, name: &str, table: Arc<Table>) -> Result<usize, CallError> {
        if self.levels.len() == MAX_LEVELS {
            return Err(unsupported(format!(
                "sub-queries within sub-queries of more than {MAX_LEVELS} tables"
            )));
        }
        self.levels.push(Level {
            name: name.to_owned(),
            table,
        });
        Ok(self.levels.len() - 1)
    }

    pub(super) fn close(&mut self) {
        self.levels.pop();
    }

    /// A column by its name alone: of the innermost table that has it.
    pub(super) fn column(&self, name: &Ident) -> Result<Expression, CallError> {
        if name.value.starts_with('@') {
            return Err(unsupported(format!("the variable {name}")));
        }
        if self.is_trigger {
            return Err(unsupported(format!(
                "a column without OLD or NEW in a trigger ({name})"
            )));
        }
        let found = self.search(|_| true, &name.value);
        let found = found.ok_or_else(|| no_such_column(self.dialect(), name))?;
        // In DO UPDATE, the row that is there and the one that would be inserted have it both.
        if let (Dialect::Postgres, Some(inserted)) = (self.dialect(), self.inserted)
            && matches!(found, Expression::Column { level, .. } if level == inserted + 1)
        {
            let message = format!("the column {name} is that of two rows");
            return Err(self.dialect().error(Problem::Ambiguous, message));
        }
        Ok(found)
    }

    /// A column as `table.column`.
    pub(super) fn column_of(&self, table: &Ident, name: &Ident) -> Result<Expression, CallError> {
        let named = |level: &Level| level.name.eq_ignore_ascii_case(&table.value);
        self.search(named, &name.value)
            .ok_or_else(|| no_such_column(self.dialect(), format!("{table}.{name}")))
    }

    fn search(&self, is_meant: impl Fn(&Level) -> bool, name: &str) -> Option<Expression> {
        let levels = self.levels.iter().enumerate().rev();
        let mut meant = levels.filter(|(_, level)| is_meant(level));
        meant.find_map(|(level, its)| {
            let column = its.table.column(name)?;
            Some(Expression::Column { level, column })
        })
    }

    /// The parameter whose `?` stands there.
    pub(super) fn parameter(&self, place: Location) -> Expression {
        let number = self.placeholders.binary_search(&place);
        Expression::Parameter(number.unwrap_or_else(|number| number))
    }
}

/// A name that is not of another database.
pub(super) fn plain(name: &ObjectName) -> Result<&str, CallError> {
    match name.0.as_slice() {
        [part] => part.as_ident().map(|ident| ident.value.as_str()),
        _ => None,
    }
    .ok_or_else(|| unsupported(format!("a name of several parts ({name})")))
}

/// A tree may hold its parts in another order than the text, so the places count.
fn placeholders(statement: &Statement) -> Vec<Location> {
    struct Places(Vec<Location>);
    impl Visitor for Places {
        type Break = ();
        fn pre_visit_value(&mut self, value: &ValueWithSpan) -> ControlFlow<()> {
            if let Value::Placeholder(_) = value.value {
                self.0.push(value.span.start);
            }
            ControlFlow::Continue(())
        }
        fn pre_visit_expr(&mut self, _: &Expr) -> ControlFlow<()> {
            ControlFlow::Continue(())
        }
    }
    let mut places = Places(Vec::new());
    // It never breaks.
    let _ = statement.visit(&mut places);
    places.0.sort_unstable();
    places.0
}
