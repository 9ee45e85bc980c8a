//! PostgreSQL: one server, or a primary with its standbys.
//!
//! A session says BEGIN, COMMIT and ROLLBACK and the strategy's statements, and nothing besides: what
//! else it needs is said when the connection is opened (the schema of the trial, a name by which an
//! abandoned connection is found and ended, and how long the server may work on a statement). What the
//! host reads for itself goes over connections of its own, straight to a node.
//!
//! Behind a pooler in transaction mode (`pgbouncer=true` in the URL) nothing of a session holds beyond a
//! transaction. There each transaction sets for itself what a session would set once, in the message in
//! which it begins, and statements go as text with their values, so that each is one message.
//! *Example:* an autocommit UPDATE is sent as `SET LOCAL search_path = …; SET LOCAL statement_timeout =
//! …; UPDATE …`, which the server runs as one transaction.

mod answer;
mod catching_up;
mod classify;
mod ground;
mod home;
mod identity;
mod literals;
pub mod locks;
mod node;
mod options;
mod parameter_types;
mod pooled;
mod position;
mod readers;
mod servers;
mod session;
mod texts;
mod values;

use super::own_schema::{self, Claim, OwnSchema};
use super::secret_url::SecretUrl;
use super::session_options::SessionOptions;
use crate::capability::budget::Shares;
use crate::capability::calls;
use crate::capability::database::{Database, Freshness, Session, Target};
use crate::capability::statement::Statement;
use crate::model::error::CallError;
use crate::model::membership::Membership;
use crate::model::value::{Row, Value};
use async_trait::async_trait;
use futures_util::future::join_all;
use home::Home;
use servers::Servers;
use session::PostgresSession;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Parameters that affect an experiment.
const DESCRIBED: &str = "SELECT name, setting FROM pg_settings WHERE name IN ('server_version', \
     'default_transaction_isolation', 'synchronous_commit', 'synchronous_standby_names', 'fsync', \
     'full_page_writes', 'deadlock_timeout', 'lock_timeout', 'max_connections', 'hot_standby_feedback')";

/// The connections that a server would still take.
const ROOM: &str = "SELECT current_setting('max_connections')::bigint \
     - current_setting('superuser_reserved_connections')::bigint \
     - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')";

/// A trigger's name for the transaction: the number that the server gives it.
const TRANSACTION: &str = "pg_current_xact_id()::text";

/// One database on one or more servers.
pub struct Postgres {
    servers: Arc<Servers>,
    /// The schema that was made for it, if one was.
    schema: Option<OwnSchema<Home>>,
}

impl Postgres {
    /// Opens the database at its endpoint; `nodes` are the servers behind it. The errors name the
    /// address that does not answer, and no credentials.
    pub async fn open(
        endpoint: &SecretUrl,
        nodes: &[SecretUrl],
        options: impl Into<SessionOptions>,
    ) -> Result<Self, CallError> {
        let servers = Servers::open(endpoint, nodes, options.into(), None).await?;
        Ok(Self {
            servers: Arc::new(servers),
            schema: None,
        })
    }

    /// As [`Postgres::open`], in a schema that is made for it and dropped when it is closed.
    pub async fn open_in_own_schema(
        endpoint: &SecretUrl,
        nodes: &[SecretUrl],
        options: SessionOptions,
    ) -> Result<Self, CallError> {
        let Some(schema) = OwnSchema::create(&Home::of(endpoint, nodes)?).await? else {
            let message = "this user may no longer create a schema";
            return Err(CallError::rejected("rights", message));
        };
        match Servers::open(endpoint, nodes, options, Some(&schema.name)).await {
            Ok(servers) => Ok(Self {
                servers: Arc::new(servers),
                schema: Some(schema),
            }),
            Err(error) => {
                schema.remove().await;
                Err(error)
            }
        }
    }

    /// As [`own_schema::reserve`].
    pub(crate) async fn reserve(&self) -> Result<Option<Box<dyn Claim>>, CallError> {
        own_schema::reserve(&self.servers.home, &*self.servers).await
    }
}

#[async_trait]
impl Database for Postgres {
    fn dialect(&self) -> &'static str {
        "postgres"
    }

    fn nodes(&self) -> &[String] {
        &self.servers.names
    }

    fn divide(&self, shares: &Shares) {
        self.servers.divide(*shares);
    }

    fn name_transactions(&self) -> &'static str {
        TRANSACTION
    }

    fn membership(&self) -> Membership {
        self.servers.membership.clone()
    }

    async fn connect(&self, target: &Target) -> Result<Box<dyn Session>, CallError> {
        let servers = Arc::clone(&self.servers);
        let session = PostgresSession::open(servers, target.clone()).await?;
        Ok(Box::new(session))
    }

    async fn read(
        &self,
        node: &str,
        freshness: Freshness,
        statement: &Statement,
        parameters: &[Value],
    ) -> Result<Vec<Row>, CallError> {
        let number = self.servers.number(node)?;
        calls::check_returns_rows(statement)?;
        calls::check_count(statement, parameters)?;
        if freshness == Freshness::Causal {
            self.servers.catch_up(number).await?;
        }
        // A standby locks no rows, and elsewhere a row lock outside a transaction keeps nothing.
        let text = match statement.row_lock() {
            Some(lock) => &lock.text_without_clause,
            None => statement.text(),
        };
        let readers = &self.servers.nodes[number].readers;
        readers.read(text, parameters).await
    }

    async fn members(&self) -> Result<usize, CallError> {
        self.servers.members().await
    }

    async fn room(&self) -> Option<u64> {
        if self.servers.endpoint.is_pooler {
            // Sessions take no connection of a server before they need one.
            return None;
        }
        let asked = self.servers.nodes.iter().map(async |node| {
            let rows = node.readers.read(ROOM, &[]).await.ok()?;
            match rows.first()?.first()? {
                Value::Integer(left) => Some(u64::try_from(*left).unwrap_or(0)),
                _ => None,
            }
        });
        // Only the primary takes writes, so the sessions are where there is the least room.
        join_all(asked).await.into_iter().min().flatten()
    }

    async fn describe(&self) -> Result<BTreeMap<String, String>, CallError> {
        let node = &self.servers.nodes[0];
        let rows = node.readers.read(DESCRIBED, &[]).await?;
        let pairs = rows.into_iter().filter_map(|row| {
            let mut values = row.into_iter().map(Value::into_text);
            Some((values.next()??, values.next()??))
        });
        Ok(pairs.collect())
    }

    async fn close(&self) {
        for node in &self.servers.nodes {
            node.readers.close().await;
        }
        if let Some(schema) = &self.schema {
            schema.remove().await;
        }
    }
}
