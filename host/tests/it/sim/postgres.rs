//! A primary of PostgreSQL with its standbys: what comes to them, and who takes over.

use super::fixture::{ADD_ONE, Client, Lab, READ, assert_error, count, exact, run, suffering};
use contend::capability::database::{Database, Freshness, Target};
use contend::model::error::ErrorKind::{Conflict, Indefinite, Unavailable};
use contend::model::sim_fault::{FaultAction, SimFault};
use contend::model::topology::{ClusterKind, Topology};
use contend::sim::event::What;
use futures_util::future::join;

const AS_IT_IS: Freshness = Freshness::AsItIs;

/// A message between servers takes 1 ms, a statement and a commit 0.1 ms each.
fn asynchronous() -> Topology {
    Topology {
        kind: ClusterKind::Postgres,
        ..exact()
    }
}

fn synchronous() -> Topology {
    Topology {
        synchronous: true,
        ..asynchronous()
    }
}

fn promote() -> FaultAction {
    FaultAction::Promote {
        lasts: 1_000_000_000,
    }
}

fn cut_off(nodes: &[u32]) -> FaultAction {
    FaultAction::Partition {
        nodes: nodes.to_vec(),
        lasts: 1,
    }
}

fn crash_primary() -> FaultAction {
    FaultAction::CrashNode { node: 0, lasts: 1 }
}

fn losses(what: &What) -> bool {
    matches!(what, What::LostCommit { .. })
}

#[test]
fn commit_comes_to_the_standbys_later() {
    let ((), _) = run(&asynchronous(), async |lab: Lab| {
        let mut writer = lab.client(0).await;
        writer.write(ADD_ONE).await.unwrap();
        assert_eq!(lab.read_at("n1", AS_IT_IS).await, Ok(1));
        assert_eq!(lab.read_at("n2", AS_IT_IS).await, Ok(0));
        assert_eq!(lab.read_at("n2", Freshness::Causal).await, Ok(1));
    });
}

#[test]
fn synchronous_commit_waits_for_one_standby_and_is_not_seen_before() {
    let ((), _) = run(&synchronous(), async |lab: Lab| {
        let mut writer = lab.client(0).await;
        let (took, written) = lab.ms(writer.write(ADD_ONE)).await;
        assert_eq!((took, written), (2, Ok(1)));
        // One of the two is enough …
        lab.cluster.begin(&cut_off(&[2]));
        let (took, written) = lab.ms(writer.write(ADD_ONE)).await;
        assert_eq!((took, written), (2, Ok(1)));
        // … and without any it waits, with its locks, for as long as there is none.
        lab.cluster.begin(&cut_off(&[1]));
        let beside = lab.clone();
        let looking = async move {
            beside.sleep(300).await;
            assert_eq!(beside.read_at("n1", AS_IT_IS).await, Ok(2));
            let mut other = beside.client(0).await;
            let locked = "SELECT n FROM things WHERE id = 1 FOR UPDATE NOWAIT";
            assert_error(other.query(locked).await, Conflict, "55P03");
            beside.sleep(200).await;
            beside.cluster.end(&cut_off(&[1]));
        };
        let ((took, written), ()) = join(lab.ms(writer.write(ADD_ONE)), looking).await;
        assert_eq!((took, written), (502, Ok(1)));
        lab.cluster.end(&cut_off(&[2]));
        assert_eq!(lab.n().await, 3);
    });
}

#[test]
fn promotion_loses_what_no_standby_has_received() {
    let ((), events) = run(&asynchronous(), async |lab: Lab| {
        let mut writer = lab.client(0).await;
        writer.write(ADD_ONE).await.unwrap();
        lab.sleep(10).await;
        writer.write(ADD_ONE).await.unwrap();
        // It is acknowledged, and 0.9 ms away from both standbys.
        lab.cluster.begin(&promote());
        let lost = writer.write(ADD_ONE).await;
        assert_error(lost, Indefinite, "08006");
        lab.sleep(3_000).await;
        let mut writer = endpoint(&lab).await;
        assert_eq!(writer.n().await, 1);
        assert_eq!(writer.0.node(), Some(1));
        // Others take the place of the lost one in the log, and do not bring it back.
        for _ in 0..3 {
            let elsewhere = "UPDATE things SET n = n + 1 WHERE id = 2";
            writer.write(elsewhere).await.unwrap();
        }
        assert_eq!(writer.n().await, 1);
        writer.write(ADD_ONE).await.unwrap();
        lab.cluster.end(&promote());
        lab.sleep(10_000).await;
        assert_eq!(lab.n().await, 2, "the old primary is a standby now");
        let mut old = lab.client(0).await;
        assert_error(old.write(ADD_ONE).await, Unavailable, "25006");
    });
    assert_eq!(count(&events, losses), 1);
}

#[test]
fn promotion_loses_nothing_of_synchronous_commits() {
    let ((), events) = run(&synchronous(), async |lab: Lab| {
        let mut writer = lab.client(0).await;
        writer.write(ADD_ONE).await.unwrap();
        writer.write(ADD_ONE).await.unwrap();
        lab.suffer(promote(), 3_000).await;
        lab.sleep(10_000).await;
        assert_eq!(lab.n().await, 2);
    });
    assert_eq!(count(&events, losses), 0);
}

async fn endpoint(lab: &Lab) -> Client {
    Client(lab.database.connect(&Target::Endpoint).await.unwrap())
}

#[test]
fn standby_that_is_cut_off_stays_behind_and_gets_the_rest_later() {
    let ((), _) = run(&asynchronous(), async |lab: Lab| {
        let mut writer = lab.client(0).await;
        lab.cluster.begin(&cut_off(&[1]));
        writer.write(ADD_ONE).await.unwrap();
        lab.sleep(100).await;
        assert_eq!(lab.read_at("n2", AS_IT_IS).await, Ok(0));
        assert_eq!(lab.read_at("n3", AS_IT_IS).await, Ok(1));
        let behind = lab.read_at("n2", Freshness::Causal).await;
        assert_error(behind, Unavailable, "behind");
        assert_eq!(lab.database.members().await, Ok(2));
        lab.cluster.end(&cut_off(&[1]));
        assert_eq!(lab.n().await, 1);
    });
}

#[test]
fn primary_that_died_comes_back_with_all_that_it_committed() {
    let ((), _) = run(&asynchronous(), async |lab: Lab| {
        let mut writer = lab.client(0).await;
        writer.write(ADD_ONE).await.unwrap();
        lab.cluster.begin(&crash_primary());
        assert_error(writer.query(READ).await, Unavailable, "08006");
        assert_error(writer.query(READ).await, Unavailable, "08001");
        let members = lab.database.members().await;
        assert_error(members, Unavailable, "no-primary");
        let causal = lab.read_at("n2", Freshness::Causal).await;
        assert_error(causal, Unavailable, "no-primary");
        lab.cluster.end(&crash_primary());
        lab.sleep(10_000).await;
        writer.write(ADD_ONE).await.unwrap();
        assert_eq!(lab.n().await, 2);
    });
}

#[test]
fn commit_that_waited_for_a_standby_is_there_when_its_primary_is_back() {
    let ((), _) = run(&synchronous(), async |lab: Lab| {
        lab.cluster.begin(&cut_off(&[0]));
        let mut writer = lab.client(0).await;
        let breaking = lab.clone();
        let crashing = async move {
            breaking.sleep(50).await;
            breaking.cluster.begin(&crash_primary());
        };
        let (written, ()) = join(writer.write(ADD_ONE), crashing).await;
        assert_error(written, Indefinite, "08006");
        lab.cluster
            .end(&FaultAction::CrashNode { node: 0, lasts: 1 });
        lab.cluster.end(&cut_off(&[0]));
        lab.sleep(10_000).await;
        assert_eq!(lab.n().await, 1);
    });
}

/// The client of such a commit may be gone, and settling must not take it for one that never was.
#[test]
fn causal_reading_waits_for_a_commit_that_waits_for_a_standby() {
    let ((), _) = run(&synchronous(), async |lab: Lab| {
        lab.cluster.begin(&cut_off(&[0]));
        let mut writer = lab.client(0).await;
        let beside = lab.clone();
        let reading = async move {
            beside.sleep(50).await;
            assert_eq!(beside.read_at("n1", AS_IT_IS).await, Ok(0));
            let healing = async {
                beside.sleep(500).await;
                beside.cluster.end(&cut_off(&[0]));
            };
            let causal = beside.ms(beside.read_at("n1", Freshness::Causal));
            let ((took, read), ()) = join(causal, healing).await;
            assert_eq!(read, Ok(1));
            assert!(took >= 500, "{took} ms");
        };
        let (written, ()) = join(writer.write(ADD_ONE), reading).await;
        assert_eq!(written, Ok(1));
    });
}

#[test]
fn every_fault_ends_with_a_primary_and_its_standbys() {
    let second = 1_000_000_000;
    let at = |at, what| SimFault { at, what };
    let crash = |node| FaultAction::CrashNode {
        node,
        lasts: 2 * second,
    };
    for first in [promote(), crash(0), crash(1), cut_off(&[0, 2])] {
        for other in [promote(), crash(0), crash(2), cut_off(&[1])] {
            let schedule = [at(second, first.clone()), at(second + 1, other.clone())];
            suffering(&synchronous(), &schedule, async |lab: Lab| {
                lab.sleep(30_000).await;
                let mut writer = endpoint(&lab).await;
                writer.write(ADD_ONE).await.unwrap();
            });
        }
    }
}
