//! Session variables that a strategy may set, since they are part of the experiment.
//!
//! It has its own grammar, because sqlparser loses the scope of some forms. The statement that runs is
//! built from the recognised parts, so nothing else can pass.

use super::dialect::Dialect;
use super::refusal::not_allowed;
use crate::model::error::CallError;
use crate::statement::{Action, Statement};
use sqlparser::tokenizer::{Token, Tokenizer};

/// The variables of a dialect's server, besides the isolation level.
struct Variables {
    /// They take a whole number.
    numbers: &'static [&'static str],
    /// They are on or off.
    switches: &'static [&'static str],
    /// They take one of these words.
    words: &'static [(&'static str, &'static [&'static str])],
}

const OF_MYSQL: Variables = Variables {
    numbers: &[
        "innodb_lock_wait_timeout",
        "wsrep_retry_autocommit",
        "wsrep_sync_wait",
    ],
    switches: &["innodb_snapshot_isolation"],
    words: &[],
};

const OF_POSTGRES: Variables = Variables {
    numbers: &["lock_timeout"],
    switches: &[],
    words: &[(
        "synchronous_commit",
        &["local", "off", "on", "remote_apply", "remote_write"],
    )],
};

impl Variables {
    /// A database without such variables returns its own error.
    fn of(dialect: Dialect) -> &'static Self {
        match dialect {
            Dialect::Mysql | Dialect::Sqlite => &OF_MYSQL,
            Dialect::Postgres => &OF_POSTGRES,
        }
    }

    fn names(&self) -> impl Iterator<Item = &'static str> {
        let words = self.words.iter().map(|(name, _)| *name);
        self.numbers
            .iter()
            .chain(self.switches)
            .copied()
            .chain(words)
    }
}

/// Variables that take the name of an isolation level, in quotes.
const ISOLATION: &[&str] = &["transaction_isolation", "tx_isolation"];

const LEVELS: &[&str] = &[
    "READ-UNCOMMITTED",
    "READ-COMMITTED",
    "REPEATABLE-READ",
    "SERIALIZABLE",
];

/// Words of a SET that is dangerous, and why.
const DANGEROUS: &[(&str, &[&str])] = &[
    (
        "it applies to all sessions and outlives the run",
        &["global", "persist", "password", "@@global"],
    ),
    (
        "begin and end transactions with calls of the session",
        &["autocommit", "completion_type"],
    ),
    (
        "the other nodes or the audit would not see the writes",
        &["sql_log_bin", "wsrep_on"],
    ),
    (
        "the server would parse statements differently from the policy",
        &[
            "sql_mode",
            "names",
            "character",
            "collation_connection",
            "search_path",
            "standard_conforming_strings",
        ],
    ),
    (
        "the run sets it, from the change time-out",
        &["max_statement_time", "statement_timeout"],
    ),
];

/// A number of more digits is a mistake: the longest wait is a matter of hours, in seconds, or of a
/// minute, in milliseconds.
const MAX_DIGITS: usize = 5;

/// The statement, if the text begins with SET; `rejected` if it sets what a strategy may not.
pub(super) fn setting(sql: &str, dialect: Dialect) -> Option<Result<Statement, CallError>> {
    let mut words = sql.split_whitespace();
    if !words.next()?.eq_ignore_ascii_case("set") {
        return None;
    }
    let variables = Variables::of(dialect);
    let text = recognized(sql, dialect, variables).ok_or_else(|| {
        let known: Vec<&str> = variables.names().collect();
        not_allowed(format!(
            "this SET{}; a strategy may set, one at a time and for its session: {} (SET SESSION \
             {} = 1), and the isolation level (SET SESSION TRANSACTION ISOLATION LEVEL READ \
             COMMITTED; without SESSION for the next transaction)",
            why_not(sql),
            known.join(", "),
            variables.numbers[variables.numbers.len() - 1],
        ))
    });
    Some(text.map(|text| Statement::new(text, Action::Set, None, 0)))
}

fn why_not(sql: &str) -> String {
    let sql = sql.to_ascii_lowercase();
    let is_sign = |c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '@');
    let mut words = sql.split(is_sign);
    let reason = words.find_map(|word| {
        let is_it = |(_, names): &&(&str, &[&str])| names.contains(&word);
        DANGEROUS.iter().find(is_it)
    });
    reason.map_or_else(String::new, |(reason, _)| format!(" ({reason})"))
}

fn recognized(sql: &str, dialect: Dialect, variables: &Variables) -> Option<String> {
    let tokens = Tokenizer::new(dialect.parser(), sql).tokenize().ok()?;
    let mut tokens: Vec<Token> = tokens
        .into_iter()
        .filter(|token| !matches!(token, Token::Whitespace(_)))
        .collect();
    if tokens.last() == Some(&Token::SemiColon) {
        tokens.pop();
    }
    let words: Vec<String> = tokens.iter().map(word).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let value = tokens.last()?;
    match words.as_slice() {
        ["set", "transaction", "isolation", "level", level @ ..] => {
            Some(format!("SET TRANSACTION ISOLATION LEVEL {}", known(level)?))
        }
        [
            "set",
            "session" | "local",
            "transaction",
            "isolation",
            "level",
            level @ ..,
        ]
        | [
            "set",
            "session",
            "characteristics",
            "as",
            "transaction",
            "isolation",
            "level",
            level @ ..,
        ] => Some(of_the_session(&known(level)?, dialect)),
        ["set", "session" | "local", name, "=", _]
        | ["set", "@@session" | "@@local", ".", name, "=", _] => match isolation(name, value) {
            Some(level) => Some(of_the_session(&level, dialect)),
            None => assignment(name, value, variables),
        },
        // Without a scope, the isolation level would be that of the next transaction in one form and
        // that of the session in another.
        ["set", name, "=", _] => {
            assignment(name.strip_prefix("@@").unwrap_or(name), value, variables)
        }
        _ => None,
    }
}

/// The level with spaces, if there is one of this name.
fn known(level: &[&str]) -> Option<String> {
    let level = level.join("-").to_ascii_uppercase();
    LEVELS
        .contains(&level.as_str())
        .then(|| level.replace('-', " "))
}

/// Every server of the dialect has this form, whatever it calls the variable.
fn of_the_session(level: &str, dialect: Dialect) -> String {
    let of_session = match dialect {
        Dialect::Mysql | Dialect::Sqlite => "SET SESSION TRANSACTION",
        Dialect::Postgres => "SET SESSION CHARACTERISTICS AS TRANSACTION",
    };
    format!("{of_session} ISOLATION LEVEL {level}")
}

fn isolation(name: &str, value: &Token) -> Option<String> {
    match value {
        Token::SingleQuotedString(level) if ISOLATION.contains(&name) => known(&[level]),
        _ => None,
    }
}

fn assignment(name: &str, value: &Token, variables: &Variables) -> Option<String> {
    let words = variables.words.iter().find(|(known, _)| *known == name);
    let value = match value {
        Token::Number(number, false) if variables.numbers.contains(&name) => {
            let whole = number.bytes().all(|byte| byte.is_ascii_digit());
            (whole && number.len() <= MAX_DIGITS).then(|| number.clone())?
        }
        value if variables.switches.contains(&name) => match (word(value).as_str(), value) {
            ("on" | "true", _) => "ON".to_owned(),
            ("off" | "false", _) => "OFF".to_owned(),
            (_, Token::Number(number, false)) if number == "1" => "ON".to_owned(),
            (_, Token::Number(number, false)) if number == "0" => "OFF".to_owned(),
            _ => return None,
        },
        value => {
            let value = word(value);
            words?.1.contains(&value.as_str()).then_some(value)?
        }
    };
    Some(format!("SET SESSION {name} = {value}"))
}

/// The word in upper case; empty for quoted text, which is neither a keyword nor a name.
fn word(token: &Token) -> String {
    match token {
        Token::Word(word) if word.quote_style.is_none() => word.value.to_ascii_lowercase(),
        Token::Eq => "=".to_owned(),
        Token::Period => ".".to_owned(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests;
