//! A separate schema for each trial.

use super::answer::{Failure, answer, run};
use super::classify::classify;
use super::keeper::{self, Keeper};
use super::options::{Address, hang_up};
use super::servers::{Introduced, Servers, introduce};
use crate::capability::operation::Operation;
use crate::model::error::{CallError, ErrorKind};
use crate::model::value::Value;
use crate::run_id::{self, PREFIX};
use mysql_async::{Conn, Error};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::sleep;

/// A schema is dropped so often at most, if no server takes it; the next run drops it then.
const DROPPING_TRIES: u32 = 10;

const BETWEEN_TRIES: Duration = Duration::from_millis(500);

/// A schema that was made for one trial.
pub(super) struct OwnSchema {
    pub(super) name: String,
    endpoint: Address,
    /// Gone when the schema is.
    keeper: Mutex<Option<Keeper>>,
}

impl OwnSchema {
    /// Makes a schema and shows whose it is. `None` where the user may not, or may not do there what
    /// a trial does: then nothing is left of it.
    pub(super) async fn create(endpoint: &Address) -> Result<Option<Self>, CallError> {
        let name = run_id::new_name();
        let Introduced { mut connection, .. } = introduce(endpoint).await?;
        // Before there is a schema, so that it is never without a sign.
        keeper::hold(&mut connection, &name).await;
        let create = format!("CREATE DATABASE `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
        if let Err(failure) = run(&mut connection, &create).await {
            hang_up(connection).await;
            return denied(&failure);
        }
        match prove_rights(&mut connection, &name).await {
            Ok(()) => Ok(Some(Self {
                keeper: Mutex::new(Some(Keeper::begin(
                    endpoint.clone(),
                    connection,
                    &name,
                    &name,
                ))),
                endpoint: endpoint.clone(),
                name,
            })),
            Err(failure) => {
                let dropped = drop_schema(&mut connection, &name).await;
                hang_up(connection).await;
                dropped.map_err(|failure| may_not_drop(&failure))?;
                denied(&failure)
            }
        }
    }

    /// Drops it, once.
    pub(super) async fn remove(&self) {
        let Some(keeper) = self.keeper.lock().await.take() else {
            return;
        };
        for _ in 0..DROPPING_TRIES {
            if let Ok(mut introduced) = introduce(&self.endpoint).await {
                let dropped = drop_schema(&mut introduced.connection, &self.name).await;
                hang_up(introduced.connection).await;
                if dropped.is_ok() {
                    break;
                }
            }
            sleep(BETWEEN_TRIES).await;
        }
        drop(keeper);
    }
}

/// True if the user may create schemas.
pub(super) async fn may_create(endpoint: &Address) -> Result<bool, CallError> {
    match OwnSchema::create(endpoint).await? {
        None => Ok(false),
        Some(schema) => {
            schema.remove().await;
            Ok(true)
        }
    }
}

/// Drops the schemas of runs that are certainly over.
pub(super) async fn clean(servers: &Servers) -> Result<(), CallError> {
    let Introduced { mut connection, .. } = introduce(&servers.endpoint).await?;
    let cleaned = clean_by(servers, &mut connection).await;
    hang_up(connection).await;
    cleaned.map_err(|failure| classify(&failure, Operation::Connecting))
}

async fn clean_by(servers: &Servers, connection: &mut Conn) -> Result<(), Failure> {
    let look = format!(
        "SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE '{}%'",
        PREFIX.replace('_', "\\_")
    );
    let found = answer(connection, &look, &[], usize::MAX).await?.rows;
    for name in found.into_iter().flatten().filter_map(Value::into_text) {
        if run_id::run_state(&name).is_none() {
            continue;
        }
        let silent_s = silent_s(connection, &name).await;
        if keeper::is_over(servers, &name, silent_s).await {
            drop_schema(connection, &name).await?;
        }
    }
    Ok(())
}

/// Age of its run's last heartbeat; `None` if it has no such table, or it can't be read.
async fn silent_s(connection: &mut Conn, schema: &str) -> Option<i64> {
    let look = format!(
        "SELECT TIMESTAMPDIFF(SECOND, beat, UTC_TIMESTAMP()) FROM `{schema}`.{}",
        keeper::TABLE
    );
    let rows = answer(connection, &look, &[], usize::MAX).await.ok()?.rows;
    match rows.first()?.first()? {
        Value::Integer(seconds) => Some(*seconds),
        _ => None,
    }
}

/// Uses the rights that a trial needs: creates a table with a trigger, writes, reads and drops it.
async fn prove_rights(connection: &mut Conn, schema: &str) -> Result<(), Failure> {
    let table = keeper::TABLE;
    run(connection, &keeper::definition(schema)).await?;
    for text in [
        format!("CREATE TABLE `{schema}`.rights (id int NOT NULL PRIMARY KEY) ENGINE=InnoDB"),
        format!(
            "CREATE TRIGGER `{schema}`.rights_audited AFTER UPDATE ON `{schema}`.rights \
             FOR EACH ROW DELETE FROM `{schema}`.rights WHERE id < 0"
        ),
        format!("DROP TABLE `{schema}`.rights"),
        keeper::entry(schema, schema),
        format!("UPDATE `{schema}`.{table} SET beat = UTC_TIMESTAMP()"),
    ] {
        run(connection, &text).await?;
    }
    let look = format!("SELECT owner FROM `{schema}`.{table}");
    answer(connection, &look, &[], usize::MAX).await.map(drop)
}

async fn drop_schema(connection: &mut Conn, name: &str) -> Result<(), Failure> {
    run(connection, &format!("DROP DATABASE IF EXISTS `{name}`")).await
}

/// `None` for a right that the user does not have.
fn denied(failure: &Failure) -> Result<Option<OwnSchema>, CallError> {
    match &failure.error {
        Error::Server(error) if matches!(error.code, 1044 | 1142 | 1227) => Ok(None),
        _ => Err(classify(failure, Operation::Connecting)),
    }
}

fn may_not_drop(failure: &Failure) -> CallError {
    let message = format!(
        "this user may make schemas named {PREFIX}…, and neither use nor drop them: grant both or \
         neither ({})",
        failure.error
    );
    CallError::new(ErrorKind::Rejected, "rights", message)
}
