//! Databases on a cluster of MariaDB servers.

use super::fixture::{Belongings, Fixture};
use crate::support::lab::lab;
use contend::backend::mysql::Mysql;
use contend::backend::secret_url::SecretUrl;
use contend::backend::session_options::SessionOptions;
use contend::backend::url::AutocommitWrites;
use contend::capability::database::{Database, Freshness, Target};
use contend::capability::statement::{Action, Statement};
use contend::lab::Lab;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use url::Url;

static SCHEMAS: AtomicU32 = AtomicU32::new(1);

/// A schema of one test, on servers that tests share.
pub(super) struct Schema {
    name: String,
    host: Mysql,
}

impl Schema {
    async fn create(lab: &Lab) -> Self {
        let (endpoint, nodes) = addresses(lab, "");
        let host = Mysql::open(&endpoint, &nodes, AutocommitWrites::Prepared)
            .await
            .unwrap();
        let number = SCHEMAS.fetch_add(1, Ordering::Relaxed);
        let name = format!("contend_contract_{}_{number}", std::process::id());
        let schema = Self { name, host };
        schema.define("CREATE").await;
        let any = Statement::of_host("SELECT 1", Action::Read);
        for node in schema.host.nodes() {
            let read = schema.host.read(node, Freshness::Causal, &any, &[]);
            read.await.unwrap();
        }
        schema
    }

    pub(super) async fn drop(&self) {
        self.define("DROP").await;
        self.host.close().await;
    }

    async fn define(&self, verb: &str) {
        let charset = if verb == "CREATE" {
            " CHARACTER SET utf8mb4"
        } else {
            ""
        };
        let text = format!("{verb} DATABASE {}{charset}", self.name);
        let mut session = self.host.connect(&Target::Endpoint).await.unwrap();
        let statement = Statement::of_host(text, Action::Define);
        session.execute(&statement, &[]).await.unwrap();
        session.close().await;
    }
}

/// Three nodes, and an endpoint that gives one after the other.
pub(in crate::backend_contract) async fn galera() -> Fixture {
    galera_of(lab()).await
}

/// The same, with writes that commit by themselves sent as text.
pub(in crate::backend_contract) async fn galera_as_text() -> Fixture {
    galera_with(lab(), AutocommitWrites::Text).await
}

/// As `galera`, in a lab of one's own.
pub(in crate::backend_contract) async fn galera_of(lab: &Lab) -> Fixture {
    galera_with(lab, AutocommitWrites::Prepared).await
}

async fn galera_with(lab: &Lab, writes: AutocommitWrites) -> Fixture {
    let schema = Schema::create(lab).await;
    let (endpoint, nodes) = addresses(lab, &schema.name);
    let database = Mysql::open(&endpoint, &nodes, writes).await.unwrap();
    Fixture::of(Arc::new(database), Belongings::Schema(Box::new(schema))).await
}

/// One server, known by its endpoint alone.
pub(in crate::backend_contract) async fn mariadb_node() -> Fixture {
    node_with(AutocommitWrites::Prepared).await
}

/// The same, with writes that commit by themselves sent as text.
pub(in crate::backend_contract) async fn mariadb_node_as_text() -> Fixture {
    node_with(AutocommitWrites::Text).await
}

/// One server with these choices of the run.
pub(in crate::backend_contract) async fn node_with(options: impl Into<SessionOptions>) -> Fixture {
    let schema = Schema::create(lab()).await;
    let (_, nodes) = addresses(lab(), &schema.name);
    let database = Mysql::open(&nodes[0], &[], options).await.unwrap();
    Fixture::of(Arc::new(database), Belongings::Schema(Box::new(schema))).await
}

/// The endpoint and the nodes; `schema` may be left empty for one that every server has.
pub(in crate::backend_contract) fn addresses(
    lab: &Lab,
    schema: &str,
) -> (SecretUrl, Vec<SecretUrl>) {
    let url = |text: &str| {
        let mut url = Url::parse(text).unwrap();
        if !schema.is_empty() {
            url.set_path(schema);
        }
        SecretUrl::parse(url.as_str()).unwrap()
    };
    let nodes = lab.node_urls();
    let nodes = nodes.iter().map(|(_, text)| url(text)).collect();
    (url(&lab.endpoint_url()), nodes)
}
