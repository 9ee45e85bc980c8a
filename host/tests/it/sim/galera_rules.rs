//! What was seen on a real cluster, one test for each phenomenon.

use super::fixture::{
    ADD_ONE, Client, Lab, MS, READ, READ_LOCKED, assert_fault, count, exact, integer, run,
};
use contend::capability::database::{Database, Freshness, Target};
use contend::model::event::What;
use contend::model::fault::Fault;
use contend::model::fault::FaultKind::{Conflict, Indefinite, Rejected, Unavailable};
use contend::model::sim_fault::{Cut, Harm};
use contend::model::topology::Topology;
use futures_util::future::{join, select};
use std::pin::pin;

fn certification_failures(what: &What) -> bool {
    matches!(what, What::CertificationFailed { .. })
}

fn aborts(what: &What) -> bool {
    matches!(what, What::BruteForceAborted { .. })
}

fn retries(what: &What) -> bool {
    matches!(what, What::RetriedByServer { .. })
}

#[test]
fn a_row_locked_on_two_nodes_is_lost_by_who_commits_later_at_its_next_statement() {
    let ((), events) = run(&exact(), async |lab: Lab| {
        for next in [ADD_ONE, READ, "COMMIT"] {
            let (mut one, mut other) = (lab.client(0).await, lab.client(1).await);
            for client in [&mut one, &mut other] {
                client.begin().await;
                client.query(READ_LOCKED).await.unwrap();
            }
            one.write(ADD_ONE).await.unwrap();
            one.0.commit().await.unwrap();
            lab.sleep(100).await;
            match next {
                ADD_ONE => assert_fault(other.write(next).await, Conflict, "1213"),
                READ => assert_fault(other.query(next).await, Conflict, "1213"),
                _ => assert_fault(other.0.commit().await, Conflict, "1213"),
            }
            assert_fault(other.0.commit().await, Rejected, "no-transaction");
            other.begin().await;
            other.write(ADD_ONE).await.unwrap();
            other.0.commit().await.unwrap();
        }
        assert_eq!(lab.n().await, 6);
        assert_eq!(lab.counted(|node| node.brute_force_aborts).await, 3);
    });
    assert_eq!(count(&events, aborts), 3);
    assert_eq!(count(&events, certification_failures), 0);
}

#[test]
fn of_two_that_commit_at_once_one_fails_certification() {
    let ((), events) = run(&exact(), async |lab: Lab| {
        for round in 1..=30 {
            let (mut one, mut other) = (lab.client(0).await, lab.client(1).await);
            for client in [&mut one, &mut other] {
                client.begin().await;
                client.query(READ_LOCKED).await.unwrap();
                client.write(ADD_ONE).await.unwrap();
            }
            let (first, second) = join(one.0.commit(), other.0.commit()).await;
            first.unwrap();
            assert_fault(second, Conflict, "1213");
            assert_eq!(lab.n().await, round);
        }
        assert_eq!(lab.counted(|node| node.certification_failures).await, 30);
    });
    assert_eq!(count(&events, certification_failures), 30);
}

#[test]
fn who_only_read_for_update_and_idles_is_aborted_by_a_remote_commit() {
    let ((), _) = run(&exact(), async |lab: Lab| {
        let (mut idle, mut other) = (lab.client(0).await, lab.client(1).await);
        idle.begin().await;
        idle.query(READ_LOCKED).await.unwrap();
        other.write(ADD_ONE).await.unwrap();
        lab.sleep(100).await;
        assert_fault(idle.query("SELECT 1").await, Conflict, "1213");
    });
}

#[test]
fn for_update_without_a_write_excludes_nobody_elsewhere_and_waits_on_its_own_node() {
    let ((), _) = run(&exact(), async |lab: Lab| {
        let mut holder = lab.client(0).await;
        holder.begin().await;
        holder.query(READ_LOCKED).await.unwrap();
        let (mut near, mut far) = (lab.client(0).await, lab.client(1).await);
        far.begin().await;
        let (ms, seen) = lab.ms(far.query(READ_LOCKED)).await;
        seen.unwrap();
        assert_eq!(ms, 0);
        far.0.commit().await.unwrap();
        let ending = async {
            lab.sleep(300).await;
            holder.0.commit().await.unwrap();
        };
        let ((ms, seen), ()) = join(lab.ms(near.query(READ_LOCKED)), ending).await;
        seen.unwrap();
        assert_eq!(ms, 300);
    });
}

/// Compare-and-swap on two nodes at once.
async fn swap(one: &mut Client, other: &mut Client, round: i64) -> [Result<u64, Fault>; 2] {
    let text = format!(
        "UPDATE things SET n = {} WHERE id = 1 AND n = {round}",
        round + 1
    );
    let (one, other) = join(one.write(&text), other.write(&text)).await;
    [one, other]
}

#[test]
fn compare_and_swap_that_comes_late_finds_nothing_to_change() {
    let ((), _) = run(&exact(), async |lab: Lab| {
        let (mut one, mut other) = (lab.client(0).await, lab.client(1).await);
        let text = "UPDATE things SET n = 1 WHERE id = 1 AND n = 0";
        assert_eq!(one.write(text).await.unwrap(), 1);
        lab.sleep(100).await;
        assert_eq!(other.write(text).await.unwrap(), 0);
    });
}

#[test]
fn compare_and_swap_on_two_nodes_at_once_is_tried_again_by_the_server() {
    let ((), events) = run(&exact(), async |lab: Lab| {
        let (mut one, mut other) = (lab.client(0).await, lab.client(1).await);
        for round in 0..50 {
            let told = swap(&mut one, &mut other, round).await;
            let mut told = told.map(Result::unwrap);
            told.sort_unstable();
            assert_eq!(told, [0, 1]);
            lab.sleep(100).await;
        }
        assert_eq!(lab.n().await, 50);
    });
    assert!(count(&events, retries) >= 50);
}

#[test]
fn without_the_servers_retry_it_is_the_clients_conflict() {
    let topology = Topology {
        retry_autocommit: 0,
        ..exact()
    };
    let ((), events) = run(&topology, async |lab: Lab| {
        let (mut one, mut other) = (lab.client(0).await, lab.client(1).await);
        for round in 0..50 {
            let [first, second] = swap(&mut one, &mut other, round).await;
            assert_eq!(first.unwrap(), 1);
            assert_fault(second, Conflict, "1213");
            lab.sleep(100).await;
        }
    });
    assert_eq!(count(&events, retries), 0);
}

#[test]
fn an_update_that_changes_nothing_affects_no_row_and_makes_no_write_set() {
    let ((), events) = run(&exact(), async |lab: Lab| {
        let mut client = lab.client(0).await;
        let same = "UPDATE things SET n = 0 WHERE id = 1";
        assert_eq!(client.write(same).await.unwrap(), 0);
    });
    let ordered = |what: &What| matches!(what, What::Ordered { .. });
    assert_eq!(count(&events, ordered), 1, "that of the fixture");
}

#[test]
fn a_read_elsewhere_right_after_a_commit_is_stale_unless_it_waits() {
    let ((), _) = run(&exact(), async |lab: Lab| {
        let (mut writer, mut reader) = (lab.client(0).await, lab.client(1).await);
        writer.write(ADD_ONE).await.unwrap();
        assert_eq!(reader.n().await, 0);
        lab.sleep(100).await;
        writer.write(ADD_ONE).await.unwrap();
        reader
            .write("SET SESSION wsrep_sync_wait = 1")
            .await
            .unwrap();
        assert_eq!(reader.n().await, 2);
        writer.write(ADD_ONE).await.unwrap();
        let other = lab.client(2).await;
        let mut other = other;
        other.0.sync().await.unwrap();
        assert_eq!(other.n().await, 3);
    });
}

#[test]
fn read_compute_write_across_nodes_loses_an_update() {
    let ((), events) = run(&exact(), async |lab: Lab| {
        let (mut one, mut other) = (lab.client(0).await, lab.client(1).await);
        for client in [&mut one, &mut other] {
            client.begin().await;
            assert_eq!(client.n().await, 0);
        }
        let write = "UPDATE things SET n = 1 WHERE id = 1";
        one.write(write).await.unwrap();
        one.0.commit().await.unwrap();
        lab.sleep(100).await;
        // A plain read made no lock, and what came before COMMIT began is seen by certification.
        let other_write = "UPDATE things SET n = 10 WHERE id = 1";
        assert_eq!(other.write(other_write).await.unwrap(), 1);
        other.0.commit().await.unwrap();
        assert_eq!(lab.n().await, 10);
    });
    assert_eq!(count(&events, aborts), 0);
}

#[test]
fn snapshot_isolation_refuses_what_changed_since_the_snapshot_but_not_within_its_window() {
    let topology = Topology {
        snapshot_isolation: true,
        snapshot_race_us: 2_000,
        ..exact()
    };
    let ((), _) = run(&topology, async |lab: Lab| {
        for (wait, refused) in [(100, true), (1, false)] {
            let (mut reader, mut writer) = (lab.client(0).await, lab.client(0).await);
            reader.begin().await;
            reader.n().await;
            writer.write(ADD_ONE).await.unwrap();
            lab.sleep(wait).await;
            let told = reader.write(ADD_ONE).await;
            match refused {
                true => assert_fault(told, Conflict, "1020"),
                false => assert_eq!(told.unwrap(), 1),
            }
        }
    });
}

#[test]
fn a_transaction_reads_at_its_first_reading_and_with_read_committed_at_each() {
    let ((), _) = run(&exact(), async |lab: Lab| {
        let (mut reader, mut writer) = (lab.client(0).await, lab.client(0).await);
        reader.begin().await;
        writer.write(ADD_ONE).await.unwrap();
        assert_eq!(reader.n().await, 1, "nothing was read before");
        writer.write(ADD_ONE).await.unwrap();
        assert_eq!(reader.n().await, 1);
        let locked = reader.query(READ_LOCKED).await.unwrap();
        assert_eq!(integer(&locked), 2);
        reader
            .write("UPDATE things SET n = 7 WHERE id = 1")
            .await
            .unwrap();
        assert_eq!(reader.n().await, 7, "its own write");
        reader.0.rollback().await.unwrap();
        let set = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";
        reader.write(set).await.unwrap();
        reader.begin().await;
        assert_eq!(reader.n().await, 2);
        writer.write(ADD_ONE).await.unwrap();
        assert_eq!(reader.n().await, 3);
    });
}

#[test]
fn two_that_wait_for_each_other_are_a_deadlock_and_the_one_with_fewer_changes_goes() {
    let ((), events) = run(&exact(), async |lab: Lab| {
        let (mut one, mut other) = (lab.client(0).await, lab.client(0).await);
        one.begin().await;
        other.begin().await;
        one.write(ADD_ONE).await.unwrap();
        other
            .write("UPDATE things SET n = 5 WHERE id = 2")
            .await
            .unwrap();
        other
            .write("UPDATE things SET n = 5 WHERE id = 3")
            .await
            .unwrap();
        let (first, second) = join(one.write("UPDATE things SET n = 9 WHERE id = 2"), async {
            lab.sleep(10).await;
            other.write(ADD_ONE).await
        })
        .await;
        assert_fault(first, Conflict, "1213");
        second.unwrap();
        other.0.commit().await.unwrap();
    });
    let deadlocks = |what: &What| matches!(what, What::Deadlock { .. });
    assert_eq!(count(&events, deadlocks), 1);
    assert_eq!(count(&events, aborts), 0);
}

#[test]
fn a_lock_is_waited_for_until_the_time_out_or_not_at_all_or_left_out() {
    let ((), _) = run(&exact(), async |lab: Lab| {
        let (mut holder, mut other) = (lab.client(0).await, lab.client(0).await);
        holder.begin().await;
        holder.query(READ_LOCKED).await.unwrap();
        let set = "SET SESSION innodb_lock_wait_timeout = 3";
        other.write(set).await.unwrap();
        other.begin().await;
        let (ms, told) = lab.ms(other.write(ADD_ONE)).await;
        assert_fault(told, Conflict, "1205");
        assert_eq!(ms, 3_000);
        assert_fault(other.0.commit().await, Rejected, "no-transaction");
        let nowait = format!("{READ_LOCKED} NOWAIT");
        let (ms, told) = lab.ms(other.query(&nowait)).await;
        assert_fault(told, Conflict, "1205");
        assert_eq!(ms, 0);
        let skip = "SELECT id FROM things ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED";
        assert_eq!(integer(&other.query(skip).await.unwrap()), 2);
    });
}

#[test]
fn a_taken_key_is_refused_also_when_it_was_taken_elsewhere_at_the_same_time() {
    let ((), events) = run(&exact(), async |lab: Lab| {
        let (mut one, mut other) = (lab.client(0).await, lab.client(1).await);
        let take = |id| format!("UPDATE things SET label = 'x' WHERE id = {id}");
        let (first, second) = (take(1), take(2));
        one.begin().await;
        other.begin().await;
        one.write(&first).await.unwrap();
        other.write(&second).await.unwrap();
        let (first, second) = join(one.0.commit(), other.0.commit()).await;
        first.unwrap();
        assert_fault(second, Conflict, "1213");
        lab.sleep(100).await;
        assert_fault(other.write(&take(3)).await, Rejected, "1062");
        let insert = "INSERT INTO things (id, n) VALUES (1, 0)";
        assert_fault(other.write(insert).await, Rejected, "1062");
        one.write("UPDATE things SET label = NULL WHERE id = 1")
            .await
            .unwrap();
        assert_eq!(one.write(&take(3)).await.unwrap(), 1);
    });
    assert_eq!(count(&events, certification_failures), 1);
}

#[test]
fn a_killed_node_stalls_commits_for_the_group_time_out_and_comes_back_with_everything() {
    let ((), _) = run(&exact(), async |lab: Lab| {
        let (mut lost, mut writer) = (lab.client(2).await, lab.client(0).await);
        lost.begin().await;
        lost.write("UPDATE things SET n = 5 WHERE id = 2")
            .await
            .unwrap();
        let harm = Harm::CrashNode { node: 2, lasts: 0 };
        lab.cluster.begin(&harm);
        let (ms, told) = lab.ms(writer.write(ADD_ONE)).await;
        assert_eq!(told.unwrap(), 1);
        assert!((5_990..6_020).contains(&ms), "{ms}");
        assert_fault(lost.0.commit().await, Indefinite, "2013");
        assert_fault(lost.0.begin().await, Unavailable, "2003");
        let refused = lab.read_at("n3", Freshness::AsItIs).await;
        assert_fault(refused, Unavailable, "2003");
        assert_eq!(lab.database.members().await, Ok(2));
        let (ms, told) = lab.ms(writer.write(ADD_ONE)).await;
        told.unwrap();
        assert_eq!(ms, 2);
        lab.cluster.end(&harm);
        let early = lab.read_at("n3", Freshness::AsItIs).await;
        assert_fault(early, Unavailable, "1047");
        lab.sleep(6_500).await;
        assert_eq!(lab.database.members().await, Ok(3));
        assert_eq!(lab.n().await, 2);
        lost.begin().await;
    });
}

#[test]
fn a_minority_answers_reads_until_it_knows_and_its_commits_are_told_1180() {
    let ((), _) = run(&exact(), async |lab: Lab| {
        let (mut minority, mut majority) = (lab.client(0).await, lab.client(1).await);
        let mut reader = lab.client(0).await;
        let harm = Harm::Partition {
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
        assert_fault(lost, Indefinite, "1180");
        assert!((5_990..6_010).contains(&ms), "{ms}");
        assert!((5_990..6_010).contains(&stalled), "{stalled}");
        assert_eq!(told.unwrap(), 1);
        assert_eq!(seen, 0);
        assert_fault(late, Unavailable, "1047");
        assert_fault(minority.0.begin().await, Unavailable, "1047");
        lab.cluster.end(&harm);
        lab.sleep(6_500).await;
        assert_eq!(lab.n().await, 1);
        minority.write(ADD_ONE).await.unwrap();
        assert_eq!(lab.n().await, 2);
    });
}

#[test]
fn without_a_majority_nobody_commits_until_it_is_back() {
    let ((), _) = run(&exact(), async |lab: Lab| {
        let mut client = lab.client(0).await;
        let harms = [1, 2].map(|node| Harm::CrashNode { node, lasts: 0 });
        harms.iter().for_each(|harm| lab.cluster.begin(harm));
        assert_fault(client.write(ADD_ONE).await, Indefinite, "1180");
        assert_fault(client.write(ADD_ONE).await, Unavailable, "1047");
        let members = lab.database.members();
        assert_fault(members.await, Unavailable, "no-primary");
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
        let harm = Harm::Partition {
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
                lab.cluster.begin(&Harm::CutCommit { worker: 0, cut });
                match autocommit {
                    true => assert_fault(client.write(ADD_ONE).await, Indefinite, "2013"),
                    false => assert_fault(client.0.commit().await, Indefinite, "2013"),
                }
                expected += effect;
                assert_fault(client.0.commit().await, Rejected, "no-transaction");
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
fn a_certified_commit_whose_lock_on_another_row_is_taken_is_replayed() {
    let ((), events) = run(&exact(), async |lab: Lab| {
        let (mut one, mut other) = (lab.client(0).await, lab.client(1).await);
        let mut third = lab.client(0).await;
        one.begin().await;
        one.query(READ_LOCKED).await.unwrap();
        let write = "UPDATE things SET n = 5 WHERE id = 2";
        one.write(write).await.unwrap();
        let committing = async {
            lab.sleep(1).await;
            one.0.commit().await
        };
        // Has the row as soon as the commit has lost it, and loses it when that is replayed.
        let waiting = async {
            third.begin().await;
            let locked = "SELECT n FROM things WHERE id = 2 FOR UPDATE";
            assert_eq!(integer(&third.query(locked).await.unwrap()), 0);
            lab.sleep(100).await;
            third.write(write).await
        };
        let written = join(committing, join(other.write(ADD_ONE), waiting)).await;
        let (committed, (written, late)) = written;
        written.unwrap();
        committed.unwrap();
        assert_fault(late, Conflict, "1213");
        assert_eq!(lab.n().await, 1);
        assert_eq!(lab.counted(|node| node.replays).await, 1);
    });
    let replays = |what: &What| matches!(what, What::Replayed { .. });
    assert_eq!(count(&events, replays), 1);
}

#[test]
fn a_causal_read_waits_for_a_node_that_lags_but_not_for_ever() {
    let ((), _) = run(&exact(), async |lab: Lab| {
        let (mut writer, mut reader) = (lab.client(0).await, lab.client(1).await);
        let wait = "SET SESSION wsrep_sync_wait = 1";
        reader.write(wait).await.unwrap();
        for (lags_ms, told) in [(300, Ok(1)), (10_000, Err("1205"))] {
            let harm = Harm::DelayApply { node: 1, lasts: 0 };
            let reading = async {
                writer.write(ADD_ONE).await.unwrap();
                let (ms, seen) = lab.ms(reader.query(READ)).await;
                assert!((290..=6_000).contains(&ms), "{ms}");
                seen
            };
            let (seen, ()) = join(reading, lab.suffer(harm, lags_ms)).await;
            match told {
                Ok(n) => assert_eq!(integer(&seen.unwrap()), n),
                Err(code) => assert_fault(seen, Conflict, code),
            }
        }
    });
}

#[test]
fn what_a_dead_node_had_sent_is_there_if_all_had_it_and_lost_if_not() {
    for (us, n) in [(500, 0), (1_500, 1)] {
        let ((), _) = run(&exact(), async move |lab: Lab| {
            let mut client = lab.client(0).await;
            let dying = async {
                lab.kernel.sleep(us * 1_000).await;
                let harm = Harm::CrashNode { node: 0, lasts: 0 };
                lab.suffer(harm, 10_000).await;
            };
            let (told, ()) = join(client.write(ADD_ONE), dying).await;
            assert_fault(told, Indefinite, "2013");
            lab.sleep(10_000).await;
            assert_eq!(lab.n().await, n);
        });
    }
}

#[test]
fn a_close_waits_for_a_commit_that_is_on_its_way_to_the_others() {
    let ((), _) = run(&exact(), async |lab: Lab| {
        let mut client = lab.client(0).await;
        let harm = Harm::Partition {
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
        let harm = Harm::DelayApply { node: 2, lasts: 0 };
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
        lab.cluster.begin(&Harm::CrashNode { node: 1, lasts: 0 });
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
