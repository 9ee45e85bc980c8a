//! Phenomena of a real cluster when something breaks, one test for each.

use super::fixture::{ADD_ONE, Lab, MS, READ, assert_error, exact, run};
use contend::capability::database::{Database, Freshness, Target};
use contend::model::endpoint::Endpoint;
use contend::model::error::ErrorKind::{Indefinite, Rejected, Unavailable};
use contend::model::sim_fault::{Cut, FaultAction};
use contend::model::topology::Topology;
use futures_util::future::{join, select};
use std::pin::pin;

#[test]
fn a_killed_node_stalls_commits_for_the_group_time_out_and_comes_back_with_everything() {
    let ((), _) = run(&exact(), async |lab: Lab| {
        let (mut lost, mut writer) = (lab.client(2).await, lab.client(0).await);
        lost.begin().await;
        lost.write("UPDATE things SET n = 5 WHERE id = 2")
            .await
            .unwrap();
        let harm = FaultAction::CrashNode { node: 2, lasts: 0 };
        lab.cluster.begin(&harm);
        let (ms, told) = lab.ms(writer.write(ADD_ONE)).await;
        assert_eq!(told.unwrap(), 1);
        assert!((5_990..6_020).contains(&ms), "{ms}");
        assert_error(lost.0.commit().await, Indefinite, "2013");
        assert_error(lost.0.begin().await, Unavailable, "2003");
        let refused = lab.read_at("n3", Freshness::AsItIs).await;
        assert_error(refused, Unavailable, "2003");
        assert_eq!(lab.database.members().await, Ok(2));
        let (ms, told) = lab.ms(writer.write(ADD_ONE)).await;
        told.unwrap();
        assert_eq!(ms, 2);
        lab.cluster.end(&harm);
        let early = lab.read_at("n3", Freshness::AsItIs).await;
        assert_error(early, Unavailable, "1047");
        lab.sleep(6_500).await;
        assert_eq!(lab.database.members().await, Ok(3));
        assert_eq!(lab.n().await, 2);
        lost.begin().await;
    });
}

#[test]
fn a_minority_answers_reads_until_it_knows_and_its_commits_get_1180() {
    let ((), _) = run(&exact(), async |lab: Lab| {
        let (mut minority, mut majority) = (lab.client(0).await, lab.client(1).await);
        let mut reader = lab.client(0).await;
        let harm = FaultAction::Partition {
            nodes: vec![0],
            lasts: 0,
        };
        lab.cluster.begin(&harm);
        let reading = async {
            lab.sleep(3_000).await;
            let seen = reader.n().await;
            lab.sleep(4_000).await;
            let late = reader.query(READ).await;
            reader
                .write("SET SESSION wsrep_sync_wait = 1")
                .await
                .unwrap();
            (seen, late)
        };
        let both = join(
            lab.ms(minority.write("UPDATE things SET n = 9 WHERE id = 1")),
            lab.ms(majority.write("UPDATE things SET n = n + 1 WHERE id = 1")),
        );
        let (((ms, lost), (stalled, told)), (seen, late)) = join(both, reading).await;
        assert_error(lost, Indefinite, "1180");
        assert!((5_990..6_010).contains(&ms), "{ms}");
        assert!((5_990..6_010).contains(&stalled), "{stalled}");
        assert_eq!(told.unwrap(), 1);
        assert_eq!(seen, 0);
        assert_error(late, Unavailable, "1047");
        assert_error(minority.0.begin().await, Unavailable, "1047");
        lab.cluster.end(&harm);
        lab.sleep(6_500).await;
        assert_eq!(lab.n().await, 1);
        minority.write(ADD_ONE).await.unwrap();
        assert_eq!(lab.n().await, 2);
    });
}

#[test]
fn without_a_majority_no_node_commits_until_it_is_back() {
    let ((), _) = run(&exact(), async |lab: Lab| {
        let mut client = lab.client(0).await;
        let harms = [1, 2].map(|node| FaultAction::CrashNode { node, lasts: 0 });
        harms.iter().for_each(|harm| lab.cluster.begin(harm));
        assert_error(client.write(ADD_ONE).await, Indefinite, "1180");
        assert_error(client.write(ADD_ONE).await, Unavailable, "1047");
        let members = lab.database.members();
        assert_error(members.await, Unavailable, "no-primary");
        harms.iter().for_each(|harm| lab.cluster.end(harm));
        lab.sleep(6_500).await;
        assert_eq!(client.write(ADD_ONE).await.unwrap(), 1);
        assert_eq!(lab.n().await, 1);
    });
}

#[test]
fn a_cut_that_is_healed_soon_only_delays() {
    let ((), _) = run(&exact(), async |lab: Lab| {
        let mut client = lab.client(0).await;
        let harm = FaultAction::Partition {
            nodes: vec![0],
            lasts: 0,
        };
        let (_, (ms, told)) = join(lab.suffer(harm, 2_000), lab.ms(client.write(ADD_ONE))).await;
        assert_eq!(told.unwrap(), 1);
        assert!((2_000..2_010).contains(&ms), "{ms}");
    });
}

#[test]
fn a_cut_commit_is_indefinite_and_its_effect_depends_on_when() {
    let ((), _) = run(&exact(), async |lab: Lab| {
        let mut expected = 0;
        for (cut, effect) in [(Cut::Before, 0), (Cut::During, 1), (Cut::After, 1)] {
            for autocommit in [true, false] {
                let mut client = lab.client(0).await;
                if !autocommit {
                    client.begin().await;
                    client.write(ADD_ONE).await.unwrap();
                }
                lab.cluster
                    .begin(&FaultAction::CutCommit { worker: 0, cut });
                match autocommit {
                    true => assert_error(client.write(ADD_ONE).await, Indefinite, "2013"),
                    false => assert_error(client.0.commit().await, Indefinite, "2013"),
                }
                expected += effect;
                assert_error(client.0.commit().await, Rejected, "no-transaction");
                client.n().await;
                client.0.close().await;
                assert_eq!(lab.n().await, expected, "{cut:?} {autocommit}");
            }
        }
        // Nothing of it holds a lock.
        lab.client(0).await.write(ADD_ONE).await.unwrap();
    });
}

#[test]
fn write_set_of_a_dead_node_survives_only_if_all_had_it() {
    for (us, n) in [(500, 0), (1_500, 1)] {
        let ((), _) = run(&exact(), async move |lab: Lab| {
            let mut client = lab.client(0).await;
            let dying = async {
                lab.kernel.sleep(us * 1_000).await;
                let harm = FaultAction::CrashNode { node: 0, lasts: 0 };
                lab.suffer(harm, 10_000).await;
            };
            let (told, ()) = join(client.write(ADD_ONE), dying).await;
            assert_error(told, Indefinite, "2013");
            lab.sleep(10_000).await;
            assert_eq!(lab.n().await, n);
        });
    }
}

#[test]
fn a_close_waits_for_a_commit_that_is_on_its_way_to_the_others() {
    let ((), _) = run(&exact(), async |lab: Lab| {
        let mut client = lab.client(0).await;
        let harm = FaultAction::Partition {
            nodes: vec![0],
            lasts: 0,
        };
        let abandoning = async {
            {
                let patience = pin!(lab.kernel.sleep(MS));
                select(pin!(client.write(ADD_ONE)), patience).await;
            }
            lab.ms(client.0.close()).await.0
        };
        let (ms, ()) = join(abandoning, lab.suffer(harm, 1_000)).await;
        assert!((990..1_010).contains(&ms), "{ms}");
        assert_eq!(lab.n().await, 1);
    });
}

#[test]
fn a_node_that_lags_makes_writers_pause() {
    let ((), _) = run(&exact(), async |lab: Lab| {
        let mut client = lab.client(0).await;
        let harm = FaultAction::DelayApply { node: 2, lasts: 0 };
        let writing = async {
            let mut times = Vec::new();
            for _ in 0..30 {
                times.push(lab.ms(client.write(ADD_ONE)).await.0);
            }
            times
        };
        let (times, ()) = join(writing, lab.suffer(harm, 1_000)).await;
        let longest = *times.iter().max().unwrap();
        assert!(longest > 900, "{times:?}");
        assert_eq!(lab.counted(|node| node.flow_control_pauses).await, 1);
        assert_eq!(lab.n().await, 30);
    });
}

#[test]
fn the_proxy_gives_a_dead_node_until_it_notices() {
    let ((), _) = run(&exact(), async |lab: Lab| {
        lab.cluster
            .begin(&FaultAction::CrashNode { node: 1, lasts: 0 });
        let mut refused = [0, 0];
        for phase in [0, 1] {
            for _ in 0..9 {
                let connected = lab.database.connect(&Target::Endpoint).await;
                refused[phase] += connected.is_err() as usize;
            }
            lab.sleep(3_000).await;
        }
        assert_eq!(refused, [3, 0]);
    });
}

#[test]
fn one_writer_has_every_session_and_the_next_node_has_them_while_it_is_dead() {
    let topology = Topology {
        endpoint: Endpoint::OneWriter,
        ..exact()
    };
    let ((), _) = run(&topology, async |lab: Lab| {
        let nodes = async || {
            let mut nodes = Vec::new();
            for _ in 0..4 {
                let session = lab.database.connect(&Target::Endpoint).await;
                nodes.push(session.ok().and_then(|session| session.node()));
            }
            nodes
        };
        assert_eq!(nodes().await, [Some(0); 4]);
        let crash = FaultAction::CrashNode { node: 0, lasts: 0 };
        lab.cluster.begin(&crash);
        assert_eq!(nodes().await, [None; 4]);
        lab.sleep(3_000).await;
        assert_eq!(nodes().await, [Some(1); 4]);
        lab.cluster.end(&crash);
        lab.sleep(20_000).await;
        assert_eq!(nodes().await, [Some(0); 4]);
    });
}
