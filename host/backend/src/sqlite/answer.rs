//! Runs one statement to its very end.

use super::values;
use crate::capability::calls;
use crate::model::value::{Row, Value};
use futures_util::TryStreamExt;
use sqlx::{Either, Error, Executor, Sqlite};

/// The answer to a statement.
pub(super) struct Answer {
    pub(super) rows: Vec<Row>,
    /// Meaningful for a statement that writes only.
    pub(super) affected: u64,
}

/// A statement with its parameters.
#[derive(Clone, Copy)]
pub(super) struct Query<'q> {
    pub(super) text: &'q str,
    pub(super) parameters: &'q [Value],
    /// Stays prepared with its connection.
    pub(super) is_kept: bool,
    /// In bytes.
    pub(super) largest_answer: usize,
}

/// Runs a statement and takes all that it gives, as far as that is not too large.
///
/// The end is waited for, and must be said: when the thread that works for the connection dies, its
/// channel just closes, which sqlx's own calls take for the end of an empty answer.
pub(super) async fn answer<'c>(
    executor: impl Executor<'c, Database = Sqlite>,
    query: Query<'_>,
) -> Result<Answer, Error> {
    let max_bytes = query.largest_answer;
    let prepared = values::prepared(query.text, query.parameters);
    let mut stream = executor.fetch_many(prepared.persistent(query.is_kept));
    let mut answer = Answer {
        rows: Vec::new(),
        affected: 0,
    };
    let (mut said_the_end, mut bytes) = (false, 0);
    while let Some(part) = stream.try_next().await? {
        match part {
            Either::Left(done) => {
                // The text is one statement, which is over. Its channel closes later, and to wait for that
                // would be to be woken once more.
                said_the_end = true;
                answer.affected = done.rows_affected();
                break;
            }
            Either::Right(row) => {
                let row = values::row(&row)?;
                bytes += calls::bytes_of(&row);
                if bytes > max_bytes {
                    return Err(Error::InvalidArgument(format!(
                        "the answer is larger than {max_bytes} bytes"
                    )));
                }
                answer.rows.push(row);
            }
        }
    }
    if said_the_end {
        Ok(answer)
    } else {
        Err(Error::WorkerCrashed)
    }
}
