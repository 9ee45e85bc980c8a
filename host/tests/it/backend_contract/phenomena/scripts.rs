//! The scripts, with what was seen on MariaDB 10.11.19 and Galera 26.4.23.

pub(super) fn read_that_finds_nothing_locks_the_gap() -> &'static str {
    "
    A BEGIN
    B BEGIN
    A SELECT id FROM t WHERE id = 15 FOR UPDATE -> no row
    B SELECT id FROM t WHERE id = 16 FOR UPDATE -> no row
    C UPDATE t SET n = 1 WHERE id = 20 -> 1 row
    C INSERT INTO t VALUES (25, 0, NULL, NULL) -> 1 row
    A INSERT INTO t VALUES (15, 0, NULL, NULL) -> waits
    B INSERT INTO t VALUES (16, 0, NULL, NULL) -> 1213; A 1 row
    A COMMIT"
}

pub(super) fn read_that_finds_its_row_locks_no_gap() -> &'static str {
    "
    A BEGIN
    A SELECT id FROM t WHERE id = 20 FOR UPDATE -> 20
    B INSERT INTO t VALUES (19, 0, NULL, NULL) -> 1 row
    B INSERT INTO t VALUES (21, 0, NULL, NULL) -> 1 row
    B UPDATE t SET n = 1 WHERE id = 20 -> waits
    A COMMIT -> ok; B 1 row"
}

pub(super) fn range_locks_the_row_behind_it() -> &'static str {
    "
    A BEGIN
    A SELECT id FROM t WHERE id > 10 AND id < 20 FOR UPDATE -> no row
    B UPDATE t SET n = 1 WHERE id = 10 -> 1 row
    B INSERT INTO t VALUES (25, 0, NULL, NULL) -> 1 row
    B INSERT INTO t VALUES (5, 0, NULL, NULL) -> 1 row
    B UPDATE t SET n = 1 WHERE id = 20 -> waits
    C INSERT INTO t VALUES (15, 0, NULL, NULL) -> waits
    A COMMIT -> ok; B 1 row; C 1 row"
}

pub(super) fn range_with_its_ends_locks_the_row_behind_it() -> &'static str {
    "
    A BEGIN
    A SELECT id FROM t WHERE id >= 10 AND id <= 20 FOR UPDATE -> 10, 20
    B INSERT INTO t VALUES (5, 0, NULL, NULL) -> 1 row
    B INSERT INTO t VALUES (35, 0, NULL, NULL) -> 1 row
    B INSERT INTO t VALUES (25, 0, NULL, NULL) -> waits
    C UPDATE t SET n = 1 WHERE id = 30 -> waits
    A COMMIT -> ok; B 1 row; C 1 row"
}

pub(super) fn range_without_an_end_locks_up_to_the_end() -> &'static str {
    "
    A BEGIN
    A SELECT id FROM t WHERE id > 20 FOR UPDATE -> 30
    B UPDATE t SET n = 1 WHERE id = 20 -> 1 row
    B INSERT INTO t VALUES (15, 0, NULL, NULL) -> 1 row
    B INSERT INTO t VALUES (35, 0, NULL, NULL) -> waits
    C INSERT INTO t VALUES (25, 0, NULL, NULL) -> waits
    A COMMIT -> ok; B 1 row; C 1 row"
}

pub(super) fn unique_key_without_a_row_locks_its_gap() -> &'static str {
    "
    A BEGIN
    A SELECT id FROM t WHERE u = 150 FOR UPDATE -> no row
    B INSERT INTO t VALUES (98, 0, 250, NULL) -> 1 row
    B INSERT INTO t VALUES (15, 0, NULL, NULL) -> 1 row
    B UPDATE t SET n = 1 WHERE u = 200 -> 1 row
    B INSERT INTO t VALUES (99, 0, 160, NULL) -> waits
    A COMMIT -> ok; B 1 row"
}

pub(super) fn unique_key_with_a_row_locks_the_gap_before_it() -> &'static str {
    "
    A BEGIN
    A SELECT id FROM t WHERE u = 200 FOR UPDATE -> 20
    B INSERT INTO t VALUES (98, 0, 250, NULL) -> 1 row
    B INSERT INTO t VALUES (99, 0, 160, NULL) -> waits
    C UPDATE t SET n = 1 WHERE id = 20 -> waits
    A COMMIT -> ok; B 1 row; C 1 row"
}

pub(super) fn prefix_of_a_key_locks_its_part_and_the_gap_behind_it() -> &'static str {
    "
    A BEGIN
    A SELECT id FROM t WHERE v = 1 FOR UPDATE -> 10, 20
    B UPDATE t SET n = 1 WHERE id = 30 -> 1 row
    B INSERT INTO t VALUES (97, 0, NULL, 2) -> 1 row
    B INSERT INTO t VALUES (96, 0, NULL, 3) -> 1 row
    B INSERT INTO t VALUES (99, 0, NULL, 1) -> waits
    C INSERT INTO t VALUES (98, 0, NULL, 0) -> waits
    D INSERT INTO t VALUES (25, 0, NULL, 2) -> waits
    E UPDATE t SET n = 2 WHERE id = 10 -> waits
    A COMMIT -> ok; B 1 row; C 1 row; D 1 row; E 1 row"
}

pub(super) fn prefix_that_finds_nothing_locks_the_gap() -> &'static str {
    "
    A BEGIN
    B BEGIN
    A SELECT id FROM t WHERE v = 9 AND n = 1 FOR UPDATE -> no row
    B SELECT id FROM t WHERE v = 9 AND n = 1 FOR UPDATE -> no row
    A INSERT INTO t VALUES (40, 0, 1, 9) -> waits
    B INSERT INTO t VALUES (50, 0, 2, 9) -> 1213; A 1 row
    A COMMIT"
}

pub(super) fn scan_locks_everything() -> &'static str {
    "
    A BEGIN
    A SELECT id FROM t WHERE n = 5 FOR UPDATE -> no row
    B INSERT INTO t VALUES (98, 0, NULL, NULL) -> waits
    C UPDATE t SET n = 1 WHERE id = 30 -> waits
    A COMMIT -> ok; B 1 row; C 1 row"
}

pub(super) fn update_that_finds_nothing_locks_the_gap() -> &'static str {
    "
    A BEGIN
    B BEGIN
    A UPDATE t SET n = 1 WHERE id > 100 -> 0 row
    B DELETE FROM t WHERE id = 150 -> 0 row
    A INSERT INTO t VALUES (150, 0, NULL, NULL) -> waits
    B INSERT INTO t VALUES (160, 0, NULL, NULL) -> 1213; A 1 row
    A COMMIT"
}

pub(super) fn read_committed_locks_no_gap_and_gives_back_what_does_not_match() -> &'static str {
    "
    A SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED
    A BEGIN
    A SELECT id FROM t WHERE id = 15 FOR UPDATE -> no row
    A SELECT id FROM t WHERE n = 5 FOR UPDATE -> no row
    B INSERT INTO t VALUES (15, 0, NULL, NULL) -> 1 row
    B UPDATE t SET n = 5 WHERE id = 30 -> 1 row
    A SELECT id FROM t WHERE n = 5 FOR UPDATE -> 30
    B UPDATE t SET n = 6 WHERE id = 20 -> 1 row
    B UPDATE t SET n = 6 WHERE id = 30 -> waits
    A COMMIT -> ok; B 1 row"
}

pub(super) fn update_at_read_committed_passes_locked_rows_that_do_not_match() -> &'static str {
    "
    A BEGIN
    A UPDATE t SET n = 5 WHERE id = 20 -> 1 row
    B SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED
    C SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED
    B UPDATE t SET v = 7 WHERE n = 9 -> 0 row
    C SELECT id FROM t WHERE n = 9 FOR UPDATE -> waits
    A COMMIT -> ok; C no row"
}

pub(super) fn serializable_reads_lock() -> &'static str {
    "
    A SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE
    B SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE
    A BEGIN
    B BEGIN
    A SELECT id FROM t WHERE id = 15 -> no row
    B SELECT id FROM t WHERE id = 15 -> no row
    A INSERT INTO t VALUES (15, 0, NULL, NULL) -> waits
    B INSERT INTO t VALUES (15, 0, NULL, NULL) -> 1213; A 1 row
    A COMMIT"
}

pub(super) fn serializable_reads_of_a_row_are_shared() -> &'static str {
    "
    A SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE
    A BEGIN
    A SELECT id FROM t WHERE id = 20 -> 20
    B SELECT id FROM t WHERE id = 20 LOCK IN SHARE MODE -> 20
    B UPDATE t SET n = 1 WHERE id = 20 -> waits
    A COMMIT -> ok; B 1 row"
}

pub(super) fn shared_locks_that_both_upgrade_are_a_deadlock() -> &'static str {
    "
    A BEGIN
    B BEGIN
    A SELECT n FROM t WHERE id = 10 LOCK IN SHARE MODE -> 0
    B SELECT n FROM t WHERE id = 10 LOCK IN SHARE MODE -> 0
    A UPDATE t SET n = 1 WHERE id = 10 -> waits
    B UPDATE t SET n = 2 WHERE id = 10 -> 1213; A 1 row
    A COMMIT"
}

pub(super) fn inserts_of_one_key_wait_and_one_more_is_a_deadlock() -> &'static str {
    "
    A BEGIN
    A INSERT INTO t VALUES (15, 0, NULL, NULL) -> 1 row
    B BEGIN
    C BEGIN
    B INSERT INTO t VALUES (15, 0, NULL, NULL) -> waits
    C INSERT INTO t VALUES (15, 0, NULL, NULL) -> waits
    A ROLLBACK -> ok; B 1 row; C 1213 | ok; B 1213; C 1 row"
}

pub(super) fn duplicate_keeps_a_shared_lock() -> &'static str {
    "
    A BEGIN
    A INSERT INTO t VALUES (20, 0, NULL, NULL) -> 1062
    B SELECT id FROM t WHERE id = 20 LOCK IN SHARE MODE -> 20
    B INSERT INTO t VALUES (15, 0, NULL, NULL) -> 1 row
    B UPDATE t SET n = 1 WHERE id = 20 -> waits
    A COMMIT -> ok; B 1 row"
}

pub(super) fn insert_waits_for_a_lock_that_is_waited_for() -> &'static str {
    "
    A BEGIN
    A SELECT id FROM t WHERE id = 20 FOR UPDATE -> 20
    B BEGIN
    B SELECT id FROM t WHERE id > 10 FOR UPDATE -> waits
    A INSERT INTO t VALUES (15, 0, NULL, NULL) -> 1 row; B 1213
    A COMMIT"
}

pub(super) fn own_gap_lets_its_owner_insert() -> &'static str {
    "
    A BEGIN
    A SELECT id FROM t WHERE id = 15 FOR UPDATE -> no row
    B INSERT INTO t VALUES (15, 0, NULL, NULL) -> waits
    A INSERT INTO t VALUES (15, 0, NULL, NULL) -> 1 row
    C INSERT INTO t VALUES (17, 0, NULL, NULL) -> waits
    A COMMIT -> ok; B 1062; C 1 row"
}

pub(super) fn limit_stops_the_locks() -> &'static str {
    "
    A BEGIN
    A SELECT id FROM t ORDER BY id LIMIT 1 FOR UPDATE -> 10
    B INSERT INTO t VALUES (15, 0, NULL, NULL) -> 1 row
    B UPDATE t SET n = 1 WHERE id = 20 -> 1 row
    B INSERT INTO t VALUES (5, 0, NULL, NULL) -> waits
    A COMMIT -> ok; B 1 row"
}

pub(super) fn deleted_row_is_waited_for_and_its_gap_is_free() -> &'static str {
    "
    A BEGIN
    A DELETE FROM t WHERE id = 20 -> 1 row
    B BEGIN
    B SELECT id FROM t WHERE id = 20 FOR UPDATE -> waits
    C INSERT INTO t VALUES (15, 0, NULL, NULL) -> 1 row
    A COMMIT -> ok; B no row
    C INSERT INTO t VALUES (16, 0, NULL, NULL) -> 1 row
    B COMMIT"
}

pub(super) fn locking_read_is_newer_than_a_plain_one() -> &'static str {
    "
    A BEGIN
    A SELECT n FROM t WHERE id = 10 -> 0
    B UPDATE t SET n = 7 WHERE id = 10 -> 1 row
    A SELECT n FROM t WHERE id = 10 -> 0
    A SELECT n FROM t WHERE id = 10 FOR UPDATE -> 7
    A SELECT n FROM t WHERE id = 10 -> 0
    A COMMIT"
}

pub(super) fn guard_row_that_is_locked_first_serializes() -> &'static str {
    "
    A BEGIN
    B BEGIN
    A SELECT id FROM t WHERE id = 10 FOR UPDATE -> 10
    B SELECT id FROM t WHERE id = 10 FOR UPDATE -> waits
    A INSERT INTO t VALUES (40, 1, NULL, NULL) -> 1 row
    A COMMIT -> ok; B 10
    B SELECT COUNT(*) FROM t WHERE n = 1 -> 1
    B COMMIT"
}

pub(super) fn guard_row_that_is_locked_after_a_read_does_not() -> &'static str {
    "
    A BEGIN
    B BEGIN
    B SELECT id FROM t WHERE id = 30 -> 30
    A SELECT id FROM t WHERE id = 10 FOR UPDATE -> 10
    B SELECT id FROM t WHERE id = 10 FOR UPDATE -> waits
    A INSERT INTO t VALUES (40, 1, NULL, NULL) -> 1 row
    A COMMIT -> ok; B 10
    B SELECT COUNT(*) FROM t WHERE n = 1 -> 0
    B COMMIT"
}

pub(super) fn gap_is_locked_on_its_node_only() -> &'static str {
    "
    A BEGIN
    A SELECT id FROM t WHERE id = 15 FOR UPDATE -> no row
    B INSERT INTO t VALUES (16, 0, NULL, NULL) -> waits
    C@2 BEGIN
    C@2 INSERT INTO t VALUES (17, 0, NULL, NULL) -> 1 row
    C@2 ROLLBACK
    A COMMIT -> ok; B 1 row"
}

pub(super) fn gap_lock_is_broken_by_an_insert_from_another_node() -> &'static str {
    "
    A BEGIN
    A SELECT id FROM t WHERE id = 15 FOR UPDATE -> no row
    B@2 INSERT INTO t VALUES (15, 0, NULL, NULL) -> 1 row
    wait
    A SELECT id FROM t WHERE id = 30 -> 1213"
}

pub(super) fn guard_row_that_is_not_written_excludes_nobody_elsewhere() -> &'static str {
    "
    A BEGIN
    B@2 BEGIN
    A SELECT id FROM t WHERE id = 10 FOR UPDATE -> 10
    B@2 SELECT id FROM t WHERE id = 10 FOR UPDATE -> 10
    A SELECT COUNT(*) FROM t WHERE n = 1 -> 0
    B@2 SELECT COUNT(*) FROM t WHERE n = 1 -> 0
    A INSERT INTO t VALUES (40, 1, NULL, NULL) -> 1 row
    A COMMIT
    B@2 INSERT INTO t VALUES (50, 1, NULL, NULL) -> 1 row
    B@2 COMMIT"
}

/// Each has locked what it has read, and the second would write what contradicts the first.
pub(super) fn commits_one_after_the_other_stop_a_write_skew() -> &'static str {
    "
    A BEGIN
    B@2 BEGIN
    A SELECT id FROM t WHERE id <= 20 FOR UPDATE -> 10, 20
    B@2 SELECT id FROM t WHERE id <= 20 FOR UPDATE -> 10, 20
    A UPDATE t SET n = 1 WHERE id = 10 -> 1 row
    B@2 UPDATE t SET n = 1 WHERE id = 20 -> 1 row
    A COMMIT
    wait
    B@2 COMMIT -> 1213"
}

/// The same, and both write sets are on their way before either is applied: no key is in both.
pub(super) fn commits_at_once_let_a_write_skew_pass() -> &'static str {
    "
    seldom
    A BEGIN
    B@2 BEGIN
    A SELECT id FROM t WHERE id <= 20 FOR UPDATE -> 10, 20
    B@2 SELECT id FROM t WHERE id <= 20 FOR UPDATE -> 10, 20
    A UPDATE t SET n = 1 WHERE id = 10 -> 1 row
    B@2 UPDATE t SET n = 1 WHERE id = 20 -> 1 row
    A COMMIT & B@2 COMMIT -> ok; B@2 ok"
}

pub(super) fn serializable_commits_at_once_let_a_write_skew_pass() -> &'static str {
    "
    seldom
    A SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE
    B@2 SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE
    A BEGIN
    B@2 BEGIN
    A SELECT id FROM t WHERE id <= 20 -> 10, 20
    B@2 SELECT id FROM t WHERE id <= 20 -> 10, 20
    A UPDATE t SET n = 1 WHERE id = 10 -> 1 row
    B@2 UPDATE t SET n = 1 WHERE id = 20 -> 1 row
    A COMMIT & B@2 COMMIT -> ok; B@2 ok"
}

/// While the second node applies the first update, the other waits there for its turn.
pub(super) fn locking_read_on_a_node_that_is_behind_is_old() -> &'static str {
    "
    B@2 BEGIN
    A UPDATE t SET n = 1 WHERE id = 20 -> 1 row
    A UPDATE t SET n = 1 WHERE id = 10 -> 1 row
    B@2 SELECT n FROM t WHERE id = 10 FOR UPDATE -> 0"
}
