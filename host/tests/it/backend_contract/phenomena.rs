//! Interactions of transactions on one row or one gap, as scripts that run on a simulated server
//! and on a real one. `phenomena/README.md` tells how to read one.

mod play;

use super::databases::mariadb::{galera, mariadb_node};
use super::databases::postgres::{postgres_cluster, postgres_node};
use super::databases::simulated::{
    in_simulation, simulated_cluster, simulated_cluster_that_lags, simulated_postgres,
    simulated_postgres_server, simulated_server,
};
use play::play;
use std::fs;
use std::path::PathBuf;

/// Plays the scripts of a folder on the simulator, and on the lab.
macro_rules! plays {
    ($folder:literal on $sim:ident: $(fn $script:ident;)*) => {
        mod $sim {
            pub(super) const PLAYED: &[&str] = &[$(stringify!($script)),*];

            $(
                #[test]
                fn $script() {
                    super::in_simulation(&super::$sim(), async |fixture| {
                        super::play(&fixture, &super::script($folder, stringify!($script))).await;
                    });
                }
            )*
        }
    };
    ($folder:literal on $sim:ident, $real:ident: $(fn $script:ident;)*) => {
        plays!($folder on $sim: $(fn $script;)*);

        mod $real {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $script() {
                    let fixture = super::$real().await;
                    super::play(&fixture, &super::script($folder, stringify!($script))).await;
                    fixture.close().await;
                }
            )*
        }
    };
}

plays!("server" on simulated_server, mariadb_node:
    fn read_that_finds_nothing_locks_the_gap;
    fn read_that_finds_its_row_locks_no_gap;
    fn range_locks_the_row_behind_it;
    fn range_with_its_ends_locks_the_row_behind_it;
    fn range_without_an_end_locks_up_to_the_end;
    fn unique_key_without_a_row_locks_its_gap;
    fn unique_key_with_a_row_locks_the_gap_before_it;
    fn prefix_of_a_key_locks_its_part_and_the_gap_behind_it;
    fn prefix_that_finds_nothing_locks_the_gap;
    fn scan_locks_everything;
    fn update_that_finds_nothing_locks_the_gap;
    fn read_committed_locks_no_gap_and_gives_back_what_does_not_match;
    fn update_at_read_committed_passes_locked_rows_that_do_not_match;
    fn serializable_reads_lock;
    fn serializable_reads_of_a_row_are_shared;
    fn shared_locks_that_both_upgrade_are_a_deadlock;
    fn inserts_of_one_key_wait_and_one_more_is_a_deadlock;
    fn duplicate_keeps_a_shared_lock;
    fn insert_waits_for_a_lock_that_is_waited_for;
    fn own_gap_lets_its_owner_insert;
    fn limit_stops_the_locks;
    fn deleted_row_is_waited_for_and_its_gap_is_free;
    fn locking_read_is_newer_than_a_plain_one;
    fn guard_row_that_is_locked_first_serializes;
    fn guard_row_that_is_locked_after_a_read_does_not;
);

plays!("cluster" on simulated_cluster, galera:
    fn gap_is_locked_on_its_node_only;
    fn gap_lock_is_broken_by_an_insert_from_another_node;
    fn guard_row_that_is_not_written_excludes_nobody_elsewhere;
    fn commits_one_after_the_other_stop_a_write_skew;
    fn commits_at_once_let_a_write_skew_pass;
    fn serializable_commits_at_once_let_a_write_skew_pass;
);

plays!("lagging" on simulated_cluster_that_lags:
    fn locking_read_on_a_node_that_is_behind_is_old;
);

plays!("postgres" on simulated_postgres_server, postgres_node:
    fn deadlock_ends_the_one_that_waited_longest;
    fn delete_unless_children_is_not_stopped_by_a_locked_parent;
    fn delete_unless_children_is_stopped_by_a_written_parent;
    fn delete_unless_children_misses_a_child_that_comes_at_once;
    fn failed_transaction_takes_nothing_but_its_end;
    fn guard_in_the_statement_is_looked_at_again;
    fn guard_row_does_not_serialize_at_repeatable_read;
    fn guard_row_serializes_at_read_committed;
    fn insert_of_a_key_waits_for_the_one_before;
    fn insert_of_a_taken_key_waits_only_for_its_deletion;
    fn locked_rows_are_skipped_until_there_are_enough;
    fn no_gap_is_locked;
    fn one_statement_that_counts_is_refused_when_serializable;
    fn one_statement_that_counts_lets_a_write_skew_pass;
    fn read_committed_loses_an_update_that_was_computed_by_the_client;
    fn relative_update_after_a_check_goes_below_zero;
    fn repeatable_read_lets_a_write_skew_pass;
    fn repeatable_read_refuses_a_row_that_changed;
    fn repeatable_read_takes_its_snapshot_at_the_first_statement;
    fn report_at_repeatable_read_is_of_one_state;
    fn report_in_two_statements_mixes_two_states;
    fn report_with_shared_locks_is_of_one_state;
    fn row_that_comes_to_meet_the_where_is_not_found;
    fn row_that_is_deleted_and_inserted_again_is_not_found;
    fn rows_that_are_locked_to_be_counted_stop_a_write_skew;
    fn serializable_reads_of_one_that_only_reads_pass;
    fn serializable_refuses_a_write_after_the_other_has_committed;
    fn serializable_refuses_a_write_skew;
    fn serializable_refuses_two_inserts_that_each_counted;
    fn serializable_refuses_what_a_report_would_contradict;
    fn sub_query_is_not_looked_at_again;
    fn unchanged_row_is_a_new_version;
    fn unseen_row_is_a_conflict_for_an_upsert_at_repeatable_read;
    fn update_looks_again_at_the_row_that_it_waited_for;
    fn upsert_meets_a_unique_key_that_it_waited_for;
);

plays!("standby" on simulated_postgres, postgres_cluster:
    fn standby_takes_no_writes_and_no_row_locks;
    fn standby_has_no_serializable_transactions;
);

#[test]
fn every_script_is_played() {
    for (name, played) in [
        ("server", simulated_server::PLAYED),
        ("cluster", simulated_cluster::PLAYED),
        ("lagging", simulated_cluster_that_lags::PLAYED),
        ("postgres", simulated_postgres_server::PLAYED),
        ("standby", simulated_postgres::PLAYED),
    ] {
        let files = fs::read_dir(folder(name)).unwrap();
        let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
        files.sort();
        let mut expected: Vec<PathBuf> = played.iter().map(|script| path(name, script)).collect();
        expected.sort();
        assert_eq!(files, expected);
    }
}

fn script(folder: &str, name: &str) -> String {
    let path = path(folder, name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn path(name: &str, script: &str) -> PathBuf {
    folder(name).join(script).with_extension("script")
}

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/backend_contract/phenomena")
        .join(name)
}
