//! A node as the host reads it.

use super::answer::{Failure, answer, run};
use super::classify::classify;
use super::options::{Address, hang_up};
use crate::capability::database::Freshness;
use crate::capability::operation::Operation;
use crate::model::error::CallError;
use crate::model::value::{Row, Value};
use crate::readers::{Limit, NoReading, Readers, Source};
use async_trait::async_trait;
use mysql_async::Conn;

/// A server, and the freshness with which it is read.
pub(super) struct Reading {
    address: Address,
    /// The setting that gives a new connection the required freshness.
    setting: Option<&'static str>,
}

/// Opens nothing yet. `replicates` says whether the server knows of other nodes.
pub(super) fn readers(
    address: Address,
    freshness: Freshness,
    replicates: bool,
) -> Result<Readers<Reading>, CallError> {
    let (setting, seconds, code) = match freshness {
        Freshness::AsItIs => (None, 3, "2013"),
        // The node waits for what it has not applied, so this may take longer.
        Freshness::Causal => (Some("SET SESSION wsrep_sync_wait = 1"), 8, "1205"),
    };
    let setting = setting.filter(|_| replicates);
    Readers::new(Reading { address, setting }, Limit { seconds, code })
}

#[async_trait]
impl Source for Reading {
    type Connection = Conn;

    fn name(&self) -> &str {
        &self.address.name
    }

    async fn open(&self) -> Result<Conn, CallError> {
        let mut connection = self.address.connect().await?;
        if let Some(setting) = self.setting {
            let set = run(&mut connection, setting).await;
            set.map_err(|failure| of_reading(&failure).error)?;
        }
        Ok(connection)
    }

    async fn read(
        &self,
        connection: &mut Conn,
        text: &str,
        parameters: &[Value],
    ) -> Result<Vec<Row>, NoReading> {
        let answered = answer(connection, text, parameters, usize::MAX).await;
        let answered = answered.map_err(|failure| of_reading(&failure))?;
        Ok(answered.rows)
    }

    async fn hang_up(connection: Conn) {
        hang_up(connection).await;
    }
}

fn of_reading(failure: &Failure) -> NoReading {
    NoReading {
        error: classify(failure, Operation::Reading),
        breaks_the_connection: failure.breaks_the_connection(),
    }
}
