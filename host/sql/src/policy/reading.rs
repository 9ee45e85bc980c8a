//! Parses a text into a tree, with the parts of MariaDB's grammar that sqlparser lacks.
//!
//! Two things stand at the end of a statement that the parser does not know there. The locking clause
//! of a SELECT is taken off before it is parsed (`LOCK IN SHARE MODE`, `FOR UPDATE WAIT 3`), and the
//! `RETURNING` of a DELETE, which MariaDB has behind ORDER BY and LIMIT, is parsed before them:
//!
//! ```text
//! DELETE FROM jobs ORDER BY id LIMIT 1 RETURNING id       what MariaDB runs
//! DELETE FROM jobs RETURNING id ORDER BY id LIMIT 1       what the parser reads
//! ```

use crate::locking::{LockingClause, at_the_end};
use sqlparser::ast::Statement;
use sqlparser::dialect::Dialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

/// One statement, and the clauses at its end.
pub struct Reading {
    pub statement: Statement,
    pub lock: Option<LockingClause>,
    /// RETURNING stood behind ORDER BY or LIMIT.
    pub returns_last: bool,
}

/// The reason why a text is not one statement.
pub enum NotRead {
    Syntax(String),
    Empty,
    Several(usize),
}

/// The longest locking clause has six words: `LOCK IN SHARE MODE SKIP LOCKED`.
const LONGEST_CLAUSE: usize = 6;

/// Reads a text that is one statement. Places in the tree are those of the text.
pub fn read(sql: &str, dialect: &dyn Dialect, max_nesting: usize) -> Result<Reading, NotRead> {
    let tokens = Tokenizer::new(dialect, sql).tokenize_with_location();
    let mut tokens = tokens.map_err(|error| NotRead::Syntax(error.to_string()))?;
    let lock = take_clause(&mut tokens);
    let returns_last = lock.is_none() && move_returning(&mut tokens);
    let statements = Parser::new(dialect)
        .with_recursion_limit(max_nesting)
        .with_tokens_with_locations(tokens)
        .parse_statements();
    let mut statements = statements.map_err(|error| NotRead::Syntax(error.to_string()))?;
    match (statements.pop(), statements.len()) {
        (Some(statement), 0) => Ok(Reading {
            statement,
            lock,
            returns_last,
        }),
        (None, _) => Err(NotRead::Empty),
        (_, more) => Err(NotRead::Several(more + 1)),
    }
}

/// Takes the locking clause off, with the semicolon behind it.
fn take_clause(tokens: &mut Vec<TokenWithSpan>) -> Option<LockingClause> {
    let is_end =
        |token: &Token| matches!(token, Token::Whitespace(_) | Token::SemiColon | Token::EOF);
    let end = tokens.iter().rposition(|token| !is_end(&token.token))? + 1;
    let places: Vec<usize> = (0..end)
        .rev()
        .filter(|&place| !matches!(tokens[place].token, Token::Whitespace(_)))
        .take(LONGEST_CLAUSE)
        .collect();
    let words: Vec<String> = places
        .iter()
        .rev()
        .map(|&p| word(&tokens[p].token))
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (taken, clause) = at_the_end(&words)?;
    tokens.truncate(places[taken - 1]);
    Some(clause)
}

/// Moves the RETURNING of a DELETE before its ORDER BY and LIMIT. False if it is not behind them.
fn move_returning(tokens: &mut [TokenWithSpan]) -> bool {
    let is_word = |place: usize, wanted: &str| word(&tokens[place].token) == wanted;
    let mut outermost = Vec::new();
    let mut depth = 0_usize;
    for (place, token) in tokens.iter().enumerate() {
        match token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            Token::Word(_) if depth == 0 => outermost.push(place),
            _ => {}
        }
    }
    if !outermost
        .first()
        .is_some_and(|&first| is_word(first, "DELETE"))
    {
        return false;
    }
    let find = |wanted: &[&str]| {
        let is_wanted = |place: &&usize| wanted.iter().any(|word| is_word(**place, word));
        outermost.iter().find(is_wanted).copied()
    };
    let (Some(bounds), Some(returning)) = (find(&["ORDER", "LIMIT"]), find(&["RETURNING"])) else {
        return false;
    };
    if returning < bounds {
        return false;
    }
    let is_end = |token: &TokenWithSpan| matches!(token.token, Token::SemiColon | Token::EOF);
    let end = tokens[returning..].iter().position(is_end);
    let end = end.map_or(tokens.len(), |length| returning + length);
    tokens[bounds..end].rotate_left(returning - bounds);
    true
}

/// The word in upper case; empty for quoted text and for other tokens.
fn word(token: &Token) -> String {
    match token {
        Token::Word(word) if word.quote_style.is_none() => word.value.to_ascii_uppercase(),
        Token::Number(number, false) => number.clone(),
        _ => String::new(),
    }
}
