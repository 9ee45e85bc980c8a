//! What SQL a strategy may run: SELECT, INSERT, UPDATE and DELETE in the tables of its workload, and
//! SET for a few variables of its session.
//!
//! The text is parsed by a real SQL parser, judged as a tree, and what is run is the tree written
//! out again. So what was judged is what runs: comments are gone, and no trick that one reader of
//! the text sees differently from another can pass.

mod inspection;
mod setting;

use self::inspection::inspect;
use super::statement::{Action, RowLock, Statement};
use crate::model::fault::Fault;
use sqlparser::ast::{self, ObjectName, Query};
use sqlparser::dialect::{Dialect, MySqlDialect, SQLiteDialect};
use sqlparser::parser::Parser;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Longer statements are refused: no strategy needs them, and parsing them would cost the host.
pub const MAX_STATEMENT_BYTES: usize = 64 * 1024;

/// A statement that joins more tables than this could keep a database busy for hours.
pub const MAX_TABLES_PER_STATEMENT: usize = 3;

const MAX_NESTING: usize = 40;

/// How many statements are kept. A strategy has a handful; who builds a new text each time, instead of
/// using parameters, pays for it.
pub const MAX_STATEMENTS: usize = 256;

/// How many bytes of statements are kept.
const MAX_KEPT_BYTES: usize = 16 << 20;

/// A statement is judged on a stack of its own. The parser goes deep, and what it touched of a fiber's
/// stack would stay with the instance as long as it lives: most of an idle worker's memory. A level of
/// sub-queries takes some hundred kilobytes where nothing is optimized; what is not touched costs
/// nothing.
const JUDGING_STACK: usize = 32 << 20;

/// Judges the statements of one run's strategies.
#[derive(Debug)]
pub struct Gate {
    tables: Vec<String>,
    dialect: &'static str,
    judged: Mutex<Kept>,
}

/// The statements that were judged.
#[derive(Debug, Default)]
struct Kept {
    by_text: BTreeMap<Arc<str>, Arc<Statement>>,
    bytes: usize,
}

/// A strategy's text, and the statement that it became.
#[derive(Debug, Clone)]
pub struct Judged {
    pub text: Arc<str>,
    pub statement: Arc<Statement>,
}

impl Judged {
    /// About how much memory it takes.
    pub fn bytes(&self) -> usize {
        let locked = self.statement.row_lock();
        let without = locked.map_or(0, |lock| lock.text_without_clause.len());
        self.text.len() + self.statement.text().len() + without
    }
}

impl Gate {
    /// `tables` are those of the workload; `dialect` is `Database::dialect`.
    pub fn new(tables: &[&str], dialect: &'static str) -> Self {
        Self {
            tables: tables.iter().map(|&table| table.to_owned()).collect(),
            dialect,
            judged: Mutex::default(),
        }
    }

    /// The same as `admit`, but each text is judged once and kept for all instances. They share a lock
    /// for it, so each asks once and keeps the answer; and one statement is judged at a time, whose tree
    /// takes some hundred bytes for each of its words.
    pub fn judged(&self, sql: &str) -> Result<Judged, Fault> {
        let mut all = self.judged.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((text, statement)) = all.by_text.get_key_value(sql) {
            return Ok(Judged {
                text: text.clone(),
                statement: statement.clone(),
            });
        }
        let statement = stacker::grow(JUDGING_STACK, || self.admit(sql))?;
        let judged = Judged {
            text: sql.into(),
            statement: Arc::new(statement),
        };
        if all.by_text.len() >= MAX_STATEMENTS || all.bytes + judged.bytes() > MAX_KEPT_BYTES {
            *all = Kept::default();
        }
        all.bytes += judged.bytes();
        let statement = judged.statement.clone();
        all.by_text.insert(judged.text.clone(), statement);
        Ok(judged)
    }

    /// Parses and judges a strategy's statement. `rejected` with `syntax` or `not-allowed` and a
    /// sentence that says what is wrong.
    pub fn admit(&self, sql: &str) -> Result<Statement, Fault> {
        if sql.len() > MAX_STATEMENT_BYTES {
            let bytes = sql.len();
            return Err(not_allowed(format!(
                "a statement of {bytes} bytes; at most {MAX_STATEMENT_BYTES} are taken"
            )));
        }
        // A database that has no such variables says so itself.
        if let Some(setting) = setting::setting(sql) {
            return setting;
        }
        let judged = self.judge(self.parsed(sql)?)?;
        // What was judged is written out again, and that is what the database reads, so it is read and
        // judged once more: SQLite takes a minus before a minus for a comment, and a text that ends with
        // a backslash does not end for MySQL.
        let again = self.parsed(judged.text()).and_then(|it| self.judge(it));
        match again {
            Ok(again) if again == judged => Ok(judged),
            _ => Err(not_allowed(
                "a text with a backslash, or a sign before a sign: it can't be told how the database \
                 would read it; use a parameter",
            )),
        }
    }

    fn parsed(&self, sql: &str) -> Result<ast::Statement, Fault> {
        let mut parsed = Parser::new(self.parser_dialect())
            .with_recursion_limit(MAX_NESTING)
            .try_with_sql(sql)
            .and_then(|mut parser| parser.parse_statements())
            .map_err(|error| not_parsed(sql, &error.to_string()))?;
        match (parsed.pop(), parsed.len()) {
            (Some(statement), 0) => Ok(statement),
            (None, _) => Err(not_allowed("an empty statement")),
            (_, more) => Err(not_allowed(format!(
                "{} statements in one string; give each to a call of its own",
                more + 1
            ))),
        }
    }

    fn parser_dialect(&self) -> &'static dyn Dialect {
        match self.dialect {
            "sqlite" => &SQLiteDialect {},
            _ => &MySqlDialect {},
        }
    }

    fn judge(&self, statement: ast::Statement) -> Result<Statement, Fault> {
        let action = match &statement {
            ast::Statement::Query(_) => Action::Read,
            ast::Statement::Insert(_) | ast::Statement::Update(_) | ast::Statement::Delete(_) => {
                Action::Write
            }
            other => return Err(verb_not_allowed(&other.to_string())),
        };
        let (tables, parameters) = inspect(self, &statement)?;
        if tables.len() > MAX_TABLES_PER_STATEMENT {
            return Err(not_allowed(format!(
                "{} tables in one statement; at most {MAX_TABLES_PER_STATEMENT}",
                tables.len()
            )));
        }
        let text = statement.to_string();
        if text.contains("/*") {
            return Err(not_allowed("an optimizer hint or a comment"));
        }
        let row_lock = match statement {
            ast::Statement::Query(query) => row_lock(*query, tables.first())?,
            _ => None,
        };
        Ok(Statement::new(text, action, row_lock, parameters))
    }

    fn has_table(&self, name: &ObjectName) -> bool {
        let [part] = name.0.as_slice() else {
            return false;
        };
        part.as_ident().is_some_and(|ident| {
            let same = |table: &String| table.eq_ignore_ascii_case(&ident.value);
            self.tables.iter().any(same)
        })
    }
}

fn not_allowed(what: impl Into<String>) -> Fault {
    Fault::rejected("not-allowed", format!("not allowed: {}", what.into()))
}

fn verb_not_allowed(text: &str) -> Fault {
    let verb = text.split_whitespace().next().unwrap_or("this");
    not_allowed(format!(
        "{verb}; a strategy may SELECT, INSERT, UPDATE and DELETE, and has begin, commit and \
         rollback as calls of the session"
    ))
}

/// The parser stumbles over the details of statements that would be refused anyway; then the verb
/// is the better reason.
fn not_parsed(sql: &str, error: &str) -> Fault {
    let word: String = sql.chars().take_while(char::is_ascii_alphabetic).collect();
    match word.to_ascii_uppercase().as_str() {
        "ALTER" | "ATTACH" | "CALL" | "CREATE" | "DETACH" | "DROP" | "GRANT" | "LOCK"
        | "PRAGMA" | "TRUNCATE" | "VACUUM" => verb_not_allowed(sql),
        _ => Fault::rejected("syntax", error),
    }
}

/// The locking clause of a query's outermost level. Inner ones were refused before.
fn row_lock(mut query: Query, table: Option<&String>) -> Result<Option<RowLock>, Fault> {
    let locks = std::mem::take(&mut query.locks);
    let (lock, table) = match (locks.as_slice(), table) {
        ([], _) => return Ok(None),
        ([lock], Some(table)) => (lock, table),
        (_, None) => return Err(not_allowed("a locking clause without a table")),
        _ => return Err(not_allowed("more than one locking clause")),
    };
    Ok(Some(RowLock {
        impatient: lock.nonblock.is_some(),
        table: table.clone(),
        text_without_clause: query.to_string(),
    }))
}

#[cfg(test)]
mod tests;
