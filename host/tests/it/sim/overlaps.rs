//! Faults that do the same at the same time, and faults that never come.

use super::fixture::{ADD_ONE, Lab, MS, assert_error, count, exact, run, suffering};
use contend::capability::database::{Database, Freshness, Target};
use contend::model::error::ErrorKind::{Conflict, Indefinite, Unavailable};
use contend::model::sim_fault::{Cut, FaultAction, SimFault};
use contend::sim::event::What;
use futures_util::future::join;

fn at(second: u64, what: FaultAction) -> SimFault {
    SimFault {
        at: second * 1_000 * MS,
        what,
    }
}

const fn s(seconds: u64) -> u64 {
    seconds * 1_000 * MS
}

#[test]
fn a_node_that_is_crashed_twice_stays_down_until_the_last_crash_is_over() {
    let crash = |lasts| FaultAction::CrashNode { node: 1, lasts };
    let schedule = [at(1, crash(s(4))), at(3, crash(s(20))), at(4, crash(s(1)))];
    let ((), events) = suffering(&exact(), &schedule, async |lab: Lab| {
        // The first and the third are over, the second is not.
        lab.sleep(21_000).await;
        let read = lab.read_at("n2", Freshness::AsItIs).await;
        assert_error(read, Unavailable, "2003");
        lab.sleep(3_000).await;
        let read = lab.read_at("n2", Freshness::AsItIs).await;
        assert_error(read, Unavailable, "1047");
        lab.sleep(6_500).await;
        assert_eq!(lab.read_at("n2", Freshness::AsItIs).await, Ok(0));
    });
    assert_eq!(count(&events, |what| matches!(what, What::Fault(_))), 3);
    let ended = events.iter().filter_map(|event| match &event.what {
        What::FaultEnded(fault) => Some(fault),
        _ => None,
    });
    assert_eq!(ended.collect::<Vec<_>>(), [&schedule[1]]);
}

#[test]
fn a_node_that_is_cut_off_twice_is_alone_until_both_cuts_are_healed() {
    let alone = |lasts| FaultAction::Partition {
        nodes: vec![0],
        lasts,
    };
    let pair = FaultAction::Partition {
        nodes: vec![0, 1],
        lasts: s(20),
    };
    for (other, is_told) in [(alone(s(20)), false), (pair, true)] {
        let schedule = [at(0, alone(s(2))), at(1, other)];
        let ((), _) = suffering(&exact(), &schedule, async move |lab: Lab| {
            lab.sleep(1_500).await;
            let mut client = lab.client(0).await;
            let write = lab.ms(client.write(ADD_ONE));
            let members = async {
                lab.sleep(8_000).await;
                lab.database.members().await
            };
            let ((ms, told), members) = join(write, members).await;
            assert_eq!(members, Ok(2));
            match is_told {
                // Two go on without the one, 6 s after the first cut.
                false => {
                    assert_error(told, Indefinite, "1180");
                    assert!((4_490..4_510).contains(&ms), "{ms}");
                }
                // The one and its neighbour go on, 6 s after the second cut.
                true => {
                    assert_eq!(told, Ok(1));
                    assert!((5_490..5_510).contains(&ms), "{ms}");
                }
            }
        });
    }
}

#[test]
fn a_proxy_that_is_blind_for_two_reasons_sees_when_both_are_over() {
    let blind = |lasts| FaultAction::BlindProxy { lasts };
    let crash = FaultAction::CrashNode {
        node: 1,
        lasts: s(100),
    };
    let schedule = [at(0, blind(s(2))), at(0, crash), at(1, blind(s(9)))];
    let ((), _) = suffering(&exact(), &schedule, async |lab: Lab| {
        lab.sleep(1).await;
        let mut refused = [0, 0];
        for phase in [0, 1] {
            lab.sleep(9_000 - 4_000 * phase as u64).await;
            for _ in 0..9 {
                let connected = lab.database.connect(&Target::Endpoint).await;
                refused[phase] += connected.is_err() as usize;
            }
        }
        assert_eq!(refused, [3, 0]);
    });
}

#[test]
fn a_node_that_is_kept_from_applying_twice_applies_when_both_are_over() {
    let delay = |lasts| FaultAction::DelayApply { node: 2, lasts };
    let schedule = [at(0, delay(s(2))), at(1, delay(s(9)))];
    let ((), _) = suffering(&exact(), &schedule, async |lab: Lab| {
        lab.client(0).await.write(ADD_ONE).await.unwrap();
        lab.sleep(9_000).await;
        assert_eq!(lab.read_at("n3", Freshness::AsItIs).await, Ok(0));
        lab.sleep(2_000).await;
        assert_eq!(lab.read_at("n3", Freshness::AsItIs).await, Ok(1));
    });
}

#[test]
fn two_cuts_of_a_worker_hit_two_commits() {
    let cut = |cut| FaultAction::CutCommit { worker: 0, cut };
    let schedule = [at(0, cut(Cut::After)), at(0, cut(Cut::Before))];
    let ((), _) = suffering(&exact(), &schedule, async |lab: Lab| {
        lab.sleep(1).await;
        for effect in [1, 1] {
            let mut client = lab.client(0).await;
            assert_error(client.write(ADD_ONE).await, Indefinite, "2013");
            client.0.close().await;
            assert_eq!(lab.n().await, effect);
        }
        lab.client(0).await.write(ADD_ONE).await.unwrap();
    });
}

#[test]
fn a_fault_that_would_come_after_the_end_never_comes_and_is_not_ended() {
    let late = [
        FaultAction::CrashNode {
            node: 0,
            lasts: s(1_000),
        },
        FaultAction::BlindProxy { lasts: s(1_000) },
        FaultAction::DelayApply {
            node: 1,
            lasts: s(1_000),
        },
    ];
    let schedule = late.map(|harm| at(50, harm));
    // The fixture looks at all nodes 100 s after the end.
    let ((), events) = suffering(&exact(), &schedule, async |lab: Lab| {
        lab.client(0).await.write(ADD_ONE).await.unwrap();
    });
    let is_fault = |what: &What| matches!(what, What::Fault(_) | What::FaultEnded(_));
    assert_eq!(count(&events, is_fault), 0);
    assert!(events.last().unwrap().at > s(100));
}

/// One after the other, the first to commit kills the other, which has locked the gap. At once, no key
/// is common to both, so both are certified, and the later one is done again.
#[test]
fn two_that_insert_into_each_others_gap_and_commit_at_once_both_get_ok() {
    let ((), events) = run(&exact(), async |lab: Lab| {
        for at_once in [false, true] {
            let first = if at_once { 20 } else { 10 };
            let mut clients = [lab.client(0).await, lab.client(1).await];
            for (client, id) in clients.iter_mut().zip(first..) {
                client.begin().await;
                let look = "SELECT n FROM things WHERE id > 3 AND n = 7 FOR UPDATE";
                client.query(look).await.unwrap();
                let insert = format!("INSERT INTO things (id, n) VALUES ({id}, 0)");
                client.write(&insert).await.unwrap();
            }
            let [one, other] = &mut clients;
            if at_once {
                let (one, other) = join(one.0.commit(), other.0.commit()).await;
                one.unwrap();
                other.unwrap();
            } else {
                one.0.commit().await.unwrap();
                lab.sleep(100).await;
                assert_error(other.0.commit().await, Conflict, "1213");
            }
        }
        assert_eq!(lab.counted(|node| node.replays).await, 1);
    });
    let aborts = |what: &What| matches!(what, What::BruteForceAborted { .. });
    assert_eq!(count(&events, aborts), 2);
}
