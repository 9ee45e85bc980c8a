//! PostgreSQL's words for the schemas of trials.

use super::answer::{Failure, rows, run};
use super::classify::classify;
use super::home::Home;
use super::options::hang_up;
use super::servers::Servers;
use crate::capability::operation::Operation;
use crate::model::error::CallError;
use crate::model::value::{Row, Value};
use crate::own_schema::{Ground, Refused, Witnesses};
use async_trait::async_trait;
use sqlx::postgres::PgConnection;

/// The state of an error for a right that the user lacks.
const INSUFFICIENT_PRIVILEGE: &str = "42501";

#[async_trait]
impl Ground for Home {
    type Connection = PgConnection;

    const QUOTE: char = '"';
    const TIME: &'static str = "timestamptz";
    const NOW: &'static str = "now()";
    const SILENT_S: &'static str = "extract(epoch FROM now() - beat)::bigint";
    const TABLE_OPTIONS: &'static str = "";
    const SCHEMAS: &'static str =
        "SELECT nspname::text FROM pg_namespace WHERE starts_with(nspname::text, 'contend_run_')";
    const RIGHT: &'static str = "GRANT CREATE ON DATABASE … TO …";

    async fn connect(&self) -> Result<PgConnection, CallError> {
        self.connect_to_the_primary().await
    }

    async fn hang_up(connection: PgConnection) {
        hang_up(connection).await;
    }

    async fn run(connection: &mut PgConnection, text: &str) -> Result<(), Refused> {
        run(connection, text).await.map_err(refused)
    }

    async fn rows(connection: &mut PgConnection, text: &str) -> Result<Vec<Row>, Refused> {
        rows(connection, text).await.map_err(refused)
    }

    async fn schema(connection: &mut PgConnection) -> Result<String, Refused> {
        let rows = Self::rows(connection, "SELECT current_schema()::text").await?;
        let name = rows.into_iter().flatten().next().and_then(Value::into_text);
        Ok(name.unwrap_or_else(|| "public".to_owned()))
    }

    fn create(schema: &str) -> String {
        format!("CREATE SCHEMA \"{schema}\"")
    }

    fn drop(schema: &str) -> String {
        format!("DROP SCHEMA IF EXISTS \"{schema}\" CASCADE")
    }

    fn use_rights(schema: &str) -> Vec<String> {
        vec![
            format!("CREATE TABLE \"{schema}\".rights (id int NOT NULL PRIMARY KEY)"),
            format!(
                "CREATE FUNCTION \"{schema}\".rights_audited() RETURNS trigger LANGUAGE plpgsql \
                 AS $$ BEGIN RETURN NULL; END $$"
            ),
            format!(
                "CREATE TRIGGER audited AFTER UPDATE ON \"{schema}\".rights \
                 FOR EACH ROW EXECUTE FUNCTION \"{schema}\".rights_audited()"
            ),
            format!("DROP TABLE \"{schema}\".rights"),
            format!("DROP FUNCTION \"{schema}\".rights_audited()"),
        ]
    }

    fn hold(name: &str) -> String {
        format!("SELECT pg_advisory_lock({})", key(name))
    }
}

/// The number of the lock of this name.
fn key(name: &str) -> String {
    format!("hashtextextended('{name}', 0)")
}

fn refused(failure: Failure) -> Refused {
    let error = classify(&failure, Operation::Connecting);
    Refused {
        lacks_right: error.code == INSUFFICIENT_PRIVILEGE,
        error,
    }
}

#[async_trait]
impl Witnesses for Servers {
    fn are_all(&self) -> bool {
        self.membership.unseen.is_empty()
    }

    /// A lock is the primary's, whichever of the nodes that is.
    async fn may_hold(&self, name: &str) -> bool {
        let look = format!(
            "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' \
             AND (classid::bigint << 32 | objid::bigint) = {}",
            key(name)
        );
        for node in &self.nodes {
            match node.readers.read(&look, &[]).await {
                Ok(rows) if rows.is_empty() => {}
                _ => return true,
            }
        }
        false
    }
}
