//! One statement from its text.

use super::refuse::{syntax, unsupported};
use crate::model::fault::Fault;
use sqlparser::ast::Statement;
use sqlparser::dialect::MySqlDialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, Tokenizer};

/// As deep as the gate lets a strategy's statement be.
const MAX_NESTING: usize = 40;

/// `rejected` with `syntax`, or with `unsupported` if there are several.
pub(super) fn parse(text: &str) -> Result<Statement, Fault> {
    one(Parser::new(&MySqlDialect {}).try_with_sql(text))
}

/// The same of what is left of a text.
pub(super) fn parse_tokens(tokens: Vec<Token>) -> Result<Statement, Fault> {
    one(Ok(Parser::new(&MySqlDialect {}).with_tokens(tokens)))
}

fn one(parser: Result<Parser<'_>, ParserError>) -> Result<Statement, Fault> {
    let statements = parser
        .map(|parser| parser.with_recursion_limit(MAX_NESTING))
        .and_then(|mut parser| parser.parse_statements());
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
