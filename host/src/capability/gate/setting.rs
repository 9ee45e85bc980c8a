//! The variables of its session that a strategy may set, since they are part of the experiment.
//!
//! A grammar of its own, because the parser loses the scope of some forms. What is run is written
//! anew from the parts that were recognized, so nothing else can pass.

use super::not_allowed;
use crate::capability::statement::{Action, Statement};
use crate::model::fault::Fault;
use sqlparser::dialect::MySqlDialect;
use sqlparser::tokenizer::{Token, Tokenizer};

/// Variables that take a whole number.
const NUMBERS: &[&str] = &[
    "innodb_lock_wait_timeout",
    "wsrep_retry_autocommit",
    "wsrep_sync_wait",
];

/// Variables that take the name of an isolation level, in quotes.
const ISOLATION: &[&str] = &["transaction_isolation", "tx_isolation"];

const LEVELS: &[&str] = &[
    "READ-UNCOMMITTED",
    "READ-COMMITTED",
    "REPEATABLE-READ",
    "SERIALIZABLE",
];

/// A number of more digits is a mistake: the longest wait is a matter of hours, in seconds.
const MAX_DIGITS: usize = 5;

/// The statement, if the text begins with SET; `rejected` if it sets what a strategy may not.
pub(super) fn setting(sql: &str) -> Option<Result<Statement, Fault>> {
    let mut words = sql.split_whitespace();
    if !words.next()?.eq_ignore_ascii_case("set") {
        return None;
    }
    let text = recognized(sql).ok_or_else(|| {
        not_allowed(format!(
            "this SET; a strategy may set, one at a time and for its session: {} and {} to a whole \
             number (SET SESSION wsrep_sync_wait = 1), and the isolation level (SET SESSION \
             TRANSACTION ISOLATION LEVEL READ COMMITTED)",
            NUMBERS[..NUMBERS.len() - 1].join(", "),
            NUMBERS[NUMBERS.len() - 1],
        ))
    });
    Some(text.map(|text| Statement::new(text, Action::Set, None, 0)))
}

fn recognized(sql: &str) -> Option<String> {
    let tokens = Tokenizer::new(&MySqlDialect {}, sql).tokenize().ok()?;
    let mut tokens: Vec<Token> = tokens
        .into_iter()
        .filter(|token| !matches!(token, Token::Whitespace(_)))
        .collect();
    if tokens.last() == Some(&Token::SemiColon) {
        tokens.pop();
    }
    let words: Vec<String> = tokens.iter().map(word).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [
            "set",
            "session",
            "transaction",
            "isolation",
            "level",
            level @ ..,
        ] => {
            let level = level.join("-").to_ascii_uppercase();
            let known = LEVELS.contains(&level.as_str());
            let level = level.replace('-', " ");
            known.then(|| format!("SET SESSION TRANSACTION ISOLATION LEVEL {level}"))
        }
        ["set", "session", name, "=", _] | ["set", "@@session", ".", name, "=", _] => {
            assignment(name, tokens.last()?)
        }
        _ => None,
    }
}

fn assignment(name: &str, value: &Token) -> Option<String> {
    let value = match value {
        Token::Number(number, false) if NUMBERS.contains(&name) => {
            let whole = number.bytes().all(|byte| byte.is_ascii_digit());
            (whole && number.len() <= MAX_DIGITS).then(|| number.clone())?
        }
        Token::SingleQuotedString(level) if ISOLATION.contains(&name) => {
            let level = level.to_ascii_uppercase();
            LEVELS
                .contains(&level.as_str())
                .then(|| format!("'{level}'"))?
        }
        _ => return None,
    };
    Some(format!("SET SESSION {name} = {value}"))
}

/// What is quoted is no keyword and no name.
fn word(token: &Token) -> String {
    match token {
        Token::Word(word) if word.quote_style.is_none() => word.value.to_ascii_lowercase(),
        Token::Eq => "=".to_owned(),
        Token::Period => ".".to_owned(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_bears_on_the_experiment_may_be_set() {
        for (sql, runs) in [
            (
                "set session transaction isolation level read committed;",
                "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
            ),
            (
                "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE",
                "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE",
            ),
            (
                "SET @@session.wsrep_sync_wait=1",
                "SET SESSION wsrep_sync_wait = 1",
            ),
            (
                "SET SESSION /* x */ wsrep_retry_autocommit = 0 -- y",
                "SET SESSION wsrep_retry_autocommit = 0",
            ),
            (
                "SET SESSION innodb_lock_wait_timeout = 5",
                "SET SESSION innodb_lock_wait_timeout = 5",
            ),
            (
                "SET SESSION tx_isolation = 'read-committed'",
                "SET SESSION tx_isolation = 'READ-COMMITTED'",
            ),
        ] {
            let statement = setting(sql).expect(sql).expect(sql);
            assert_eq!(statement.text(), runs);
            assert_eq!(
                (statement.action(), statement.parameters()),
                (Action::Set, 0)
            );
        }
    }

    #[test]
    fn nothing_else_may_be_set_and_the_message_says_what_may() {
        for sql in [
            "SET",
            "SET GLOBAL wsrep_sync_wait = 1",
            "SET PERSIST wsrep_sync_wait = 1",
            "SET LOCAL wsrep_sync_wait = 1",
            "SET wsrep_sync_wait = 1",
            "SET @@global.wsrep_sync_wait = 1",
            "SET @@wsrep_sync_wait = 1",
            "SET @wsrep_sync_wait = 1",
            "SET SESSION wsrep_on = 0",
            "SET SESSION autocommit = 0",
            "SET autocommit = 0",
            "SET SESSION sql_mode = ''",
            "SET SESSION sql_log_bin = 0",
            "SET NAMES utf8mb4",
            "SET SESSION wsrep_sync_wait = 1, wsrep_on = 0",
            "SET SESSION wsrep_sync_wait = 1, GLOBAL wsrep_sync_wait = 1",
            "SET SESSION wsrep_sync_wait = 1 + 1",
            "SET SESSION wsrep_sync_wait = -1",
            "SET SESSION wsrep_sync_wait = ?",
            "SET SESSION wsrep_sync_wait = 1.5",
            "SET SESSION wsrep_sync_wait = 123456",
            "SET SESSION wsrep_sync_wait = '1'",
            "SET SESSION wsrep_sync_wait = (SELECT 1)",
            "SET SESSION wsrep_sync_wait = 1; DROP TABLE volumes",
            "SET SESSION `wsrep_sync_wait` = 1",
            "SET SESSION tx_isolation = 'NONE'",
            "SET SESSION tx_isolation = READ",
            "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
            "SET GLOBAL TRANSACTION ISOLATION LEVEL READ COMMITTED",
            "SET SESSION TRANSACTION ISOLATION LEVEL READ",
            "SET SESSION TRANSACTION READ ONLY",
            "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY",
            "SET PASSWORD = 'x'",
            "SET STATEMENT wsrep_sync_wait = 1 FOR SELECT 1",
            "SET /*! GLOBAL */ wsrep_sync_wait = 1",
            "SET SESSION wsrep_sync_wait = 1 /*! , GLOBAL wsrep_on = 0 */",
        ] {
            let fault = setting(sql).expect(sql).expect_err(sql);
            assert_eq!(fault.code, "not-allowed", "{sql}");
            for name in NUMBERS {
                assert!(fault.message.contains(name), "{fault}");
            }
        }
        for sql in ["", "SELECT 1", "SETTLE", "UPDATE volumes SET a = 1"] {
            assert!(setting(sql).is_none(), "{sql}");
        }
    }
}
