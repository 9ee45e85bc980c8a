//! The user's own schema, for one run at a time: where no other can be made.

use super::Claim;
use super::ground::{Ground, Refused, Witnesses};
use super::keeper::{self, Keeper};
use crate::model::error::{CallError, ErrorKind};
use crate::model::value::Value;
use crate::run_id;
use async_trait::async_trait;

/// Two runs that claim at the same moment on two nodes meet at the commit; each tries again.
const TRIES: u32 = 20;

/// The claim of this run on a schema.
pub(super) struct SharedClaim<G: Ground> {
    ground: G,
    schema: String,
    owner: String,
    keeper: Keeper,
}

/// The run that owns it instead.
struct Other {
    owner: String,
    host: String,
}

impl<G: Ground> SharedClaim<G> {
    /// Claims the schema of the endpoint. `rejected` with `in-use` if another run has it.
    pub(super) async fn take(ground: &G, witnesses: &impl Witnesses) -> Result<Self, CallError> {
        let owner = run_id::new_name();
        let mut connection = ground.connect().await?;
        keeper::hold::<G>(&mut connection, &owner).await;
        let claimed = match G::schema(&mut connection).await {
            Ok(schema) => claim::<G>(witnesses, &mut connection, &schema, &owner)
                .await
                .map(|other| (schema, other)),
            Err(refused) => Err(refused.error),
        };
        match claimed {
            Ok((schema, None)) => Ok(Self {
                keeper: Keeper::begin(ground, connection, &schema, &owner),
                ground: ground.clone(),
                schema,
                owner,
            }),
            Ok((schema, Some(other))) => {
                G::hang_up(connection).await;
                Err(in_use::<G>(&schema, &other))
            }
            Err(error) => {
                G::hang_up(connection).await;
                Err(error)
            }
        }
    }
}

#[async_trait]
impl<G: Ground> Claim for SharedClaim<G> {
    /// If no server answers, the next run sees that this one is over.
    async fn release(self: Box<Self>) {
        if let Ok(mut connection) = self.ground.connect().await {
            let table = keeper::table::<G>(&self.schema);
            let text = format!("DELETE FROM {table} WHERE owner = '{}'", self.owner);
            G::run(&mut connection, &text).await.ok();
            G::hang_up(connection).await;
        }
        drop(self.keeper);
    }
}

/// Registers the run as the owner, or returns the present owner.
async fn claim<G: Ground>(
    witnesses: &impl Witnesses,
    connection: &mut G::Connection,
    schema: &str,
    owner: &str,
) -> Result<Option<Other>, CallError> {
    let defined = G::run(connection, &keeper::definition::<G>(schema)).await;
    defined.map_err(|refused| refused.error)?;
    let mut last = None;
    for _ in 0..TRIES {
        match claim_once::<G>(witnesses, connection, schema, owner).await {
            Ok(done) => return Ok(done),
            Err(refused) if refused.error.kind != ErrorKind::Conflict => return Err(refused.error),
            Err(refused) => {
                G::run(connection, "ROLLBACK").await.ok();
                last = Some(refused.error);
            }
        }
    }
    let never = || CallError::unavailable("claim", "the database could not be claimed");
    Err(last.unwrap_or_else(never))
}

async fn claim_once<G: Ground>(
    witnesses: &impl Witnesses,
    connection: &mut G::Connection,
    schema: &str,
    owner: &str,
) -> Result<Option<Other>, Refused> {
    G::run(connection, "BEGIN").await?;
    let look = format!(
        "SELECT owner, host, {} FROM {} WHERE id = 1 FOR UPDATE",
        G::SILENT_S,
        keeper::table::<G>(schema)
    );
    let rows = G::rows(connection, &look).await?;
    if let Some([other, host, silent]) = rows.into_iter().next().as_deref() {
        let text = |value: &Value| value.clone().into_text().unwrap_or_default();
        let (other, host) = (text(other), text(host));
        let silent_s = match silent {
            Value::Integer(seconds) => Some(*seconds),
            _ => None,
        };
        if !keeper::is_over(witnesses, &other, silent_s).await {
            G::run(connection, "ROLLBACK").await?;
            return Ok(Some(Other { owner: other, host }));
        }
    }
    for text in keeper::entry::<G>(schema, owner) {
        G::run(connection, &text).await?;
    }
    G::run(connection, "COMMIT").await?;
    Ok(None)
}

fn in_use<G: Ground>(schema: &str, other: &Other) -> CallError {
    let process = match run_id::pid(&other.owner) {
        Some(pid) => format!(" (process {pid} on {})", other.host),
        None => String::new(),
    };
    let message = format!(
        "the database {schema} is in use by another run{process}: wait for its end, name another \
         database, or let the user make schemas of its own: {}",
        G::RIGHT
    );
    CallError::rejected("in-use", message)
}
