//! A statement that may be run, with what a backend needs to know of it.

use super::locking::LockingClause;

/// The action of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Read,
    Write,
    /// Creates or drops a table or a trigger: the host's alone, and not every server can prepare it.
    Define,
    /// Sets, releases or goes back to a savepoint of the open transaction. It affects no rows, and takes
    /// no parameters.
    Savepoint,
    /// Sets a variable of the session it runs on. It affects no rows, takes no parameters, and is
    /// set again when the session is re-opened.
    Set,
}

/// The locking clause of a SELECT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowLock {
    /// `NOWAIT`, `SKIP LOCKED` or `WAIT n` was asked for.
    pub impatient: bool,
    /// The table whose rows are locked.
    pub table: String,
    /// The same statement without the clause, for a database that lacks it.
    pub text_without_clause: String,
    pub clause: LockingClause,
}

/// One admitted statement. Its text never changes, so a backend may prepare it once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    text: String,
    action: Action,
    row_lock: Option<RowLock>,
    parameters: usize,
    is_kept: bool,
    returns_rows: bool,
}

impl Statement {
    pub(super) fn new(
        text: String,
        action: Action,
        row_lock: Option<RowLock>,
        parameters: usize,
    ) -> Self {
        Self {
            text,
            action,
            row_lock,
            parameters,
            is_kept: true,
            returns_rows: action == Action::Read,
        }
    }

    /// The same for a statement that writes and ends with RETURNING.
    pub(super) fn returning_rows(self) -> Self {
        Self {
            returns_rows: true,
            ..self
        }
    }

    /// The same, to be prepared for each call: what an instance may keep prepared has a bound.
    pub fn unkept(&self) -> Self {
        Self {
            is_kept: false,
            ..self.clone()
        }
    }

    /// True if a session may keep it prepared.
    pub fn is_kept(&self) -> bool {
        self.is_kept
    }

    /// A statement of the host itself, which bypasses the SQL policy. Never made from a strategy's text.
    pub fn of_host(text: impl Into<String>, action: Action) -> Self {
        let text = text.into();
        let parameters = text.matches('?').count();
        Self::new(text, action, None, parameters)
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn action(&self) -> Action {
        self.action
    }

    pub fn row_lock(&self) -> Option<&RowLock> {
        self.row_lock.as_ref()
    }

    /// A query, or a statement that writes and ends with RETURNING. It belongs to `query`.
    pub fn returns_rows(&self) -> bool {
        self.returns_rows
    }

    /// A setting that holds for the next transaction alone.
    pub fn is_for_one_transaction(&self) -> bool {
        self.action == Action::Set && self.text.starts_with("SET TRANSACTION ")
    }

    /// The text with something else for each mark; `write` gets the numbers of the marks, from 0.
    pub fn with_marks(&self, write: impl FnMut(usize) -> String) -> String {
        with_marks(&self.text, write)
    }

    /// The number of `?`.
    pub fn parameters(&self) -> usize {
        self.parameters
    }
}

/// Puts what `write` returns for each of the question marks outside of quotes, which are numbered from 0. A
/// quote within quotes is doubled, which ends them and begins them again.
pub fn with_marks(text: &str, mut write: impl FnMut(usize) -> String) -> String {
    let mut written = String::with_capacity(text.len() + 8);
    let (mut quote, mut number) = (None, 0);
    for sign in text.chars() {
        match (sign, quote) {
            ('?', None) => {
                written += &write(number);
                number += 1;
                continue;
            }
            ('\'' | '"', None) => quote = Some(sign),
            (_, Some(open)) if open == sign => quote = None,
            _ => {}
        }
        written.push(sign);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_replaced_outside_of_quotes() {
        for (text, expected) in [
            ("a = ? AND b IN (?, ?)", "a = $1 AND b IN ($2, $3)"),
            ("a = '?' AND \"?\" = ?", "a = '?' AND \"?\" = $1"),
            ("a = 'it''s ?' AND b = ?", "a = 'it''s ?' AND b = $1"),
            (
                "a = '\"' AND b = ? AND c = '\"'",
                "a = '\"' AND b = $1 AND c = '\"'",
            ),
            ("a = 'ü' AND b = ?", "a = 'ü' AND b = $1"),
        ] {
            let numbered = with_marks(text, |number| format!("${}", number + 1));
            assert_eq!(numbered, expected);
        }
    }
}
