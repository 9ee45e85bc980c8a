//! Conditional updates: several columns set at once, if everything that is asked of the row holds.
//! The database checks and writes in one statement, so no other session can come between.
//!
//! ```
//! use contend_guest::update::{ARG, Update, column, not_exists, rows};
//!
//! let delete = Update::table("volumes")
//!     .set("status", "deleting")
//!     .set("attach_status", ARG)
//!     .when(column("id").equals(ARG))
//!     .when(column("status").is_in(["available", "error"]))
//!     .when(column("migration_status").is_null())
//!     .when(not_exists(
//!         rows("snapshots").when(column("snapshots.volume_id").equals(column("volumes.id"))),
//!     ))
//!     .build()
//!     .unwrap();
//! assert_eq!(
//!     delete.sql(),
//!     "UPDATE volumes SET status = ?, attach_status = ? WHERE id = ? AND status IN (?, ?) \
//!      AND migration_status IS NULL \
//!      AND NOT EXISTS (SELECT 1 FROM snapshots WHERE snapshots.volume_id = volumes.id)"
//! );
//! ```
//!
//! The text depends on the shape alone, never on a value, so it is prepared once: `prepare` in `new`,
//! `execute` in `change`.
//!
//! Comparisons mean what SQL means by them: `a <> ?` does not hold for a row whose `a` is null; add
//! `any_of([column("a").not_equals(ARG), column("a").is_null()])` where it should. MariaDB and MySQL
//! refuse a sub-select from the table that is updated.

use crate::{Error, Session, Statement, Value};
use std::borrow::Cow;

/// Stands for a value that is given at each execution. Several are given in the order in which they
/// were written down.
pub const ARG: Operand = Operand(Kind::Argument);

/// The value that a column is set to or compared with: [`ARG`], a constant, or another column.
#[derive(Debug, Clone, PartialEq)]
pub struct Operand(Kind);

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Argument,
    Constant(Value),
    Column(String),
}

/// A column, as `column` or `table.column`.
#[derive(Debug, Clone, PartialEq)]
pub struct Column(String);

/// Something that must hold of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition(Test);

#[derive(Debug, Clone, PartialEq)]
enum Test {
    Compare(String, &'static str, Operand),
    List(String, &'static str, Vec<Operand>),
    Null(String, &'static str),
    Exists(&'static str, Rows),
    AnyOf(Vec<Condition>),
}

/// The rows of a table that meet conditions.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    table: String,
    conditions: Vec<Condition>,
}

/// A conditional update being put together.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    sets: Vec<(String, Operand)>,
    rows: Rows,
}

/// SQL text and the constants among its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateSql {
    sql: String,
    params: Vec<Kind>,
    arguments: usize,
}

/// An update that a session has prepared.
#[derive(Debug)]
pub struct PreparedUpdate {
    update: UpdateSql,
    statement: Statement,
}

pub fn column(name: &str) -> Column {
    Column(name.to_owned())
}

pub fn rows(table: &str) -> Rows {
    Rows {
        table: table.to_owned(),
        conditions: Vec::new(),
    }
}

pub fn exists(rows: Rows) -> Condition {
    Condition(Test::Exists("EXISTS", rows))
}

pub fn not_exists(rows: Rows) -> Condition {
    Condition(Test::Exists("NOT EXISTS", rows))
}

/// Holds if at least one of the conditions does.
pub fn any_of(conditions: impl IntoIterator<Item = Condition>) -> Condition {
    Condition(Test::AnyOf(conditions.into_iter().collect()))
}

impl Column {
    /// A constant null is compared with `IS NULL`; an argument that turns out to be null is not,
    /// since that would be another text.
    pub fn equals(self, operand: impl Into<Operand>) -> Condition {
        match operand.into() {
            Operand(Kind::Constant(Value::Null)) => self.is_null(),
            operand => Condition(Test::Compare(self.0, "=", operand)),
        }
    }

    pub fn not_equals(self, operand: impl Into<Operand>) -> Condition {
        match operand.into() {
            Operand(Kind::Constant(Value::Null)) => self.is_not_null(),
            operand => Condition(Test::Compare(self.0, "<>", operand)),
        }
    }

    pub fn is_in<T: Into<Operand>>(self, list: impl IntoIterator<Item = T>) -> Condition {
        let list = list.into_iter().map(Into::into).collect();
        Condition(Test::List(self.0, "IN", list))
    }

    pub fn not_in<T: Into<Operand>>(self, list: impl IntoIterator<Item = T>) -> Condition {
        let list = list.into_iter().map(Into::into).collect();
        Condition(Test::List(self.0, "NOT IN", list))
    }

    pub fn is_null(self) -> Condition {
        Condition(Test::Null(self.0, "IS NULL"))
    }

    pub fn is_not_null(self) -> Condition {
        Condition(Test::Null(self.0, "IS NOT NULL"))
    }
}

impl Rows {
    pub fn when(mut self, condition: Condition) -> Self {
        self.conditions.push(condition);
        self
    }
}

impl Update {
    pub fn table(name: &str) -> Self {
        Self {
            sets: Vec::new(),
            rows: rows(name),
        }
    }

    pub fn set(mut self, column: &str, operand: impl Into<Operand>) -> Self {
        self.sets.push((column.to_owned(), operand.into()));
        self
    }

    /// One more condition; all of them must hold.
    pub fn when(mut self, condition: Condition) -> Self {
        self.rows = self.rows.when(condition);
        self
    }

    /// The same as text. `rejected` with `bad-statement` for a name that is no plain identifier, for an
    /// update that sets nothing or asks nothing, and for a null in a list.
    pub fn build(self) -> Result<UpdateSql, Error> {
        if self.sets.is_empty() || self.rows.conditions.is_empty() {
            return Err(bad("an update that sets nothing or has no condition"));
        }
        let mut text = Writer::default();
        text.word("UPDATE ").name(&self.rows.table)?.word(" SET ");
        for (i, (column, operand)) in self.sets.into_iter().enumerate() {
            text.word(if i == 0 { "" } else { ", " });
            text.name(&column)?.word(" = ").operand(operand)?;
        }
        text.conditions(" WHERE ", " AND ", self.rows.conditions)?;
        Ok(text.finish())
    }

    /// Prepares the update on a session, which must be kept as long as the update is.
    pub fn prepare(self, session: &Session) -> Result<PreparedUpdate, Error> {
        let update = self.build()?;
        let statement = session.prepare(&update.sql)?;
        Ok(PreparedUpdate { update, statement })
    }
}

impl UpdateSql {
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// All parameters, in their order: `arguments` and the constants between them. Nothing is copied
    /// if there are no constants.
    pub fn params<'a>(&self, arguments: &'a [Value]) -> Result<Cow<'a, [Value]>, Error> {
        if arguments.len() != self.arguments {
            let (given, taken) = (arguments.len(), self.arguments);
            return Err(bad(format!("{given} arguments given, {taken} taken")));
        }
        if self.params.len() == arguments.len() {
            return Ok(Cow::Borrowed(arguments));
        }
        let mut arguments = arguments.iter();
        let all = self.params.iter().filter_map(|param| match param {
            Kind::Constant(value) => Some(value.clone()),
            _ => arguments.next().cloned(),
        });
        Ok(Cow::Owned(all.collect()))
    }

    /// Runs it once. Gives the number of rows that met every condition and were written.
    pub fn execute(&self, session: &Session, arguments: &[Value]) -> Result<u64, Error> {
        session.execute(&self.sql, &self.params(arguments)?)
    }
}

impl PreparedUpdate {
    /// Runs it. Gives the number of rows that met every condition and were written.
    pub fn execute(&self, arguments: &[Value]) -> Result<u64, Error> {
        self.statement.execute(&self.update.params(arguments)?)
    }
}

impl From<Column> for Operand {
    fn from(column: Column) -> Self {
        Self(Kind::Column(column.0))
    }
}

impl From<Value> for Operand {
    fn from(value: Value) -> Self {
        Self(Kind::Constant(value))
    }
}

impl From<&str> for Operand {
    fn from(text: &str) -> Self {
        Value::from(text).into()
    }
}

impl From<i64> for Operand {
    fn from(integer: i64) -> Self {
        Value::from(integer).into()
    }
}

#[derive(Default)]
struct Writer {
    sql: String,
    params: Vec<Kind>,
}

impl Writer {
    fn word(&mut self, word: &str) -> &mut Self {
        self.sql.push_str(word);
        self
    }

    fn name(&mut self, name: &str) -> Result<&mut Self, Error> {
        // Not quoted, since databases disagree about the quotes; so only what needs none.
        let plain = |part: &str| {
            part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        if !name.split('.').all(plain) {
            return Err(bad(format!("`{name}` as a name")));
        }
        Ok(self.word(name))
    }

    fn operand(&mut self, operand: Operand) -> Result<&mut Self, Error> {
        match operand.0 {
            Kind::Column(name) => return self.name(&name),
            param => self.params.push(param),
        }
        Ok(self.word("?"))
    }

    fn conditions(
        &mut self,
        before: &str,
        between: &str,
        conditions: Vec<Condition>,
    ) -> Result<(), Error> {
        for (i, condition) in conditions.into_iter().enumerate() {
            self.word(if i == 0 { before } else { between });
            self.condition(condition)?;
        }
        Ok(())
    }

    fn condition(&mut self, condition: Condition) -> Result<(), Error> {
        match condition.0 {
            Test::Compare(column, sign, operand) => {
                self.name(&column)?.word(" ").word(sign).word(" ");
                self.operand(operand)?;
            }
            Test::List(column, sign, list) => self.list(&column, sign, list)?,
            Test::Null(column, test) => {
                self.name(&column)?.word(" ").word(test);
            }
            Test::Exists(sign, rows) => {
                self.word(sign).word(" (SELECT 1 FROM ").name(&rows.table)?;
                self.conditions(" WHERE ", " AND ", rows.conditions)?;
                self.word(")");
            }
            Test::AnyOf(conditions) if conditions.is_empty() => {
                self.word("1 = 0");
            }
            Test::AnyOf(conditions) => {
                self.conditions("(", " OR ", conditions)?;
                self.word(")");
            }
        }
        Ok(())
    }

    fn list(&mut self, column: &str, sign: &str, list: Vec<Operand>) -> Result<(), Error> {
        if list.contains(&Operand(Kind::Constant(Value::Null))) {
            return Err(bad("a null in a list never equals anything; use is_null"));
        }
        if list.is_empty() {
            // `IN ()` is a syntax error; nothing is in an empty list.
            self.word(if sign == "IN" { "1 = 0" } else { "1 = 1" });
            return Ok(());
        }
        self.name(column)?.word(" ").word(sign);
        for (i, operand) in list.into_iter().enumerate() {
            self.word(if i == 0 { " (" } else { ", " })
                .operand(operand)?;
        }
        self.word(")");
        Ok(())
    }

    fn finish(self) -> UpdateSql {
        let is_argument = |param: &&Kind| matches!(param, Kind::Argument);
        UpdateSql {
            arguments: self.params.iter().filter(is_argument).count(),
            sql: self.sql,
            params: self.params,
        }
    }
}

fn bad(what: impl Into<String>) -> Error {
    Error::rejected("bad-statement", what)
}

#[cfg(test)]
mod tests;
