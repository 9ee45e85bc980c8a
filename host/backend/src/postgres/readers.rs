//! A node as the host reads it.

use super::answer::{Failure, rows};
use super::classify::classify;
use super::literals::with_values;
use super::options::{Address, hang_up};
use crate::capability::operation::Operation;
use crate::model::error::CallError;
use crate::model::value::{Row, Value};
use crate::readers::{Limit, NoReading, Readers, Source};
use async_trait::async_trait;
use sqlx::postgres::PgConnection;

const LIMIT: Limit = Limit {
    seconds: 3,
    code: "08006",
};

/// A server that is read from, in one round trip for each statement.
pub(super) struct Reading(Address);

/// Opens nothing yet.
pub(super) fn readers(address: Address) -> Result<Readers<Reading>, CallError> {
    Readers::new(Reading(address), LIMIT)
}

#[async_trait]
impl Source for Reading {
    type Connection = PgConnection;

    fn name(&self) -> &str {
        &self.0.name
    }

    async fn open(&self) -> Result<PgConnection, CallError> {
        self.0.connect().await
    }

    async fn read(
        &self,
        connection: &mut PgConnection,
        text: &str,
        parameters: &[Value],
    ) -> Result<Vec<Row>, NoReading> {
        let text = with_values(text, parameters).map_err(|error| NoReading {
            error,
            breaks_the_connection: false,
        })?;
        let read = rows(connection, &text).await;
        read.map_err(|failure| of_reading(&failure))
    }

    async fn hang_up(connection: PgConnection) {
        hang_up(connection).await;
    }
}

fn of_reading(failure: &Failure) -> NoReading {
    NoReading {
        error: classify(failure, Operation::Reading),
        breaks_the_connection: failure.breaks_the_connection(),
    }
}
