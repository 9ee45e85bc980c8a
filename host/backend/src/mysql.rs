//! MariaDB and MySQL: one server, or a cluster behind an endpoint.
//!
//! A session says BEGIN, COMMIT and ROLLBACK and the strategy's statements, and nothing besides but two
//! things: when it is opened, how long the server may work on a statement (`max_statement_time`), so
//! that a query does not outlive the strategy or the runner that asked it; and along with BEGIN, where
//! there is an audit, a variable. All else is what the server gives every client. What the host reads
//! for itself goes over connections of its own, straight to a node.

mod answer;
mod classify;
mod discovery;
mod ground;
mod limits;
pub mod locks;
mod options;
mod readers;
mod servers;
mod session;
mod status;
mod threads;
mod tls;
mod transaction_names;
mod values;

use super::own_schema::{self, Claim, OwnSchema};
use super::secret_url::SecretUrl;
use super::session_options::SessionOptions;
use crate::capability::budget::Shares;
use crate::capability::database::{Database, Freshness, Session, Target};
use crate::capability::mysql_calls;
use crate::capability::operation::Operation;
use crate::capability::statement::Statement;
use crate::model::counters::NodeCounters;
use crate::model::error::CallError;
use crate::model::membership::Membership;
use crate::model::value::{Row, Value};
use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use options::Address;
use servers::{Node, Servers, introduce};
use session::MysqlSession;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;
use tokio::sync::Mutex;

/// One database on one or more servers.
pub struct Mysql {
    servers: Arc<Servers>,
    members: Mutex<Option<Counted>>,
    /// The schema that was made for it, if one was.
    schema: Option<OwnSchema<Address>>,
}

/// The cluster's size as last reported.
struct Counted {
    /// The time of the request.
    asked: Instant,
    said: Result<usize, CallError>,
}

impl Mysql {
    /// Opens the database at its endpoint; `nodes` are the servers behind it. Members of the cluster
    /// that are not among them are found where the servers know their addresses. The errors name the
    /// address that does not answer, and no credentials.
    pub async fn open(
        endpoint: &SecretUrl,
        nodes: &[SecretUrl],
        options: impl Into<SessionOptions>,
    ) -> Result<Self, CallError> {
        let servers = Servers::open(endpoint, nodes, options.into(), None).await?;
        Ok(Self {
            servers: Arc::new(servers),
            members: Mutex::new(None),
            schema: None,
        })
    }

    /// As [`Mysql::open`], in a schema that is made for it and dropped when it is closed.
    pub async fn open_in_own_schema(
        endpoint: &SecretUrl,
        nodes: &[SecretUrl],
        options: SessionOptions,
    ) -> Result<Self, CallError> {
        let Some(schema) =
            OwnSchema::create(&Address::from_url(endpoint, options.affected_rows)?).await?
        else {
            let message = "this user may no longer create a schema";
            return Err(CallError::rejected("rights", message));
        };
        let name = Some(&*schema.name);
        match Servers::open(endpoint, nodes, options, name).await {
            Ok(servers) => Ok(Self {
                servers: Arc::new(servers),
                members: Mutex::new(None),
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
        own_schema::reserve(&self.servers.endpoint, &*self.servers).await
    }
}

#[async_trait]
impl Database for Mysql {
    fn dialect(&self) -> &'static str {
        "mysql"
    }

    fn nodes(&self) -> &[String] {
        &self.servers.names
    }

    fn divide(&self, shares: &Shares) {
        self.servers.divide(*shares);
    }

    fn name_transactions(&self) -> &'static str {
        self.servers.names_transactions.store(true, Relaxed);
        transaction_names::EXPRESSION
    }

    fn membership(&self) -> Membership {
        self.servers.membership.clone()
    }

    async fn connect(&self, target: &Target) -> Result<Box<dyn Session>, CallError> {
        let servers = Arc::clone(&self.servers);
        let session = MysqlSession::open(servers, target.clone()).await?;
        Ok(Box::new(session))
    }

    async fn read(
        &self,
        node: &str,
        freshness: Freshness,
        statement: &Statement,
        parameters: &[Value],
    ) -> Result<Vec<Row>, CallError> {
        let node = self.servers.node(node)?;
        mysql_calls::check_query(statement, parameters)?;
        // A row lock outside a transaction locks nothing that outlives the statement.
        let text = match statement.row_lock() {
            Some(lock) => &lock.text_without_clause,
            None => statement.text(),
        };
        let readers = match freshness {
            Freshness::AsItIs => &node.as_it_is,
            Freshness::Causal => &node.causal,
        };
        readers.read(text, parameters).await
    }

    async fn members(&self) -> Result<usize, CallError> {
        let nodes = &self.servers.nodes;
        if nodes.iter().all(|node| node.identity.node.is_none()) {
            return Ok(nodes.len());
        }
        // Many workers ask at once where a node is slow. What was asked after this one came is an
        // answer to it, too.
        let came = Instant::now();
        let mut counted = self.members.lock().await;
        if let Some(last) = &*counted
            && last.asked >= came
        {
            return last.said.clone();
        }
        let asked = Instant::now();
        let said = count_members(nodes).await;
        *counted = Some(Counted {
            asked,
            said: said.clone(),
        });
        said
    }

    async fn counters(&self) -> Vec<NodeCounters> {
        let text = status::counters_text();
        let asked = self.servers.nodes.iter().map(async |node| {
            let rows = node.as_it_is.read(&text, &[]).await.ok()?;
            status::counters(&node.name, rows)
        });
        join_all(asked).await.into_iter().flatten().collect()
    }

    async fn room(&self) -> Option<u64> {
        if !self.servers.membership.unseen.is_empty() {
            return None;
        }
        let asked = self.servers.nodes.iter().map(async |node| {
            let rows = node.as_it_is.read(status::ROOM, &[]).await.ok()?;
            status::room(&rows)
        });
        join_all(asked).await.into_iter().sum()
    }

    async fn describe(&self) -> Result<BTreeMap<String, String>, CallError> {
        let mut introduced = introduce(&self.servers.endpoint).await?;
        let described = status::describe(&mut introduced.connection).await;
        options::hang_up(introduced.connection).await;
        described.map_err(|failure| classify::classify(&failure, Operation::Reading))
    }

    async fn close(&self) {
        for node in &self.servers.nodes {
            node.as_it_is.close().await;
            node.causal.close().await;
        }
        if let Some(schema) = &self.schema {
            schema.remove().await;
        }
    }
}

async fn count_members(nodes: &[Node]) -> Result<usize, CallError> {
    let mut answers: FuturesUnordered<_> = nodes.iter().map(members_says).collect();
    while let Some(answer) = answers.next().await {
        if let Some(members) = answer {
            return Ok(members);
        }
    }
    let message = "no node is in the primary component, which alone can commit";
    Err(CallError::unavailable("no-primary", message))
}

/// The size of the cluster, if this node is in the part of it that can commit.
async fn members_says(node: &Node) -> Option<usize> {
    let text = status::show_status(status::CLUSTER);
    let shown = status::pairs(node.as_it_is.read(&text, &[]).await.ok()?);
    (shown.get("wsrep_cluster_status")? == "Primary")
        .then(|| shown.get("wsrep_cluster_size")?.parse().ok())
        .flatten()
}
