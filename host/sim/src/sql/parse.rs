//! One statement from its text.

use super::refuse::{syntax, unsupported};
use crate::capability::sql_policy::{MAX_NESTING, NotRead, Reading, read};
use crate::model::fault::Fault;
use sqlparser::ast::Statement;
use sqlparser::dialect::MySqlDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer};

/// Reads a text as the SQL policy does. `rejected` with `syntax`, or with `unsupported` if there are several
/// statements.
pub(super) fn parse(text: &str) -> Result<Reading, Fault> {
    read(text, &MySqlDialect {}, MAX_NESTING).map_err(|why| match why {
        NotRead::Syntax(error) => syntax(error),
        NotRead::Empty => syntax("an empty statement"),
        NotRead::Several(_) => unsupported("several statements in one text"),
    })
}

/// The same of what is left of a text.
pub(super) fn parse_tokens(tokens: Vec<Token>) -> Result<Statement, Fault> {
    let statements = Parser::new(&MySqlDialect {})
        .with_tokens(tokens)
        .with_recursion_limit(MAX_NESTING)
        .parse_statements();
    let mut statements = statements.map_err(|error| syntax(error.to_string()))?;
    match (statements.pop(), statements.len()) {
        (Some(statement), 0) => Ok(statement),
        (None, _) => Err(syntax("an empty statement")),
        _ => Err(unsupported("several statements in one text")),
    }
}

/// The words and signs of a text, without the space between them.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Fault> {
    let tokens = Tokenizer::new(&MySqlDialect {}, text).tokenize();
    let mut tokens = tokens.map_err(|error| syntax(error.to_string()))?;
    tokens.retain(|token| !matches!(token, Token::Whitespace(_)));
    Ok(tokens)
}
