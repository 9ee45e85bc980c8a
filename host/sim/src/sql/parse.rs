//! One statement from its text.
//!
//! The thousands of simulations of a search run the same few texts, so each thread keeps what it has read:
//! parsing was a tenth of a simulation.

use super::dialect::Dialect;
use super::refuse::{syntax, unsupported};
use crate::capability::sql_policy::{MAX_NESTING, NotRead, Reading, read};
use crate::model::error::CallError;
use rustc_hash::FxHashMap;
use sqlparser::ast::Statement;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer};
use std::cell::RefCell;
use std::rc::Rc;
use std::thread::LocalKey;

/// Bytes of texts that a thread keeps. A tree takes a hundred times as much and more, and a strategy that makes
/// a new text for each call fills it.
const MAX_KEPT_BYTES: usize = 64 << 10;

/// Parsed texts of a thread.
pub(super) struct Kept<T> {
    by_text: FxHashMap<Box<str>, Rc<T>>,
    bytes: usize,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self {
            by_text: FxHashMap::default(),
            bytes: 0,
        }
    }
}

/// The value for a text: kept, or made now. Errors are not kept.
pub(super) fn once<T>(
    kept: &'static LocalKey<RefCell<Kept<T>>>,
    text: &str,
    make: impl FnOnce() -> Result<T, CallError>,
) -> Result<Rc<T>, CallError> {
    if let Some(known) = kept.with_borrow(|kept| kept.by_text.get(text).cloned()) {
        return Ok(known);
    }
    let made = Rc::new(make()?);
    kept.with_borrow_mut(|kept| {
        if kept.bytes + text.len() > MAX_KEPT_BYTES {
            *kept = Kept::default();
        }
        kept.bytes += text.len();
        kept.by_text.insert(text.into(), made.clone());
    });
    Ok(made)
}

/// Reads a text as the SQL policy does. `rejected` with `syntax`, or with `unsupported` if there are several
/// statements.
pub(super) fn parse(text: &str, dialect: Dialect) -> Result<Rc<Reading>, CallError> {
    thread_local! {
        static OF_MYSQL: RefCell<Kept<Reading>> = RefCell::default();
        static OF_POSTGRES: RefCell<Kept<Reading>> = RefCell::default();
    }
    let kept = match dialect {
        Dialect::Mysql => &OF_MYSQL,
        Dialect::Postgres => &OF_POSTGRES,
    };
    once(kept, text, || {
        read(text, dialect.grammar(), MAX_NESTING).map_err(|why| match why {
            NotRead::Syntax(error) => syntax(dialect, error),
            NotRead::Empty => syntax(dialect, "an empty statement"),
            NotRead::Several(_) => unsupported("several statements in one text"),
        })
    })
}

/// The same of what is left of a text.
pub(super) fn parse_tokens(tokens: Vec<Token>, dialect: Dialect) -> Result<Statement, CallError> {
    let statements = Parser::new(dialect.grammar())
        .with_tokens(tokens)
        .with_recursion_limit(MAX_NESTING)
        .parse_statements();
    let mut statements = statements.map_err(|error| syntax(dialect, error.to_string()))?;
    match (statements.pop(), statements.len()) {
        (Some(statement), 0) => Ok(statement),
        (None, _) => Err(syntax(dialect, "an empty statement")),
        _ => Err(unsupported("several statements in one text")),
    }
}

/// The words and signs of a text, without the space between them.
pub(super) fn tokens(text: &str, dialect: Dialect) -> Result<Vec<Token>, CallError> {
    let tokens = Tokenizer::new(dialect.grammar(), text).tokenize();
    let mut tokens = tokens.map_err(|error| syntax(dialect, error.to_string()))?;
    tokens.retain(|token| !matches!(token, Token::Whitespace(_)));
    Ok(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Rc<Reading>, CallError> {
        super::parse(text, Dialect::Mysql)
    }

    #[test]
    fn dialects_have_their_own_trees() {
        let text = "SELECT id FROM t WHERE a = \"b\"";
        let [mysql, postgres] = [Dialect::Mysql, Dialect::Postgres]
            .map(|dialect| super::parse(text, dialect).unwrap().statement.clone());
        assert_ne!(mysql, postgres, "a text for the one, a name for the other");
    }

    #[test]
    fn text_is_read_once_until_others_have_filled_the_bound() {
        let select = "SELECT id FROM t";
        let first = parse(select).unwrap();
        assert!(Rc::ptr_eq(&first, &parse(select).unwrap()));
        // Each is shorter than the bound, and together they exceed it.
        for n in 0..3 {
            let long = format!("SELECT {n}{}", " ".repeat(MAX_KEPT_BYTES / 2));
            parse(&long).unwrap();
        }
        assert!(!Rc::ptr_eq(&first, &parse(select).unwrap()));
    }

    #[test]
    fn errors_are_not_kept() {
        for _ in 0..2 {
            assert_eq!(parse("SELEKT").err().unwrap().code, "syntax");
        }
    }
}
