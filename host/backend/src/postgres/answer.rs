//! Runs one statement to its very end.

use super::values;
use crate::capability::calls;
use crate::model::error::CallError;
use crate::model::value::{Row, Value};
use crate::tls;
use futures_util::TryStreamExt;
use sqlx::postgres::{PgConnection, PgSeverity};
use sqlx::{AssertSqlSafe, Either, Error, Executor, SqlSafeStr, SqlStr};

/// A complete answer.
pub(super) struct Answer {
    pub(super) rows: Vec<Row>,
    pub(super) affected: u64,
}

/// The reason why a statement failed.
pub(super) struct Failure {
    pub(super) cause: Cause,
    /// It may have come to the server.
    pub(super) sent: bool,
}

pub(super) enum Cause {
    Driver(Error),
    /// Ours, for an answer that was read to its end and could not be used, or a value that could not be
    /// sent.
    Host(CallError),
    /// There is no connection.
    Closed,
}

impl Failure {
    pub(super) fn before(error: Error) -> Self {
        Self {
            cause: Cause::Driver(error),
            sent: false,
        }
    }

    pub(super) fn during(error: Error) -> Self {
        Self {
            cause: Cause::Driver(error),
            sent: true,
        }
    }

    /// A value that can't be sent.
    pub(super) fn unsent(error: CallError) -> Self {
        Self {
            cause: Cause::Host(error),
            sent: false,
        }
    }

    pub(super) fn closed() -> Self {
        Self {
            cause: Cause::Closed,
            sent: false,
        }
    }

    /// The reason why there is no safe connection, if that is the error.
    pub(super) fn of_tls(&self) -> Option<String> {
        match &self.cause {
            Cause::Driver(Error::Tls(why)) => Some(why.to_string()),
            Cause::Driver(Error::Io(error)) if tls::is_of_handshake(error) => {
                Some(error.to_string())
            }
            _ => None,
        }
    }

    pub(super) fn breaks_the_connection(&self) -> bool {
        match &self.cause {
            Cause::Driver(Error::Database(_)) => self.is_fatal(),
            Cause::Driver(Error::Encode(_)) | Cause::Host(_) => false,
            Cause::Driver(_) | Cause::Closed => true,
        }
    }

    /// The server ended the connection with this error.
    pub(super) fn is_fatal(&self) -> bool {
        let severity = match &self.cause {
            Cause::Driver(Error::Database(error)) => error
                .try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
                .map(|error| error.severity()),
            _ => None,
        };
        matches!(severity, Some(PgSeverity::Fatal | PgSeverity::Panic))
    }

    /// The server refused the statement: in a transaction, it refuses all that comes until a rollback.
    pub(super) fn is_of_the_server(&self) -> bool {
        matches!(&self.cause, Cause::Driver(Error::Database(_)))
    }
}

/// A statement as it goes to the server.
pub(super) enum Form<'a> {
    /// Prepared, with numbered marks for its parameters; it may stay so.
    Prepared {
        text: SqlStr,
        parameters: &'a [Value],
        is_kept: bool,
    },
    /// As one message, with its values in it. Several statements are one transaction.
    Text(SqlStr),
}

/// Runs a statement.
pub(super) async fn answer(
    connection: &mut PgConnection,
    form: Form<'_>,
    max_bytes: usize,
) -> Result<Answer, Failure> {
    let mut steps = match form {
        Form::Text(text) => connection.fetch_many(sqlx::raw_sql(text)),
        Form::Prepared {
            text,
            parameters,
            is_kept,
        } => {
            let arguments = values::arguments(parameters).map_err(Failure::unsent)?;
            connection.fetch_many(sqlx::query_with(text, arguments).persistent(is_kept))
        }
    };
    let (mut rows, mut bytes, mut affected, mut unusable) = (Vec::new(), 0, 0, None);
    while let Some(step) = steps.try_next().await.map_err(Failure::during)? {
        match step {
            Either::Left(done) => affected += done.rows_affected(),
            Either::Right(_) if unusable.is_some() => {}
            Either::Right(row) => match values::row(&row) {
                Ok(row) => {
                    bytes += calls::bytes_of(&row);
                    rows.push(row);
                    if bytes > max_bytes {
                        unusable = Some(calls::too_large(max_bytes));
                    }
                }
                Err(error) => unusable = Some(error),
            },
        }
    }
    match unusable {
        Some(error) => Err(Failure {
            cause: Cause::Host(error),
            sent: true,
        }),
        None => Ok(Answer { rows, affected }),
    }
}

/// Runs statements without parameters, as one text.
pub(super) async fn run(connection: &mut PgConnection, text: &str) -> Result<(), Failure> {
    let run = connection.execute(sqlx::raw_sql(AssertSqlSafe(text)));
    run.await.map(drop).map_err(Failure::during)
}

/// Runs a statement that reads, as one message.
pub(super) async fn rows(connection: &mut PgConnection, text: &str) -> Result<Vec<Row>, Failure> {
    let text = Form::Text(AssertSqlSafe(text).into_sql_str());
    let answer = answer(connection, text, usize::MAX).await?;
    Ok(answer.rows)
}
