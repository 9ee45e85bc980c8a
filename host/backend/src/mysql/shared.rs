//! The user's own schema, for one run at a time: where no other can be made.

use super::answer::{Failure, answer, run};
use super::classify::classify;
use super::keeper::{self, Keeper};
use super::options::{Address, hang_up};
use super::servers::{Introduced, Servers, introduce};
use crate::capability::operation::Operation;
use crate::model::error::{CallError, ErrorKind};
use crate::model::value::Value;
use crate::run_id;
use mysql_async::Conn;

/// Two runs that claim at the same moment on two nodes meet at the commit; each tries again.
const TRIES: u32 = 20;

/// The claim of this run on a schema.
pub struct SharedClaim {
    endpoint: Address,
    schema: String,
    owner: String,
    keeper: Keeper,
}

/// The run that owns it instead.
struct Other {
    owner: String,
    host: String,
}

impl SharedClaim {
    /// Claims the schema of the endpoint. `rejected` with `in-use` if another run has it.
    pub(super) async fn take(servers: &Servers) -> Result<Self, CallError> {
        let endpoint = servers.endpoint.clone();
        let schema = endpoint.schema();
        let owner = run_id::new_name();
        let Introduced { mut connection, .. } = introduce(&endpoint).await?;
        keeper::hold(&mut connection, &owner).await;
        match claim(servers, &mut connection, &schema, &owner).await {
            Ok(None) => Ok(Self {
                keeper: Keeper::begin(endpoint.clone(), connection, &schema, &owner),
                endpoint,
                schema,
                owner,
            }),
            refused => {
                hang_up(connection).await;
                Err(refused.map_or_else(|error| error, |other| in_use(&schema, other)))
            }
        }
    }

    /// Gives it up. If no server answers, the next run sees that this one is over.
    pub async fn release(self) {
        if let Ok(mut introduced) = introduce(&self.endpoint).await {
            let table = keeper::TABLE;
            let text = format!(
                "DELETE FROM `{}`.{table} WHERE owner = '{}'",
                self.schema, self.owner
            );
            run(&mut introduced.connection, &text).await.ok();
            hang_up(introduced.connection).await;
        }
        drop(self.keeper);
    }
}

/// Registers the run as the owner, or returns the present owner.
async fn claim(
    servers: &Servers,
    connection: &mut Conn,
    schema: &str,
    owner: &str,
) -> Result<Option<Other>, CallError> {
    let failed = |failure: Failure| classify(&failure, Operation::Connecting);
    run(connection, &keeper::definition(schema))
        .await
        .map_err(failed)?;
    let mut last = None;
    for _ in 0..TRIES {
        match claim_once(servers, connection, schema, owner).await {
            Ok(done) => return Ok(done),
            Err(failure) => {
                let error = failed(failure);
                if error.kind != ErrorKind::Conflict {
                    return Err(error);
                }
                run(connection, "ROLLBACK").await.ok();
                last = Some(error);
            }
        }
    }
    let never = || CallError::unavailable("claim", "the database could not be claimed");
    Err(last.unwrap_or_else(never))
}

async fn claim_once(
    servers: &Servers,
    connection: &mut Conn,
    schema: &str,
    owner: &str,
) -> Result<Option<Other>, Failure> {
    run(connection, "BEGIN").await?;
    let look = format!(
        "SELECT owner, host, TIMESTAMPDIFF(SECOND, beat, UTC_TIMESTAMP()) FROM `{schema}`.{} \
         WHERE id = 1 FOR UPDATE",
        keeper::TABLE
    );
    let rows = answer(connection, &look, &[], usize::MAX).await?.rows;
    if let Some([other, host, silent]) = rows.into_iter().next().as_deref() {
        let text = |value: &Value| value.clone().into_text().unwrap_or_default();
        let (other, host) = (text(other), text(host));
        let silent_s = match silent {
            Value::Integer(seconds) => Some(*seconds),
            _ => None,
        };
        if !keeper::is_over(servers, &other, silent_s).await {
            run(connection, "ROLLBACK").await?;
            return Ok(Some(Other { owner: other, host }));
        }
    }
    run(connection, &keeper::entry(schema, owner)).await?;
    run(connection, "COMMIT").await?;
    Ok(None)
}

fn in_use(schema: &str, other: Option<Other>) -> CallError {
    let who = match &other {
        Some(other) => match run_id::pid(&other.owner) {
            Some(pid) => format!(" (process {pid} on {})", other.host),
            None => String::new(),
        },
        None => String::new(),
    };
    let message = format!(
        "the database {schema} is in use by another run{who}: wait for its end, name another \
         database, or let the user make schemas of its own: GRANT ALL ON `contend\\_run\\_%`.* TO …"
    );
    CallError::rejected("in-use", message)
}
