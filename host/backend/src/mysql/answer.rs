//! Runs one statement to its very end.

use super::values;
use crate::capability::calls;
use crate::model::value::{Row, Value};
use mysql_async::consts::StatusFlags;
use mysql_async::prelude::{Protocol, Queryable};
use mysql_async::{Conn, Error, Params, QueryResult, Statement};

/// The answer to a statement.
pub(super) struct Answer {
    pub(super) rows: Vec<Row>,
    /// Number of changed rows. Meaningful only for a statement that writes.
    pub(super) affected: u64,
    /// True if the server reports an open transaction.
    pub(super) in_transaction: bool,
}

/// The reason why a statement gave nothing.
pub(super) struct Failure {
    pub(super) error: Error,
    /// True if the server may have received the statement. If false, the statement certainly had no effect.
    pub(super) sent: bool,
}

impl Failure {
    /// A failure before any statement with an effect was sent.
    pub(super) fn before(error: Error) -> Self {
        Self { error, sent: false }
    }

    /// The statement was on its way.
    pub(super) fn during(error: Error) -> Self {
        Self { error, sent: true }
    }

    /// True if the connection can't be used any more.
    pub(super) fn breaks_the_connection(&self) -> bool {
        match &self.error {
            // The server closes it after these: shutting down, a packet too large, a broken
            // connection of its own, killed.
            Error::Server(error) => matches!(error.code, 1053 | 1153 | 1158..=1161 | 1927),
            Error::Io(_) | Error::Driver(_) | Error::Url(_) => true,
            // Ours, for an answer that was read to its end and could not be used.
            Error::Other(_) => false,
        }
    }
}

/// Runs a statement, prepared once for each connection, and takes all that it gives. An answer of
/// more than `max_bytes` is read to its end and thrown away.
pub(super) async fn answer(
    connection: &mut Conn,
    text: &str,
    parameters: &[Value],
    max_bytes: usize,
) -> Result<Answer, Failure> {
    let statement = connection.prep(text).await.map_err(Failure::before)?;
    answer_of(connection, &statement, parameters, max_bytes).await
}

/// The same with a statement that is prepared for this call, and kept neither here nor on the server.
pub(super) async fn answer_once(
    connection: &mut Conn,
    text: &str,
    parameters: &[Value],
    max_bytes: usize,
) -> Result<Answer, Failure> {
    let statement = connection.prep(text).await.map_err(Failure::before)?;
    let answered = answer_of(connection, &statement, parameters, max_bytes).await;
    let is_gone = matches!(&answered, Err(failure) if failure.breaks_the_connection());
    if !is_gone {
        // Nothing comes back of it; where it can't be sent, the next call finds that out.
        connection.close(statement).await.ok();
    }
    answered
}

async fn answer_of(
    connection: &mut Conn,
    statement: &Statement,
    parameters: &[Value],
    max_bytes: usize,
) -> Result<Answer, Failure> {
    let parameters = match parameters {
        [] => Params::Empty,
        some => Params::Positional(some.iter().map(values::parameter).collect()),
    };
    let running = connection.exec_iter(statement, parameters);
    let result = running.await.map_err(Failure::during)?;
    let (rows, affected) = collected(result, max_bytes).await?;
    Ok(Answer {
        rows,
        affected,
        in_transaction: in_transaction(connection),
    })
}

/// All rows of an answer, and how many rows the statement changed.
async fn collected<P: Protocol>(
    mut result: QueryResult<'_, '_, P>,
    max_bytes: usize,
) -> Result<(Vec<Row>, u64), Failure> {
    let (mut rows, mut bytes, mut unusable) = (Vec::new(), 0, None);
    while let Some(row) = result.next().await.map_err(Failure::during)? {
        if unusable.is_some() {
            continue;
        }
        match values::row(row) {
            Ok(row) => {
                bytes += calls::bytes_of(&row);
                rows.push(row);
            }
            Err(error) => unusable = Some(error),
        }
        if bytes > max_bytes {
            unusable = Some(calls::too_large(max_bytes));
        }
        if unusable.is_some() {
            rows = Vec::new();
        }
    }
    let affected = result.affected_rows();
    result.drop_result().await.map_err(Failure::during)?;
    match unusable {
        Some(error) => Err(Failure::during(Error::Other(Box::new(error)))),
        None => Ok((rows, affected)),
    }
}

/// Runs a statement that writes, with its parameters written into it. Prepared after all if it has a
/// question mark that stands for no parameter.
pub(super) async fn write_as_text(
    connection: &mut Conn,
    text: &str,
    parameters: &[Value],
    max_bytes: usize,
) -> Result<Answer, Failure> {
    let Some(text) = spelled_out(text, parameters, no_backslash_escapes(connection)) else {
        return answer(connection, text, parameters, max_bytes).await;
    };
    let running = connection.query_iter(text);
    let result = running.await.map_err(Failure::during)?;
    let (rows, affected) = collected(result, max_bytes).await?;
    Ok(Answer {
        rows,
        affected,
        in_transaction: in_transaction(connection),
    })
}

fn spelled_out(text: &str, parameters: &[Value], no_backslash_escapes: bool) -> Option<String> {
    let mut pieces = text.split('?');
    let mut whole = pieces.next()?.to_owned();
    let mut parameters = parameters.iter();
    for piece in pieces {
        let value = values::parameter(parameters.next()?);
        whole += &value.as_sql(no_backslash_escapes);
        whole += piece;
    }
    parameters.next().is_none().then_some(whole)
}

fn no_backslash_escapes(connection: &Conn) -> bool {
    connection.last_ok_packet().is_some_and(|ok| {
        ok.status_flags()
            .contains(StatusFlags::SERVER_STATUS_NO_BACKSLASH_ESCAPES)
    })
}

fn in_transaction(connection: &Conn) -> bool {
    connection.last_ok_packet().is_some_and(|ok| {
        ok.status_flags()
            .contains(StatusFlags::SERVER_STATUS_IN_TRANS)
    })
}

/// Runs what can't be prepared, or need not be: definitions, settings, the ends of a transaction.
pub(super) async fn run(connection: &mut Conn, text: &str) -> Result<(), Failure> {
    connection.query_drop(text).await.map_err(Failure::during)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelled_out_puts_parameters_in_place_as_values() {
        let text = "UPDATE t SET a = ?, b = ? WHERE c = ? AND d = ?";
        let mischief = Value::from("it's \\ ' OR 1 -- ?");
        let values = [mischief, Value::Null, Value::Integer(-7), Value::Real(0.5)];
        let spelled = |plain| spelled_out(text, &values, plain).unwrap();
        let rest = ", b = NULL WHERE c = -7 AND d = 0.5";
        let escaped = r"UPDATE t SET a = 'it\'s \\ \' OR 1 -- ?'";
        assert_eq!(spelled(false), format!("{escaped}{rest}"));
        let doubled = r"UPDATE t SET a = 'it''s \ '' OR 1 -- ?'";
        assert_eq!(spelled(true), format!("{doubled}{rest}"));
    }

    #[test]
    fn a_question_mark_that_is_no_parameter_is_left_to_the_server() {
        let one = [Value::Integer(1)];
        assert_eq!(
            spelled_out("UPDATE t SET a = '?' WHERE b = ?", &one, false),
            None
        );
        assert_eq!(spelled_out("UPDATE t SET a = 1", &one, false), None);
    }
}
