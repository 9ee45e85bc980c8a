//! SET of PostgreSQL.

use crate::model::error::CallError;
use crate::sql::dialect::Dialect;
use crate::sql::refuse::unsupported;
use crate::sql::setting::{Setting, words};

/// Units of a time, and how many milliseconds each has.
const UNITS: &[(&str, u64)] = &[
    ("", 1),
    ("MS", 1),
    ("S", 1000),
    ("MIN", 60_000),
    ("H", 3_600_000),
    ("D", 86_400_000),
];

/// Variables that are a time: the value is a number of milliseconds, however it was written.
const TIMES: &[&str] = &["lock_timeout", "statement_timeout", "deadlock_timeout"];

/// Variables that are the isolation level of the session.
const LEVELS: &[&str] = &["default_transaction_isolation"];

pub(in crate::sql) fn recognized(text: &str) -> Result<Setting, CallError> {
    let words = words(text, Dialect::Postgres)?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (name, value) = match words.as_slice() {
        ["SET", "TRANSACTION", "ISOLATION", "LEVEL", level @ ..] if !level.is_empty() => {
            ("NEXT_TRANSACTION_ISOLATION", level.join("-"))
        }
        [
            "SET",
            "SESSION",
            "CHARACTERISTICS",
            "AS",
            "TRANSACTION",
            "ISOLATION",
            "LEVEL",
            level @ ..,
        ] if !level.is_empty() => ("TRANSACTION_ISOLATION", level.join("-")),
        ["SET", "SESSION", name, "=" | "TO", value @ ..]
        | ["SET", name, "=" | "TO", value @ ..]
            if !matches!(value, [] | ["DEFAULT"] | [_, _, _, ..]) =>
        {
            (*name, value.join(""))
        }
        _ => return Err(unsupported("a SET other than SET SESSION name = value")),
    };
    let name = name.to_ascii_lowercase();
    if LEVELS.contains(&name.as_str()) {
        return Ok(Setting {
            name: "transaction_isolation".to_owned(),
            value: value.replace(' ', "-"),
        });
    }
    let value = match TIMES.contains(&name.as_str()) {
        true => milliseconds(&value)
            .ok_or_else(|| unsupported(format!("the time {value} ({name})")))?
            .to_string(),
        false => value,
    };
    Ok(Setting { name, value })
}

fn milliseconds(value: &str) -> Option<u64> {
    let end = value.find(|c: char| !c.is_ascii_digit());
    let (number, unit) = value.split_at(end.unwrap_or(value.len()));
    let is_it = |(name, _): &&(&str, u64)| *name == unit.trim();
    let (_, factor) = UNITS.iter().find(is_it)?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_a_name_and_a_value() {
        for (text, name, value) in [
            ("SET lock_timeout = 4000", "lock_timeout", "4000"),
            ("SET SESSION lock_timeout TO '4s'", "lock_timeout", "4000"),
            ("SET lock_timeout = '2 min'", "lock_timeout", "120000"),
            (
                "SET SESSION synchronous_commit = remote_apply",
                "synchronous_commit",
                "REMOTE_APPLY",
            ),
            (
                "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED",
                "transaction_isolation",
                "READ-COMMITTED",
            ),
            (
                "SET default_transaction_isolation = 'repeatable read'",
                "transaction_isolation",
                "REPEATABLE-READ",
            ),
            (
                "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;",
                "next_transaction_isolation",
                "SERIALIZABLE",
            ),
        ] {
            let seen = recognized(text).expect(text);
            assert_eq!((seen.name.as_str(), seen.value.as_str()), (name, value));
        }
    }

    #[test]
    fn other_forms_are_refused() {
        for text in [
            "SET",
            "SET LOCAL lock_timeout = 1",
            "SET lock_timeout = '1 week'",
            "SET lock_timeout = -1",
            "SET lock_timeout = DEFAULT",
            "SET search_path = a, b",
        ] {
            let error = recognized(text).expect_err(text);
            assert_eq!(error.code, "unsupported", "{text}");
        }
    }
}
