//! What transactions on one row or one gap do to each other, as scripts that run on a simulated server
//! and on a real one. Each was played on MariaDB 10.11.19 before it was written down.
//!
//! A line of a script is `SESSION STATEMENT -> OUTCOME`, and the outcomes of others that end by it:
//!
//! ```text
//! A SELECT id FROM t WHERE id = 15 FOR UPDATE -> no row
//! B INSERT INTO t VALUES (15, 0, 4, NULL) -> waits
//! A COMMIT -> ok; B 1 row
//! ```
//!
//! An outcome is `ok`, `waits`, an error's code, `N row` for a count of affected rows, or the first
//! column of the rows that are read, as `10, 20` or `no row`. `A@2` is a session on the second node;
//! the others are all on the first. `wait` lets all nodes come to the same. Two steps joined by `&` are
//! begun at once. ` | ` stands between outcomes of which one comes, each with the same sessions in the same order. A script that begins with `seldom` is played until its last line comes out as written.

mod play;
mod scripts;

use super::databases::mariadb::{galera, mariadb_node};
use super::databases::simulated::{
    in_simulation, simulated_cluster, simulated_cluster_that_lags, simulated_server,
};
use play::play;

/// Plays scripts on the simulator, and on the lab.
macro_rules! plays {
    ($sim:ident, $real:ident: $($script:ident),* $(,)?) => {
        mod $sim {
            $(
                #[test]
                fn $script() {
                    let topology = super::$sim();
                    super::in_simulation(&topology, async |fixture| {
                        super::play(&fixture, super::scripts::$script()).await;
                    });
                }
            )*
        }
        mod $real {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $script() {
                    let fixture = super::$real().await;
                    super::play(&fixture, super::scripts::$script()).await;
                    fixture.close().await;
                }
            )*
        }
    };
}

plays!(simulated_server, mariadb_node:
    read_that_finds_nothing_locks_the_gap,
    read_that_finds_its_row_locks_no_gap,
    range_locks_the_row_behind_it,
    range_with_its_ends_locks_the_row_behind_it,
    range_without_an_end_locks_up_to_the_end,
    unique_key_without_a_row_locks_its_gap,
    unique_key_with_a_row_locks_the_gap_before_it,
    prefix_of_a_key_locks_its_part_and_the_gap_behind_it,
    prefix_that_finds_nothing_locks_the_gap,
    scan_locks_everything,
    update_that_finds_nothing_locks_the_gap,
    read_committed_locks_no_gap_and_gives_back_what_does_not_match,
    update_at_read_committed_passes_locked_rows_that_do_not_match,
    serializable_reads_lock,
    serializable_reads_of_a_row_are_shared,
    shared_locks_that_both_upgrade_are_a_deadlock,
    inserts_of_one_key_wait_and_one_more_is_a_deadlock,
    duplicate_keeps_a_shared_lock,
    insert_waits_for_a_lock_that_is_waited_for,
    own_gap_lets_its_owner_insert,
    limit_stops_the_locks,
    deleted_row_is_waited_for_and_its_gap_is_free,
    locking_read_is_newer_than_a_plain_one,
    guard_row_that_is_locked_first_serializes,
    guard_row_that_is_locked_after_a_read_does_not,
);

plays!(simulated_cluster, galera:
    gap_is_locked_on_its_node_only,
    gap_lock_is_broken_by_an_insert_from_another_node,
    guard_row_that_is_not_written_excludes_nobody_elsewhere,
    commits_one_after_the_other_stop_a_write_skew,
    commits_at_once_let_a_write_skew_pass,
    serializable_commits_at_once_let_a_write_skew_pass,
);

/// On the lab this came out in two of three series of 100 attempts, which is too seldom for a test.
#[test]
fn locking_read_on_a_node_that_is_behind_is_old() {
    in_simulation(&simulated_cluster_that_lags(), async |fixture| {
        let script = scripts::locking_read_on_a_node_that_is_behind_is_old();
        play(&fixture, script).await;
    });
}
