//! Values written into the text of a statement, which then goes to the server as one message.
//!
//! A pooler hands a session to whichever connection is free at the beginning of each transaction, so a
//! statement can't be prepared in one message and run in the next. *Example:* `n = ?` with the
//! parameter 7 is sent as `n = ('7'::bigint)`.
//!
//! A text is written without a type, so that the server finds out by itself whether it is to be a
//! time, a number or a text; all else has the type that it would have as a parameter.

use crate::capability::statement::with_marks;
use crate::model::error::CallError;
use crate::model::value::Value;

/// The statement with its values in place of the question marks. `rejected` for a value that no text
/// of SQL can have.
pub(super) fn with_values(text: &str, parameters: &[Value]) -> Result<String, CallError> {
    let has_nul = |value: &Value| matches!(value, Value::Text(text) if text.contains('\0'));
    if parameters.iter().any(has_nul) {
        // The end of the message, for the server. As a parameter it is refused with this code.
        let message = "invalid byte sequence for encoding \"UTF8\": 0x00";
        return Err(CallError::rejected("22021", message));
    }
    let values = |number: usize| parameters.get(number).map_or_else(String::new, literal);
    Ok(with_marks(text, values))
}

/// In brackets, so that it stays one thing whatever stands beside it.
fn literal(value: &Value) -> String {
    match value {
        Value::Null => "(NULL)".to_owned(),
        Value::Boolean(true) => "(TRUE)".to_owned(),
        Value::Boolean(false) => "(FALSE)".to_owned(),
        Value::Integer(integer) => format!("('{integer}'::bigint)"),
        // `NaN` and `inf` are words of the server, too; `{:?}` keeps every digit.
        Value::Real(real) => format!("('{real:?}'::double precision)"),
        Value::Text(text) => format!("({})", quoted(text)),
        Value::Bytes(bytes) => {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("(E'\\\\x{hex}'::bytea)")
        }
    }
}

/// A text in quotes. With a backslash in it, in the form in which every server takes two of them for
/// one, however it is set up.
pub(super) fn quoted(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    match text.contains('\\') {
        true => format!("E'{}'", doubled.replace('\\', "\\\\")),
        false => format!("'{doubled}'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_literals_that_end_where_they_end() {
        for (value, expected) in [
            (Value::Null, "(NULL)"),
            (Value::Boolean(true), "(TRUE)"),
            (Value::Integer(i64::MIN), "('-9223372036854775808'::bigint)"),
            (Value::Real(0.1), "('0.1'::double precision)"),
            (Value::Real(-0.0), "('-0.0'::double precision)"),
            (Value::Real(f64::NEG_INFINITY), "('-inf'::double precision)"),
            (Value::from("it's"), "('it''s')"),
            (
                Value::from("'; DROP TABLE x; --"),
                "('''; DROP TABLE x; --')",
            ),
            (Value::from("\\'"), "(E'\\\\''')"),
            (Value::from("a?b"), "('a?b')"),
            (Value::Bytes(vec![0, 255]), "(E'\\\\x00ff'::bytea)"),
        ] {
            let text = with_values("a = ?", std::slice::from_ref(&value)).unwrap();
            assert_eq!(text, format!("a = {expected}"));
        }
    }

    #[test]
    fn marks_in_quotes_and_marks_in_values_are_none() {
        let values = [Value::from("?"), Value::Integer(1)];
        let text = with_values("a = '?' AND b = ? AND c =?", &values).unwrap();
        assert_eq!(text, "a = '?' AND b = ('?') AND c =('1'::bigint)");
    }

    #[test]
    fn text_that_would_end_the_message_is_rejected() {
        let error = with_values("a = ?", &[Value::from("x\0; DROP TABLE y")]).unwrap_err();
        assert_eq!(error.code, "22021");
    }
}
