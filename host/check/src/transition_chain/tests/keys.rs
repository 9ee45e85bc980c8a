//! Rows that come, go or change their keys.

use super::*;
use crate::model::data::KeyChange;

fn keys(key: &str, before: &str, after: &str, markers: &[Marker]) -> Option<Box<KeyChange>> {
    Some(Box::new(KeyChange {
        key: key.to_owned(),
        before: Some(before.to_owned()),
        after: Some(after.to_owned()),
        markers: markers.to_vec(),
    }))
}

#[test]
fn swap_of_two_keys_is_blamed_on_the_transaction_and_not_on_who_comes_after_it() {
    // Worker 7 acquires row 2 and swaps its key with that of row 1, where worker 4 had been. Worker 8
    // finds row 2 available, and acquires it.
    let mut changes = three();
    changes.push(change(4, 1, 0, [0, 1, 2, 3]));
    let marker = changes[1].marker();
    let of_1 = |from, to| AuditEntry {
        row: 1,
        ..update(from, to)
    };
    let effects = vec![
        update(available(4, 0), deleting(8, 0)),
        of_1(RowState::initial(), deleting(4, 0)),
        of_1(deleting(4, 0), available(4, 0)),
        update(RowState::initial(), deleting(3, 0)),
        update(deleting(3, 0), available(3, 0)),
        AuditEntry {
            keys: keys("volume-2", "volume-1", "volume-1", &[marker]),
            ..update(available(3, 0), available(4, 0))
        },
        AuditEntry {
            keys: keys("volume-1", "volume-2", "volume-2", &[marker]),
            ..of_1(available(4, 0), deleting(7, 0))
        },
    ];
    let answer = judge(&changes, effects, deleting(8, 0));
    let prose = "row 2 went from available (3_0) to available (4_0): the transaction of worker 7 \
                 (7_0) changed the key \"volume-2\" to \"volume-1\" and the key \"volume-1\" to \
                 \"volume-2\"";
    assert_reported(&answer, prose, 2);
    assert_eq!(answer.about.unwrap().markers[0], marker);
}

#[test]
fn state_that_a_swap_brings_back_is_laid_at_the_door_of_the_swap() {
    // Worker 8 acquires row 1, whose key a transaction of worker 4 had given to row 2 and back.
    let mut changes = three();
    changes.push(change(4, 1, 0, [1, 2, 3, 4]));
    let marker = changes[3].marker();
    let moved = |from, to| AuditEntry {
        keys: keys("volume-2", "volume-1", "volume-1", &[marker]),
        ..update(from, to)
    };
    let mut effects = right();
    effects.push(moved(available(8, 0), deleting(3, 0)));
    let answer = judge(&changes, effects, deleting(3, 0));
    assert_reported(
        &answer,
        "the transaction of worker 4 (4_0) changed the key",
        0,
    );
    // In whatever order they stand.
    let mut effects = vec![moved(available(8, 0), deleting(3, 0))];
    effects.extend(right());
    let answer = judge(&changes, effects, deleting(3, 0));
    assert_reported(
        &answer,
        "the transaction of worker 4 (4_0) changed the key",
        0,
    );
}

#[test]
fn row_that_came_or_went_in_a_transaction_of_its_own_is_reported() {
    let gone = AuditEntry {
        to: None,
        ..update(available(8, 0), available(8, 0))
    };
    let back = AuditEntry {
        from: None,
        ..update(available(8, 0), available(8, 0))
    };
    let mut effects = right();
    effects.extend([gone, back]);
    let answer = judge(&three(), effects, available(8, 0));
    assert_reported(&answer, "went from available (8_0) to no row at all", 1);
    let stranger = AuditEntry {
        row: AuditEntry::FOREIGN,
        keys: keys("\u{1b}x", "a", "b", &[]),
        ..update(RowState::initial(), deleting(3, 0))
    };
    let mut effects = right();
    effects.push(stranger);
    let answer = judge(&three(), effects, available(8, 0));
    assert_reported(&answer, "the row \"\\u{1b}x\" went from available", 0);
}
