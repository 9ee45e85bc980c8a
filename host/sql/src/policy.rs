//! The SQL that a strategy may run: SELECT, INSERT, UPDATE and DELETE in the tables of its workload,
//! SET for a few variables of its session, and savepoints.
//!
//! The policy refuses a statement for one of four reasons: it reaches beyond the tables (files, other
//! schemas, variables, locks of the server), it can keep a server busy for hours, it breaks a promise
//! of the contract (`rejected` leaves the transaction open), or the server would parse it differently
//! from the policy, at best an error on every call. `functions`, `inspection` and `clauses` list them
//! with their reasons; `strategies/WRITING.md` explains them to authors.
//!
//! A SQL parser turns the text into a tree, the policy checks the tree, and the tree printed as SQL is
//! what runs. So exactly what was checked runs: comments are gone, and a text that two parsers read
//! differently can't pass.
//!
//! ```text
//! select status /* x */ from volumes where id = ?   runs as  SELECT status FROM volumes WHERE id = ?
//! SELECT 1 FROM mysql.user                          refused: the table mysql.user
//! SELECT 1 FROM volumes WHERE id LIKE '%a'          refused: a pattern can take hours
//! DELETE FROM volumes; DROP TABLE volumes           refused: 2 statements in one string
//! ```

mod clauses;
mod depth;
mod dialect;
mod functions;
mod inspection;
mod names;
mod reading;
mod refusal;
mod setting;

pub use self::dialect::PostgresWithMarks;
pub use self::reading::{NotRead, Reading, read};

use self::dialect::Dialect;
use self::inspection::inspect;
use self::refusal::not_allowed;
use super::locking::{IfLocked, LockingClause};
use super::statement::{Action, RowLock, Statement};
use crate::model::error::CallError;
use sqlparser::ast::{self, ObjectName, SelectItem, SetExpr};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Longer statements are refused: no strategy needs them, and parsing them would cost the host.
pub const MAX_STATEMENT_BYTES: usize = 64 * 1024;

/// A statement that joins more tables than this could keep a database busy for hours.
pub const MAX_TABLES_PER_STATEMENT: usize = 3;

/// Deepest nesting of a statement, for the simulator's parser as well.
pub const MAX_NESTING: usize = 40;

/// Number of statements in the cache. A strategy has a handful; one that builds a new text each time,
/// instead of using parameters, pays for parsing.
pub const MAX_STATEMENTS: usize = 256;

/// Bytes of statements in the cache.
const MAX_KEPT_BYTES: usize = 16 << 20;

/// Stack of the parser, separate from the fiber's. The parser recurses deeply, and what it touched of a
/// fiber's stack would stay with the instance as long as it lives: most of an idle worker's memory. A
/// level of sub-queries takes some hundred kilobytes where nothing is optimized; what is not touched
/// costs nothing.
const PARSER_STACK: usize = 32 << 20;

/// Admits or refuses the statements of strategies.
#[derive(Debug)]
pub struct SqlPolicy {
    tables: Vec<String>,
    dialect: Dialect,
    admitted: Mutex<Kept>,
}

/// The cache of admitted statements.
#[derive(Debug, Default)]
struct Kept {
    by_text: BTreeMap<Arc<str>, Arc<Statement>>,
    bytes: usize,
}

/// A strategy's text, and the statement that it became.
#[derive(Debug, Clone)]
pub struct Admitted {
    pub text: Arc<str>,
    pub statement: Arc<Statement>,
}

impl Admitted {
    /// About how much memory it takes.
    pub fn bytes(&self) -> usize {
        let locked = self.statement.row_lock();
        let without = locked.map_or(0, |lock| lock.text_without_clause.len());
        self.text.len() + self.statement.text().len() + without
    }
}

impl SqlPolicy {
    /// The policy of this process for these tables. The simulations of a search share its cache.
    pub fn shared(tables: &[&str], dialect: &'static str) -> Arc<Self> {
        static ALL: Mutex<Vec<Arc<SqlPolicy>>> = Mutex::new(Vec::new());
        let wanted = Dialect::from_name(dialect);
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all
            .iter()
            .find(|known| known.tables == tables && known.dialect == wanted);
        if let Some(known) = known {
            return known.clone();
        }
        let new = Arc::new(Self::new(tables, dialect));
        all.push(new.clone());
        new
    }

    /// `tables` are those of the workload; `dialect` is `Database::dialect`.
    pub fn new(tables: &[&str], dialect: &'static str) -> Self {
        Self {
            tables: tables.iter().map(|&table| table.to_owned()).collect(),
            dialect: Dialect::from_name(dialect),
            admitted: Mutex::default(),
        }
    }

    /// Like `admit`, with a cache that all instances share. The cache has one lock, so an instance asks
    /// once for each text and keeps the answer; and only one statement is parsed at a time, whose tree
    /// takes some hundred bytes for each of its words.
    pub fn admit_once(&self, sql: &str) -> Result<Admitted, CallError> {
        let mut all = self.admitted.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((text, statement)) = all.by_text.get_key_value(sql) {
            return Ok(Admitted {
                text: text.clone(),
                statement: statement.clone(),
            });
        }
        let statement = stacker::grow(PARSER_STACK, || self.admit(sql))?;
        let admitted = Admitted {
            text: sql.into(),
            statement: Arc::new(statement),
        };
        if all.by_text.len() >= MAX_STATEMENTS || all.bytes + admitted.bytes() > MAX_KEPT_BYTES {
            *all = Kept::default();
        }
        all.bytes += admitted.bytes();
        let statement = admitted.statement.clone();
        all.by_text.insert(admitted.text.clone(), statement);
        Ok(admitted)
    }

    /// Parses and checks a strategy's statement. Returns `rejected` with `syntax` or `not-allowed` and
    /// a sentence that says what is wrong.
    pub fn admit(&self, sql: &str) -> Result<Statement, CallError> {
        if sql.len() > MAX_STATEMENT_BYTES {
            let bytes = sql.len();
            return Err(not_allowed(format!(
                "a statement of {bytes} bytes exceeds the limit of {MAX_STATEMENT_BYTES}"
            )));
        }
        // A database without such variables returns its own error.
        if let Some(setting) = setting::setting(sql, self.dialect) {
            return setting;
        }
        let admitted = self.admit_parsed(self.parsed(sql)?)?;
        // The database parses the printed tree, so that text is parsed and checked once more: SQLite
        // takes a minus before a minus for a comment, and a text that ends with a backslash does not
        // end for MySQL.
        let again = self
            .parsed(admitted.text())
            .and_then(|it| self.admit_parsed(it));
        match again {
            Ok(again) if again == admitted => Ok(admitted),
            _ => Err(not_allowed(
                "a text with a backslash, or a sign before a sign: the database could read it \
                 differently; use a parameter",
            )),
        }
    }

    fn parsed(&self, sql: &str) -> Result<Reading, CallError> {
        read(sql, self.dialect.parser(), MAX_NESTING).map_err(|why| match why {
            NotRead::Syntax(error) => not_parsed(sql, &error),
            NotRead::Empty => not_allowed("an empty statement"),
            NotRead::Several(several) => not_allowed(format!(
                "{several} statements in one string; give each to a call of its own"
            )),
        })
    }

    fn admit_parsed(&self, reading: Reading) -> Result<Statement, CallError> {
        let Reading {
            mut statement,
            lock,
            returns_last,
        } = reading;
        depth::check(&statement)?;
        if let Some(text) = savepoint(&statement, self.dialect)? {
            return match lock {
                None => Ok(Statement::new(text, Action::Savepoint, None, 0)),
                Some(_) => Err(not_allowed("a locking clause without a SELECT")),
            };
        }
        names::understand(&mut statement, self.dialect);
        let action = match &statement {
            ast::Statement::Query(_) => Action::Read,
            ast::Statement::Insert(insert) => {
                clauses::insert(insert, self.dialect)?;
                Action::Write
            }
            ast::Statement::Update(update) => {
                clauses::update(update, self.dialect)?;
                Action::Write
            }
            ast::Statement::Delete(delete) => {
                clauses::delete(delete, returns_last, self.dialect)?;
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
        names::quote(&mut statement, &self.tables, self.dialect);
        let returned = returned(&mut statement);
        let mut text = statement.to_string();
        for item in returned.iter().flatten().enumerate() {
            let before = if item.0 == 0 { " RETURNING " } else { ", " };
            text += &format!("{before}{}", item.1);
        }
        if text.contains("/*") {
            return Err(not_allowed("an optimizer hint or a comment"));
        }
        let row_lock = match lock {
            Some(lock) => {
                let is_plain = matches!(&statement, ast::Statement::Query(query)
                    if matches!(*query.body, SetExpr::Select(_)));
                let locked = self.row_lock(lock, is_plain, tables.first(), &text)?;
                text += &format!(" {}", locked.clause);
                Some(locked)
            }
            None => None,
        };
        let admitted = Statement::new(text, action, row_lock, parameters);
        Ok(match returned {
            Some(_) => admitted.returning_rows(),
            None => admitted,
        })
    }

    fn row_lock(
        &self,
        clause: LockingClause,
        is_plain: bool,
        table: Option<&String>,
        text: &str,
    ) -> Result<RowLock, CallError> {
        if !is_plain {
            return Err(not_allowed("a locking clause of anything but one SELECT"));
        }
        let Some(table) = table else {
            return Err(not_allowed("a locking clause without a table"));
        };
        let lacks = match self.dialect {
            Dialect::Mysql if clause.is_standard => {
                Some("FOR SHARE, which MariaDB does not have; write LOCK IN SHARE MODE")
            }
            Dialect::Postgres if !clause.exclusive && !clause.is_standard => {
                Some("LOCK IN SHARE MODE, which PostgreSQL does not have; write FOR SHARE")
            }
            Dialect::Postgres if matches!(clause.if_locked, IfLocked::WaitFor(_)) => Some(
                "WAIT n, which PostgreSQL does not have; SET lock_timeout, in milliseconds, before it",
            ),
            _ => None,
        };
        if let Some(lacks) = lacks {
            return Err(not_allowed(lacks));
        }
        Ok(RowLock {
            impatient: clause.if_locked != IfLocked::Wait,
            table: table.clone(),
            text_without_clause: text.to_owned(),
            clause,
        })
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

fn verb_not_allowed(text: &str) -> CallError {
    let verb = text.split_whitespace().next().unwrap_or("this");
    not_allowed(format!(
        "{verb}; a strategy may SELECT, INSERT, UPDATE and DELETE, set a SAVEPOINT, and has begin, \
         commit and rollback as calls of the session"
    ))
}

/// The error for a text that the parser does not understand. If the policy would refuse its verb
/// anyway, the verb is the better reason.
fn not_parsed(sql: &str, error: &str) -> CallError {
    let word: String = sql.chars().take_while(char::is_ascii_alphabetic).collect();
    match word.to_ascii_uppercase().as_str() {
        "ALTER" | "ATTACH" | "CALL" | "CREATE" | "DETACH" | "DROP" | "GRANT" | "LOCK"
        | "PRAGMA" | "TRUNCATE" | "VACUUM" => verb_not_allowed(sql),
        _ => CallError::rejected("syntax", error),
    }
}

/// The text of a statement about a savepoint, whose name is quoted.
fn savepoint(statement: &ast::Statement, dialect: Dialect) -> Result<Option<String>, CallError> {
    let (verb, name) = match statement {
        ast::Statement::Savepoint { name } => ("SAVEPOINT", name),
        ast::Statement::ReleaseSavepoint { name } => ("RELEASE SAVEPOINT", name),
        ast::Statement::Rollback {
            chain: false,
            savepoint: Some(name),
        } => ("ROLLBACK TO SAVEPOINT", name),
        _ => return Ok(None),
    };
    let is_of_a_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.value.is_empty() || name.value.len() > 64 || !name.value.chars().all(is_of_a_word) {
        return Err(not_allowed(format!(
            "the savepoint {name}; its name has letters, digits and _"
        )));
    }
    Ok(Some(format!(
        "{verb} {}",
        names::quoted(&name.value, dialect)
    )))
}

/// Takes the columns of RETURNING, which stand at the end of the text.
fn returned(statement: &mut ast::Statement) -> Option<Vec<SelectItem>> {
    match statement {
        ast::Statement::Insert(insert) => insert.returning.take(),
        ast::Statement::Update(update) => update.returning.take(),
        ast::Statement::Delete(delete) => delete.returning.take(),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
