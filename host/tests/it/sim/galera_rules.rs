//! Phenomena of a real cluster, one test for each.

use super::fixture::{
    ADD_ONE, Client, Lab, READ, READ_LOCKED, assert_error, count, exact, integer, run,
};
use contend::model::error::CallError;
use contend::model::error::ErrorKind::{Conflict, Rejected};
use contend::model::sim_fault::FaultAction;
use contend::model::topology::Topology;
use contend::sim::event::What;
use futures_util::future::join;

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
                ADD_ONE => assert_error(other.write(next).await, Conflict, "1213"),
                READ => assert_error(other.query(next).await, Conflict, "1213"),
                _ => assert_error(other.0.commit().await, Conflict, "1213"),
            }
            assert_error(other.0.commit().await, Rejected, "no-transaction");
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
            assert_error(second, Conflict, "1213");
            assert_eq!(lab.n().await, round);
        }
        assert_eq!(lab.counted(|node| node.certification_failures).await, 30);
    });
    assert_eq!(count(&events, certification_failures), 30);
}

#[test]
fn idle_for_update_reader_is_aborted_by_a_remote_commit() {
    let ((), _) = run(&exact(), async |lab: Lab| {
        let (mut idle, mut other) = (lab.client(0).await, lab.client(1).await);
        idle.begin().await;
        idle.query(READ_LOCKED).await.unwrap();
        other.write(ADD_ONE).await.unwrap();
        lab.sleep(100).await;
        assert_error(idle.query("SELECT 1").await, Conflict, "1213");
    });
}

#[test]
fn for_update_without_a_write_excludes_only_on_its_own_node() {
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
async fn swap(one: &mut Client, other: &mut Client, round: i64) -> [Result<u64, CallError>; 2] {
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
            assert_error(second, Conflict, "1213");
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
fn snapshot_isolation_passes_only_what_another_node_changed_within_its_window() {
    let topology = Topology {
        snapshot_isolation: true,
        snapshot_race_us: 2_000,
        ..exact()
    };
    let ((), _) = run(&topology, async |lab: Lab| {
        for (node, wait, refused) in [(1, 100, true), (1, 1, false), (0, 1, true)] {
            let (mut reader, mut writer) = (lab.client(0).await, lab.client(node).await);
            reader.begin().await;
            reader.n().await;
            writer.write(ADD_ONE).await.unwrap();
            lab.sleep(wait).await;
            let told = reader.write(ADD_ONE).await;
            match refused {
                true => assert_error(told, Conflict, "1020"),
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
        assert_error(first, Conflict, "1213");
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
        assert_error(told, Conflict, "1205");
        assert_eq!(ms, 3_000);
        assert_error(other.0.commit().await, Rejected, "no-transaction");
        let nowait = format!("{READ_LOCKED} NOWAIT");
        let (ms, told) = lab.ms(other.query(&nowait)).await;
        assert_error(told, Conflict, "1205");
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
        assert_error(second, Conflict, "1213");
        lab.sleep(100).await;
        assert_error(other.write(&take(3)).await, Rejected, "1062");
        let insert = "INSERT INTO things (id, n) VALUES (1, 0)";
        assert_error(other.write(insert).await, Rejected, "1062");
        one.write("UPDATE things SET label = NULL WHERE id = 1")
            .await
            .unwrap();
        assert_eq!(one.write(&take(3)).await.unwrap(), 1);
    });
    assert_eq!(count(&events, certification_failures), 1);
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
        assert_error(late, Conflict, "1213");
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
            let harm = FaultAction::DelayApply { node: 1, lasts: 0 };
            let reading = async {
                writer.write(ADD_ONE).await.unwrap();
                let (ms, seen) = lab.ms(reader.query(READ)).await;
                assert!((290..=6_000).contains(&ms), "{ms}");
                seen
            };
            let (seen, ()) = join(reading, lab.suffer(harm, lags_ms)).await;
            match told {
                Ok(n) => assert_eq!(integer(&seen.unwrap()), n),
                Err(code) => assert_error(seen, Conflict, code),
            }
        }
    });
}
