//! Databases on PostgreSQL servers, each in a schema of its own.

use super::fixture::{Belongings, Fixture};
use crate::support::lab::postgres_lab;
use contend::backend::postgres::Postgres;
use contend::backend::secret_url::SecretUrl;
use contend::backend::session_options::SessionOptions;
use contend::lab::Lab;
use std::sync::Arc;

/// A primary with its standbys, and an endpoint that leads to the primary.
pub(in crate::backend_contract) async fn postgres_cluster() -> Fixture {
    cluster_of(postgres_lab()).await
}

/// The same of another lab.
pub(in crate::backend_contract) async fn cluster_of(lab: &Lab) -> Fixture {
    let (endpoint, nodes) = addresses_of(lab);
    open(&endpoint, &nodes, SessionOptions::default()).await
}

/// One server, known by its endpoint alone.
pub(in crate::backend_contract) async fn postgres_node() -> Fixture {
    node_with(SessionOptions::default()).await
}

/// The same through a pooler in transaction mode, by which every session goes.
pub(in crate::backend_contract) async fn postgres_pooled() -> Fixture {
    pooled_with(SessionOptions::default()).await
}

pub(in crate::backend_contract) async fn pooled_with(options: SessionOptions) -> Fixture {
    let (_, nodes) = addresses();
    let fixture = open(&pooler(), &nodes, options).await;
    fixture.near_by_its_endpoint()
}

pub(in crate::backend_contract) fn pooler() -> SecretUrl {
    let url = postgres_lab().pooler_url().unwrap();
    SecretUrl::parse(&format!("{url}?pgbouncer=true")).unwrap()
}

/// One server with these choices of the run.
pub(in crate::backend_contract) async fn node_with(options: SessionOptions) -> Fixture {
    let (_, nodes) = addresses();
    open(&nodes[0], &[], options).await
}

async fn open(endpoint: &SecretUrl, nodes: &[SecretUrl], options: SessionOptions) -> Fixture {
    let opened = Postgres::open_in_own_schema(endpoint, nodes, options).await;
    Fixture::of(Arc::new(opened.unwrap()), Belongings::Nothing).await
}

/// The endpoint and the nodes.
pub(in crate::backend_contract) fn addresses() -> (SecretUrl, Vec<SecretUrl>) {
    addresses_of(postgres_lab())
}

pub(in crate::backend_contract) fn addresses_of(lab: &Lab) -> (SecretUrl, Vec<SecretUrl>) {
    let url = |text: &str| SecretUrl::parse(text).unwrap();
    let nodes = lab.node_urls();
    let nodes = nodes.iter().map(|(_, text)| url(text)).collect();
    (url(&lab.endpoint_url()), nodes)
}
