//! Readings of the host, over connections that all workers share.

use super::fixture::Fixture;
use super::mariadb::{galera, mariadb_node};
use super::postgres::postgres_cluster;
use super::{ADD_ONE, READ, integer};
use crate::backend_contract::{A_WHILE, assert_rejected, contract};
use contend::capability::database::Freshness;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

// The simulator has no connections that readings could wait for.
contract! { galera: readings_that_are_not_polled_delay_no_other }
contract! { mariadb_node: readings_that_are_not_polled_delay_no_other }
contract! { postgres_cluster: readings_that_are_not_polled_delay_no_other }

pub(super) async fn shared_reads_are_bounded_but_none_is_lost(fixture: &Fixture) {
    let node = fixture.database.nodes()[0].clone();
    let reads = (0..32).map(|_| {
        let (database, node) = (Arc::clone(&fixture.database), node.clone());
        let statement = fixture.statement(READ);
        fixture.time.spawn(async move {
            database
                .read(&node, Freshness::AsItIs, &statement, &[])
                .await
        })
    });
    for read in reads.collect::<Vec<_>>() {
        assert_eq!(integer(&read.await.unwrap().unwrap()), 0);
    }
    let write = fixture.statement(ADD_ONE);
    let written = fixture.read_at(&node, &write).await;
    assert_rejected(written, "not-a-query");
}

/// Settling asks for the members while its readings are under way, and does not poll them then.
async fn readings_that_are_not_polled_delay_no_other(fixture: &Fixture) {
    let (database, node) = (&fixture.database, &fixture.database.nodes()[0]);
    let read = fixture.statement(READ);
    let mut context = Context::from_waker(Waker::noop());
    let begun: Vec<_> = (0..20)
        .map(|_| {
            let mut reading = database.read(node, Freshness::Causal, &read, &[]);
            assert!(reading.as_mut().poll(&mut context).is_pending());
            reading
        })
        .collect();
    fixture.time.sleep(A_WHILE).await;
    let others = async {
        for _ in 0..5 {
            let seen = database.read(node, Freshness::Causal, &read, &[]).await;
            assert_eq!(integer(&seen.unwrap()), 0);
            database.members().await.unwrap();
        }
    };
    // A reading that keeps its turn keeps it for ever: the limit is for a machine that is busy.
    let limit = Duration::from_secs(30);
    let answered = fixture.time.timeout(limit, others).await;
    answered.expect("readings wait for those that are not polled");
    drop(begun);
}
