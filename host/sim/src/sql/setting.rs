//! SET: a variable of the session and its value.

use super::dialect::Dialect;
use super::parse::tokens;
use super::postgres;
use super::refuse::unsupported;
use crate::model::error::CallError;
use sqlparser::tokenizer::Token;

/// A variable that SET names, with its value. The isolation level is `transaction_isolation` with a
/// value such as `READ-COMMITTED`, however it was written, or `next_transaction_isolation` if it is for
/// the next transaction alone. PostgreSQL's `default_transaction_isolation` is that of the session, and its
/// times are numbers of milliseconds. The session knows which variables there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// In lower case.
    pub name: String,
    /// A number, or a word in upper case.
    pub value: String,
}

/// The setting, if the text begins with SET.
pub(super) fn setting(text: &str, dialect: Dialect) -> Option<Result<Setting, CallError>> {
    let first = text.split_whitespace().next()?;
    first.eq_ignore_ascii_case("set").then(|| match dialect {
        Dialect::Mysql => recognized(text),
        Dialect::Postgres => postgres::setting::recognized(text),
    })
}

fn recognized(text: &str) -> Result<Setting, CallError> {
    let words = words(text, Dialect::Mysql)?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (name, value) = match words.as_slice() {
        ["SET", "TRANSACTION", "ISOLATION", "LEVEL", level @ ..] if !level.is_empty() => {
            ("NEXT_TRANSACTION_ISOLATION", level.join("-"))
        }
        [
            "SET",
            "SESSION",
            "TRANSACTION",
            "ISOLATION",
            "LEVEL",
            level @ ..,
        ] if !level.is_empty() => ("TRANSACTION_ISOLATION", level.join("-")),
        ["SET", "SESSION", "TX_ISOLATION", "=", level] => {
            ("TRANSACTION_ISOLATION", (*level).to_owned())
        }
        ["SET", "SESSION", name, "=", value] => (*name, (*value).to_owned()),
        _ => return Err(unsupported("a SET other than SET SESSION name = value")),
    };
    Ok(Setting {
        name: name.to_ascii_lowercase(),
        value,
    })
}

/// The words and values of a SET, in upper case.
pub(super) fn words(text: &str, dialect: Dialect) -> Result<Vec<String>, CallError> {
    Ok(tokens(text, dialect)?.iter().filter_map(word).collect())
}

fn word(token: &Token) -> Option<String> {
    match token {
        Token::SemiColon => None,
        Token::Word(word) => Some(word.value.to_ascii_uppercase()),
        Token::SingleQuotedString(text) => Some(text.to_ascii_uppercase()),
        Token::Number(number, false) => Some(number.clone()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(text: &str) -> Option<Result<Setting, CallError>> {
        super::setting(text, Dialect::Mysql)
    }

    #[test]
    fn a_set_is_a_name_and_a_value() {
        for (text, name, value) in [
            ("SET SESSION wsrep_sync_wait = 1", "wsrep_sync_wait", "1"),
            (
                "set session TRANSACTION ISOLATION LEVEL read committed;",
                "transaction_isolation",
                "READ-COMMITTED",
            ),
            (
                "SET SESSION tx_isolation = 'SERIALIZABLE'",
                "transaction_isolation",
                "SERIALIZABLE",
            ),
            (
                "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
                "next_transaction_isolation",
                "SERIALIZABLE",
            ),
            (
                "SET SESSION innodb_snapshot_isolation = ON",
                "innodb_snapshot_isolation",
                "ON",
            ),
        ] {
            let seen = setting(text).expect(text).expect(text);
            assert_eq!((seen.name.as_str(), seen.value.as_str()), (name, value));
        }
    }

    #[test]
    fn other_forms_are_refused_and_other_statements_are_none() {
        for text in [
            "SET",
            "SET GLOBAL wsrep_sync_wait = 1",
            "SET SESSION wsrep_sync_wait = 1, wsrep_on = 0",
            "SET SESSION wsrep_sync_wait = -1",
            "SET SESSION TRANSACTION ISOLATION LEVEL",
        ] {
            let error = setting(text).expect(text).expect_err(text);
            assert_eq!(error.code, "unsupported", "{text}");
        }
        assert_eq!(setting("UPDATE t SET a = 1"), None);
    }
}
