use super::*;
use crate::sql::TableId;

const ROW: RecordId = RecordId {
    table: TableId(0),
    index: 0,
    slot: 7,
};

fn owner(number: u64) -> Owner {
    Owner::Transaction {
        connection: number as u32,
        number,
    }
}

const ANEW: Asked = Asked::Granted { anew: true };
const AGAIN: Asked = Asked::Granted { anew: false };

fn released(locks: &mut RowLocks, number: u64) -> Vec<u64> {
    let mut grants = Vec::new();
    locks.release(ROW, owner(number), &mut grants);
    numbers(&grants)
}

fn numbers(grants: &[Grant]) -> Vec<u64> {
    let number = |grant: &Grant| match grant.owner {
        Owner::Transaction { number, .. } | Owner::Applier(number) => number,
    };
    grants.iter().map(number).collect()
}

#[test]
fn an_exclusive_lock_has_one_holder_and_goes_to_who_waits_longest() {
    let mut locks = RowLocks::default();
    assert_eq!(locks.ask(ROW, owner(1), true), ANEW);
    assert_eq!(locks.ask(ROW, owner(1), true), AGAIN);
    for waiter in [2, 3] {
        assert_eq!(
            locks.ask(ROW, owner(waiter), true),
            Asked::Blocked(owner(1))
        );
        locks.wait(ROW, owner(waiter), true);
    }
    assert_eq!(locks.in_the_way(ROW, owner(3)), [owner(1), owner(2)]);
    assert_eq!(released(&mut locks, 1), [2]);
    assert_eq!(released(&mut locks, 2), [3]);
    assert!(released(&mut locks, 3).is_empty());
    assert!(locks.locks.is_empty());
}

#[test]
fn shared_locks_go_together_but_pass_no_waiter() {
    let mut locks = RowLocks::default();
    assert_eq!(locks.ask(ROW, owner(1), false), ANEW);
    assert_eq!(locks.ask(ROW, owner(2), false), ANEW);
    assert!(matches!(locks.ask(ROW, owner(3), true), Asked::Blocked(_)));
    locks.wait(ROW, owner(3), true);
    assert!(matches!(locks.ask(ROW, owner(4), false), Asked::Blocked(_)));
    locks.wait(ROW, owner(4), false);
    assert_eq!(
        locks.in_the_way(ROW, owner(4)),
        [owner(1), owner(2), owner(3)]
    );
    assert!(released(&mut locks, 1).is_empty());
    assert_eq!(released(&mut locks, 2), [3]);
    assert_eq!(released(&mut locks, 3), [4]);
}

#[test]
fn a_shared_lock_becomes_exclusive_when_the_others_are_gone() {
    let mut locks = RowLocks::default();
    for number in [1, 2] {
        assert_eq!(locks.ask(ROW, owner(number), false), ANEW);
    }
    assert_eq!(locks.ask(ROW, owner(1), true), Asked::Blocked(owner(2)));
    locks.wait(ROW, owner(1), true);
    assert_eq!(released(&mut locks, 2), [1]);
    assert_eq!(locks.ask(ROW, owner(2), false), Asked::Blocked(owner(1)));
    assert!(released(&mut locks, 1).is_empty());
    assert_eq!(locks.ask(ROW, owner(2), false), ANEW);
    assert_eq!(locks.ask(ROW, owner(2), true), AGAIN, "no other has it");
}

#[test]
fn force_takes_the_lock_from_its_holders_and_leaves_those_who_wait() {
    let mut locks = RowLocks::default();
    for number in [1, 2] {
        locks.ask(ROW, owner(number), false);
    }
    locks.wait(ROW, owner(3), true);
    let applier = Owner::Applier(9);
    assert_eq!(locks.take(ROW, applier), [owner(1), owner(2)]);
    assert_eq!(locks.in_the_way(ROW, owner(3)), [applier]);
    assert!(released(&mut locks, 1).is_empty(), "it has it no more");
    let mut grants = Vec::new();
    locks.release(ROW, applier, &mut grants);
    assert_eq!(numbers(&grants), [3]);
}

#[test]
fn leaving_the_queue_lets_later_requests_pass() {
    let mut locks = RowLocks::default();
    locks.ask(ROW, owner(1), false);
    locks.wait(ROW, owner(2), true);
    locks.wait(ROW, owner(3), false);
    let mut grants = Vec::new();
    locks.leave(ROW, owner(2), &mut grants);
    assert_eq!(numbers(&grants), [3]);
}
