//! Databases on a cluster of MariaDB servers.

use super::fixture::{Belongings, Fixture};
use crate::support::lab::{WHOLE, lab};
use contend::backend::mysql::Mysql;
use contend::backend::secret_url::SecretUrl;
use contend::capability::database::{Database, Freshness, Target};
use contend::capability::statement::{Action, Statement};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::{RwLockReadGuard, RwLockWriteGuard};
use url::Url;

static SCHEMAS: AtomicU32 = AtomicU32::new(1);

/// What a test holds of the lab that it shares.
enum LabGuard {
    Whole {
        _guard: RwLockReadGuard<'static, ()>,
    },
    Alone {
        _guard: RwLockWriteGuard<'static, ()>,
    },
}

impl LabGuard {
    async fn whole() -> Self {
        let _guard = WHOLE.read().await;
        Self::Whole { _guard }
    }
}

/// A schema of one test, on servers that tests share.
pub(super) struct Schema {
    name: String,
    host: Mysql,
    /// Keeps faults of other tests away, or other tests from faults.
    _lab: LabGuard,
}

impl Schema {
    async fn create(guard: LabGuard) -> Self {
        let (endpoint, nodes) = addresses("");
        let host = Mysql::open(&endpoint, &nodes).await.unwrap();
        let number = SCHEMAS.fetch_add(1, Ordering::Relaxed);
        let name = format!("contend_contract_{}_{number}", std::process::id());
        let schema = Self {
            name,
            host,
            _lab: guard,
        };
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
    cluster(LabGuard::whole().await).await
}

/// The same for a test that gives a node a fault.
pub(in crate::backend_contract) async fn broken_galera(
    guard: RwLockWriteGuard<'static, ()>,
) -> Fixture {
    cluster(LabGuard::Alone { _guard: guard }).await
}

async fn cluster(guard: LabGuard) -> Fixture {
    let schema = Schema::create(guard).await;
    let (endpoint, nodes) = addresses(&schema.name);
    let database = Arc::new(Mysql::open(&endpoint, &nodes).await.unwrap());
    Fixture::of(database, Belongings::Schema(schema)).await
}

/// One server, known by its endpoint alone.
pub(in crate::backend_contract) async fn mariadb_node() -> Fixture {
    let schema = Schema::create(LabGuard::whole().await).await;
    let (_, nodes) = addresses(&schema.name);
    let database = Arc::new(Mysql::open(&nodes[0], &[]).await.unwrap());
    Fixture::of(database, Belongings::Schema(schema)).await
}

/// The endpoint and the nodes; `schema` may be left empty for one that every server has.
pub(in crate::backend_contract) fn addresses(schema: &str) -> (SecretUrl, Vec<SecretUrl>) {
    let lab = lab();
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
