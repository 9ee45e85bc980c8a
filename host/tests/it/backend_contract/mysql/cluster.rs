//! Several nodes, all of them written to.

use super::*;
use crate::support::lab::lab;
use contend::backend::mysql::Mysql;
use contend::backend::url::AutocommitWrites;
use contend::capability::database::{Database, Freshness, Target};
use std::collections::BTreeSet;

/// A session on each of the first two nodes.
async fn two_nodes(fixture: &Fixture) -> (Box<dyn Session>, Box<dyn Session>) {
    let nodes = fixture.database.nodes();
    (fixture.on(&nodes[0]).await, fixture.on(&nodes[1]).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn for_update_on_two_nodes_lets_one_commit_and_refuses_the_other() {
    let fixture = galera().await;
    let (mut first, mut second) = two_nodes(&fixture).await;
    for session in [&mut first, &mut second] {
        session.begin().await.unwrap();
        // Both have it: a row lock excludes nobody on another node.
        fixture.query(session, READ_LOCKED).await.unwrap();
    }
    fixture
        .execute(&mut second, "UPDATE things SET n = 9 WHERE id = 2")
        .await
        .unwrap();
    fixture.execute(&mut first, ADD_ONE).await.unwrap();
    first.commit().await.unwrap();
    // The other is told at its next statement, whatever that is.
    let node = &fixture.database.nodes()[1];
    fixture
        .read_at(node, &fixture.statement(READ))
        .await
        .unwrap();
    let read = fixture.query(&mut second, "SELECT 1").await;
    assert_error(read, ErrorKind::Conflict, "1213");
    assert_rejected(second.commit().await, "no-transaction");
    // Nothing of its transaction stays, and what it does now is its own.
    fixture.execute(&mut second, ADD_ONE).await.unwrap();
    let all = Statement::of_host("SELECT n FROM things ORDER BY id", Action::Read);
    for node in fixture.database.nodes() {
        let seen = fixture.read_at(node, &all).await.unwrap();
        assert_eq!(seen, [[Value::Integer(2)], [Value::Integer(0)]], "{node}");
    }
    fixture.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_commits_at_once_are_one_commit_and_one_conflict() {
    let fixture = galera().await;
    let (mut first, mut second) = two_nodes(&fixture).await;
    for turn in 1..=20 {
        for session in [&mut first, &mut second] {
            session.sync().await.unwrap();
            session.begin().await.unwrap();
            fixture.query(session, READ_LOCKED).await.unwrap();
        }
        let write = fixture.statement(ADD_ONE);
        let change = async |session: &mut Box<dyn Session>| {
            session.execute(&write, &[]).await?;
            session.commit().await
        };
        let ended = tokio::join!(change(&mut first), change(&mut second));
        let told = match ended {
            (Ok(()), Err(error)) | (Err(error), Ok(())) => error,
            both => panic!("{both:?}"),
        };
        assert_error(Err::<(), _>(told), ErrorKind::Conflict, "1213");
        assert_eq!(fixture.n().await, turn);
    }
    fixture.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_compare_and_swaps_on_two_nodes_one_wins() {
    let fixture = galera().await;
    let (mut first, mut second) = two_nodes(&fixture).await;
    for turn in 0..50 {
        for session in [&mut first, &mut second] {
            session.sync().await.unwrap();
        }
        let swap = fixture.statement("UPDATE things SET n = ? WHERE id = 1 AND n = ?");
        let values = [Value::Integer(turn + 1), Value::Integer(turn)];
        let ended = tokio::join!(
            first.execute(&swap, &values),
            second.execute(&swap, &values)
        );
        let won = [ended.0, ended.1].map(|result| match result {
            Ok(affected) => affected,
            // The server tries again once of its own accord, and may lose again.
            Err(error) => {
                assert_error(Err::<(), _>(error), ErrorKind::Conflict, "1213");
                0
            }
        });
        assert_eq!(won[0] + won[1], 1, "{won:?}");
        assert_eq!(fixture.n().await, turn + 1);
    }
    fixture.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_causal_reading_is_never_stale() {
    let fixture = galera().await;
    let mut writer = fixture.near().await;
    let read = fixture.statement(READ);
    let nodes = fixture.database.nodes().to_vec();
    for turn in 1..=100 {
        fixture.execute(&mut writer, ADD_ONE).await.unwrap();
        let reads = nodes.iter().map(|node| fixture.read_at(node, &read));
        for seen in futures_util::future::join_all(reads).await {
            assert_eq!(seen.unwrap(), [[Value::Integer(turn)]]);
        }
    }
    fixture.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_sync_a_session_sees_what_was_committed_elsewhere() {
    let fixture = galera().await;
    let (mut writer, mut reader) = two_nodes(&fixture).await;
    for turn in 1..=50 {
        fixture.execute(&mut writer, ADD_ONE).await.unwrap();
        // Inside a transaction as well, where wsrep_sync_wait has no effect.
        if turn % 2 == 0 {
            reader.begin().await.unwrap();
        }
        reader.sync().await.unwrap();
        let seen = fixture.query(&mut reader, READ).await.unwrap();
        assert_eq!(seen, [[Value::Integer(turn)]]);
        reader.rollback().await.unwrap();
    }
    let seen = rows(&mut reader, "SELECT @@wsrep_sync_wait").await;
    assert_eq!(seen, [[Value::Integer(0)]]);
    fixture.close().await;
}

/// Of two compare-and-swaps at once one wins. What came as text the server itself tries again, and
/// then it finds nothing to do; what was prepared is a conflict of the client's.
#[tokio::test(flavor = "multi_thread")]
async fn galera_tries_again_by_itself_what_came_as_text_only() {
    for (fixture, as_text) in [(galera_as_text().await, true), (galera().await, false)] {
        let (mut one, mut other) = two_nodes(&fixture).await;
        let (mut won, mut conflicts) = (0, 0);
        for turn in 0..150 {
            let swap = format!("UPDATE things SET n = n + 1 WHERE id = 1 AND n = {won}");
            let swap = fixture.statement(&swap);
            let both = tokio::join!(one.execute(&swap, &[]), other.execute(&swap, &[]));
            for told in [both.0, both.1] {
                match told {
                    Ok(changed) => won += changed,
                    Err(error) => {
                        assert_error(Err::<(), _>(error), ErrorKind::Conflict, "1213");
                        conflicts += 1;
                    }
                }
            }
            one.sync().await.unwrap();
            other.sync().await.unwrap();
            assert_eq!(fixture.n().await, won as i64, "turn {turn}");
        }
        assert_eq!(conflicts > 0, !as_text, "{conflicts} conflicts");
        fixture.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_on_nodes_that_were_found_can_sync_and_know_where_they_are() {
    let (endpoint, nodes) = addresses(lab(), "");
    let database = Mysql::open(&endpoint, &nodes[1..2], AutocommitWrites::Prepared)
        .await
        .unwrap();
    assert_eq!(database.nodes(), ["n2", "n1", "n3"], "the named one first");
    let membership = database.membership();
    assert_eq!(
        (membership.found, membership.unseen.len()),
        (vec!["n1".to_owned(), "n3".to_owned()], 0)
    );
    let mut met = BTreeSet::new();
    for _ in 0..3 {
        let mut session = database.connect(&Target::Endpoint).await.unwrap();
        session.sync().await.unwrap();
        met.insert(session.node().unwrap());
        session.close().await;
    }
    assert!(met.iter().all(|&node| node < 3), "{met:?}");
    let node = Target::Node("n2".to_owned());
    let session = database.connect(&node).await.unwrap();
    assert_eq!(session.node(), Some(0));
    session.close().await;
    database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_have_names_are_counted_and_count() {
    let fixture = galera().await;
    let database = &fixture.database;
    assert_eq!(database.nodes().len(), 3);
    assert_eq!(database.members().await.unwrap(), 3);
    let before = database.counters().await;
    let mut session = fixture.near().await;
    fixture.execute(&mut session, ADD_ONE).await.unwrap();
    let after = database.counters().await;
    let names: Vec<&str> = after.iter().map(|one| one.node.as_str()).collect();
    assert_eq!(names, database.nodes());
    let grown = after[0].since(&before[0]);
    assert!(grown.commits.unwrap() >= 1, "{grown:?}");
    assert!(after.iter().all(|one| {
        one.certification_failures.is_some()
            && one.brute_force_aborts.is_some()
            && one.replays.is_some()
            && one.flow_control_paused_ns.is_some()
            && one.flow_control_pauses.is_some()
    }));
    let described = database.describe().await.unwrap();
    for (name, value) in [
        ("wsrep_on", "ON"),
        ("wsrep_cluster_size", "3"),
        ("autocommit", "ON"),
        ("tx_isolation", "REPEATABLE-READ"),
        ("wsrep_sync_wait", "0"),
        ("wsrep_retry_autocommit", "1"),
    ] {
        assert_eq!(
            described.get(name).map(String::as_str),
            Some(value),
            "{name}"
        );
    }
    assert!(described["version"].contains("MariaDB"), "{described:?}");
    assert!(
        described.contains_key("wsrep_provider_version"),
        "{described:?}"
    );
    fixture.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reading_takes_no_lock_and_waits_for_none() {
    let fixture = galera().await;
    let mut holder = fixture.near().await;
    holder.begin().await.unwrap();
    fixture.query(&mut holder, READ_LOCKED).await.unwrap();
    let node = fixture.database.nodes()[0].clone();
    let locked = fixture.statement(READ_LOCKED);
    for freshness in [Freshness::AsItIs, Freshness::Causal] {
        let read = fixture.database.read(&node, freshness, &locked, &[]).await;
        assert_eq!(read.unwrap(), [[Value::Integer(0)]]);
    }
    fixture.close().await;
}
