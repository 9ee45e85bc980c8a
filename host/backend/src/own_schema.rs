//! A separate schema for each trial.

mod ground;
mod keeper;
mod shared;

use crate::model::error::{CallError, ErrorKind};
use crate::model::value::Value;
use crate::run_id::{self, PREFIX};
use async_trait::async_trait;
pub(crate) use ground::{Ground, Refused, Witnesses};
use keeper::Keeper;
use shared::SharedClaim;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::sleep;

/// A claim on the schema of a server's URL.
#[async_trait]
pub trait Claim: Send + Sync {
    /// Gives it up.
    async fn release(self: Box<Self>);
}

/// A schema is dropped so often at most, if no server takes it; the next run drops it then.
const DROPPING_TRIES: u32 = 10;

const BETWEEN_TRIES: Duration = Duration::from_millis(500);

/// A schema that was made for one trial.
pub(crate) struct OwnSchema<G: Ground> {
    pub(crate) name: String,
    ground: G,
    /// Gone when the schema is.
    keeper: Mutex<Option<Keeper>>,
}

impl<G: Ground> OwnSchema<G> {
    /// Makes a schema and shows whose it is. `None` where the user may not, or may not do there what
    /// a trial does: then nothing is left of it.
    pub(crate) async fn create(ground: &G) -> Result<Option<Self>, CallError> {
        let name = run_id::new_name();
        let mut connection = ground.connect().await?;
        // Before there is a schema, so that it is never without a sign.
        keeper::hold::<G>(&mut connection, &name).await;
        if let Err(refused) = G::run(&mut connection, &G::create(&name)).await {
            G::hang_up(connection).await;
            return denied(refused);
        }
        match prove_rights::<G>(&mut connection, &name).await {
            Ok(()) => Ok(Some(Self {
                keeper: Mutex::new(Some(Keeper::begin(ground, connection, &name, &name))),
                ground: ground.clone(),
                name,
            })),
            Err(refused) => {
                let dropped = G::run(&mut connection, &G::drop(&name)).await;
                G::hang_up(connection).await;
                dropped.map_err(|refused| may_not_drop(&refused))?;
                denied(refused)
            }
        }
    }

    /// Drops it, once.
    pub(crate) async fn remove(&self) {
        let Some(keeper) = self.keeper.lock().await.take() else {
            return;
        };
        for _ in 0..DROPPING_TRIES {
            if let Ok(mut connection) = self.ground.connect().await {
                let dropped = G::run(&mut connection, &G::drop(&self.name)).await;
                G::hang_up(connection).await;
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
async fn may_create(ground: &impl Ground) -> Result<bool, CallError> {
    match OwnSchema::create(ground).await? {
        None => Ok(false),
        Some(schema) => {
            schema.remove().await;
            Ok(true)
        }
    }
}

/// Drops what runs left that are over. Then `None` where each trial can have a schema of its own; where
/// not, a claim on the schema of the URL, which is `rejected` with `in-use` if another run has it.
pub(crate) async fn reserve<G: Ground>(
    ground: &G,
    witnesses: &impl Witnesses,
) -> Result<Option<Box<dyn Claim>>, CallError> {
    let mut connection = ground.connect().await?;
    let cleaned = clean::<G>(witnesses, &mut connection).await;
    G::hang_up(connection).await;
    cleaned.map_err(|refused| refused.error)?;
    match may_create(ground).await? {
        true => Ok(None),
        false => Ok(Some(Box::new(SharedClaim::take(ground, witnesses).await?))),
    }
}

/// Drops the schemas of runs that are certainly over.
async fn clean<G: Ground>(
    witnesses: &impl Witnesses,
    connection: &mut G::Connection,
) -> Result<(), Refused> {
    let found = G::rows(connection, G::SCHEMAS).await?;
    for name in found.into_iter().flatten().filter_map(Value::into_text) {
        if run_id::run_state(&name).is_none() {
            continue;
        }
        let silent_s = silent_s::<G>(connection, &name).await;
        if keeper::is_over(witnesses, &name, silent_s).await {
            G::run(connection, &G::drop(&name)).await?;
        }
    }
    Ok(())
}

/// Age of its run's last heartbeat; `None` if it has no such table, or it can't be read.
async fn silent_s<G: Ground>(connection: &mut G::Connection, schema: &str) -> Option<i64> {
    let look = format!("SELECT {} FROM {}", G::SILENT_S, keeper::table::<G>(schema));
    let rows = G::rows(connection, &look).await.ok()?;
    match rows.first()?.first()? {
        Value::Integer(seconds) => Some(*seconds),
        _ => None,
    }
}

/// Uses the rights that a trial needs, and those of the heartbeat.
async fn prove_rights<G: Ground>(
    connection: &mut G::Connection,
    schema: &str,
) -> Result<(), Refused> {
    let table = keeper::table::<G>(schema);
    let beat = format!("UPDATE {table} SET beat = {}", G::NOW);
    let used = G::use_rights(schema).into_iter();
    let kept = [keeper::definition::<G>(schema)];
    for text in used
        .chain(kept)
        .chain(keeper::entry::<G>(schema, schema))
        .chain([beat])
    {
        G::run(connection, &text).await?;
    }
    G::rows(connection, &format!("SELECT owner FROM {table}"))
        .await
        .map(drop)
}

/// `None` for a right that the user does not have.
fn denied<G: Ground>(refused: Refused) -> Result<Option<OwnSchema<G>>, CallError> {
    match refused.lacks_right {
        true => Ok(None),
        false => Err(refused.error),
    }
}

fn may_not_drop(refused: &Refused) -> CallError {
    let message = format!(
        "this user may make schemas named {PREFIX}…, and neither use nor drop them: grant both or \
         neither ({})",
        refused.error
    );
    CallError::new(ErrorKind::Rejected, "rights", message)
}
