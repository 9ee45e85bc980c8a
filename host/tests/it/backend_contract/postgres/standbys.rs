//! A primary with its standbys.

use super::{ADD_ONE, READ, n};
use crate::backend_contract::databases::fixture::Fixture;
use crate::backend_contract::databases::postgres::{
    addresses, addresses_of, cluster_of, postgres_cluster,
};
use crate::backend_contract::databases::spawn_execute;
use crate::backend_contract::{assert_error, contract};
use crate::support::lab::{postgres_lab_to_break, start_with};
use contend::backend::postgres::Postgres;
use contend::backend::session_options::SessionOptions;
use contend::capability::database::{Database, Freshness};
use contend::lab::Kind;
use contend::model::error::ErrorKind::Unavailable;
use contend::model::lab_fault::{LabAction, LabFault};
use contend::model::value::Value;
use tokio::task::block_in_place;

contract! { postgres_cluster:
    a_standby_takes_no_writes,
    sync_on_a_standby_waits_for_the_primary,
    an_open_transaction_holds_no_causal_reading_up,
    every_server_is_a_member,
}

async fn a_standby_takes_no_writes(fixture: &Fixture) {
    let standby = fixture.database.nodes()[1].clone();
    let mut session = fixture.on(&standby).await;
    session.sync().await.unwrap();
    assert_error(
        fixture.execute(&mut session, ADD_ONE).await,
        Unavailable,
        "25006",
    );
    assert_eq!(n(fixture, &mut session).await, 0);
    assert_eq!(session.node(), Some(1));
    session.close().await;
}

async fn sync_on_a_standby_waits_for_the_primary(fixture: &Fixture) {
    let standby = fixture.database.nodes()[1].clone();
    let (mut writer, mut reader) = (fixture.session().await, fixture.on(&standby).await);
    for count in 1..=50 {
        fixture.execute(&mut writer, ADD_ONE).await.unwrap();
        reader.sync().await.unwrap();
        assert_eq!(n(fixture, &mut reader).await, count);
        let read = fixture.statement(READ);
        let causal = fixture.read_at(&fixture.database.nodes()[2], &read).await;
        assert_eq!(causal.unwrap(), [[Value::Integer(count)]]);
    }
    reader.close().await;
}

/// Its records in the log are not flushed, so no standby reaches their position by itself.
async fn an_open_transaction_holds_no_causal_reading_up(fixture: &Fixture) {
    let mut open = fixture.session().await;
    let read = fixture.statement(READ);
    for _ in 0..3 {
        open.begin().await.unwrap();
        fixture.execute(&mut open, ADD_ONE).await.unwrap();
        for node in fixture.database.nodes() {
            let seen = fixture.read_at(node, &read).await;
            assert_eq!(seen.unwrap(), [[Value::Integer(0)]], "{node}");
        }
        open.rollback().await.unwrap();
    }
}

async fn every_server_is_a_member(fixture: &Fixture) {
    assert_eq!(fixture.database.nodes(), ["n1", "n2", "n3"]);
    assert_eq!(fixture.database.members().await.unwrap(), 3);
    assert!(fixture.database.membership().unseen.is_empty());
    assert!(fixture.database.room().await.unwrap() > 100);
    let described = fixture.database.describe().await.unwrap();
    assert_eq!(described["default_transaction_isolation"], "read committed");
}

/// Its client may be gone meanwhile, and settling must not take it for one that never was.
#[tokio::test(flavor = "multi_thread")]
async fn a_causal_reading_waits_for_a_commit_that_waits_for_a_standby() {
    let (lab, _watchdog) = start_with(|options| {
        options.kind = Kind::Postgres;
        options.synchronous = true;
    });
    let fault = |action| {
        for target in ["n2", "n3"].map(str::to_owned) {
            block_in_place(|| lab.fault(&LabFault { action, target })).unwrap();
        }
    };
    let fixture = cluster_of(&lab).await;
    fault(LabAction::Isolate);
    let writer = fixture.near().await;
    let mut writing = spawn_execute(&fixture, writer, ADD_ONE);
    fixture
        .must_wait(&mut writing, "the commit waits for no standby")
        .await;
    let primary = fixture.database.nodes()[0].clone();
    let read = fixture.statement(READ);
    let as_it_is = fixture
        .database
        .read(&primary, Freshness::AsItIs, &read, &[]);
    assert_eq!(as_it_is.await.unwrap(), [[Value::Integer(0)]]);
    let mut causal = Box::pin(fixture.read_at(&primary, &read));
    fixture
        .must_wait(&mut causal, "the commit is in the log, and was not read")
        .await;
    fault(LabAction::Heal);
    let (writer, written) = writing.await.unwrap();
    assert_eq!(written.unwrap(), 1);
    assert_eq!(causal.await.unwrap(), [[Value::Integer(1)]]);
    writer.close().await;
    fixture.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_all_take_writes_have_no_primary() {
    let (endpoint, mut nodes) = addresses();
    nodes.truncate(1);
    for has_primary in [true, false] {
        let database = Postgres::open(&endpoint, &nodes, SessionOptions::default()).await;
        let database = database.unwrap();
        assert_eq!(database.membership().has_primary, has_primary);
        database.close().await;
        let (_, others) = block_in_place(|| addresses_of(&postgres_lab_to_break()));
        // Whichever of them is the primary.
        nodes.extend(others);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_that_was_not_named_is_unseen() {
    let (endpoint, nodes) = addresses();
    let database = Postgres::open(&endpoint, &nodes[..2], SessionOptions::default()).await;
    let database = database.unwrap();
    assert_eq!(database.membership().unseen.len(), 1);
    database.close().await;
}
