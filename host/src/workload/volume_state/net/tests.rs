use super::*;
use crate::model::data::Status;
use crate::model::marker::Mark;

/// `available 3_0`; `-` is no marker.
fn state(text: &str) -> RowState {
    let (status, mark) = text.split_once(' ').unwrap();
    RowState {
        status: Status::from(status.to_owned()),
        mark: Mark::from((mark != "-").then(|| mark.to_owned())),
    }
}

/// A key and its state; no key is no row.
fn seen((key, text): (&str, &str)) -> Option<Seen> {
    (!key.is_empty()).then(|| (key.to_owned(), state(text)))
}

type Recorded<'a> = (i64, (&'a str, &'a str), (&'a str, &'a str));

const NO_ROW: (&str, &str) = ("", "");

fn net(recorded: &[Recorded]) -> Vec<AuditEntry> {
    let mut net = Net::default();
    for (transaction, before, after) in recorded {
        net.add(Name::Number(*transaction), seen(*before), seen(*after));
    }
    net.effects()
}

/// Row, from, to.
fn shown(recorded: &[Recorded]) -> Vec<(u32, String, String)> {
    let text = |state: &Option<RowState>| match state {
        Some(state) => state.to_string(),
        None => "nothing".to_owned(),
    };
    let effects = net(recorded);
    let shown = effects.iter().map(|e| (e.row, text(&e.from), text(&e.to)));
    shown.collect()
}

const A: &str = "volume-0";
const B: &str = "volume-1";

#[test]
fn two_updates_in_one_transaction_are_one_effect_in_either_order() {
    for middle in ["deleting -", "available 3_0"] {
        let effects = shown(&[
            (1, (A, "available -"), (A, middle)),
            (1, (A, middle), (A, "deleting 3_0")),
        ]);
        let net = (0, "available (no marker)".into(), "deleting (3_0)".into());
        assert_eq!(effects, [net], "{middle}");
    }
}

#[test]
fn two_transactions_are_two_effects() {
    let effects = shown(&[
        (1, (A, "available -"), (A, "deleting -")),
        (2, (A, "deleting -"), (A, "deleting 3_0")),
    ]);
    assert_eq!(effects.len(), 2);
}

#[test]
fn netting_needs_no_order() {
    let steps = [
        (7, (A, "available -"), (A, "scratch -")),
        (7, (A, "scratch -"), (A, "available -")),
        (7, (A, "available -"), (A, "scratch 3_0")),
        (7, (A, "scratch 3_0"), (A, "deleting 3_0")),
        (7, (A, "deleting 3_0"), (A, "deleting 3_0")),
    ];
    let net = (0, "available (no marker)".into(), "deleting (3_0)".into());
    for turn in 0..steps.len() {
        let mut turned = steps;
        turned.rotate_left(turn);
        turned.swap(0, 2);
        assert_eq!(shown(&turned), std::slice::from_ref(&net), "{turn}");
    }
}

#[test]
fn transaction_that_ends_where_it_began_has_no_effect() {
    let effects = shown(&[
        (1, (A, "available -"), (A, "deleting 3_0")),
        (1, (A, "deleting 3_0"), (A, "available -")),
        (2, (A, "available -"), (A, "available -")),
        (3, NO_ROW, ("scratch", "x y")),
        (3, ("scratch", "x y"), NO_ROW),
    ]);
    assert_eq!(effects, []);
}

#[test]
fn delete_and_insert_of_one_key_are_one_effect_in_one_transaction_only() {
    let both = |second| {
        net(&[
            (1, (A, "available -"), NO_ROW),
            (second, NO_ROW, (A, "deleting 3_0")),
        ])
    };
    let one = both(1);
    let [update] = one.as_slice() else {
        panic!("{one:?}");
    };
    let ends = (update.from.clone(), update.to.clone());
    assert_eq!(
        ends,
        (Some(state("available -")), Some(state("deleting 3_0")))
    );
    assert_eq!(update.keys.as_ref().unwrap().before, None);
    let two = both(2);
    let [gone, back] = two.as_slice() else {
        panic!("{two:?}");
    };
    assert_eq!((&gone.to, &back.from), (&None, &None));
    assert_eq!(gone.keys.as_ref().unwrap().key, A);
    assert!(gone.keys.as_ref().unwrap().markers.is_empty());
    assert_eq!(back.keys.as_ref().unwrap().markers.len(), 1);
}

#[test]
fn swap_of_two_keys_names_the_keys_and_who_wrote_in_the_same_transaction() {
    let held = "deleting 3_0";
    let effects = net(&[
        (1, (A, "available -"), (A, held)),
        (1, (A, held), ("t", held)),
        (1, (B, "available 4_0"), (A, "available 4_0")),
        (1, ("t", held), (B, held)),
    ]);
    let [of_a, of_b] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert_eq!((of_a.row, of_b.row), (0, 1));
    assert_eq!(of_a.from, Some(state("available -")));
    assert_eq!(of_a.to, Some(state("available 4_0")));
    assert_eq!(of_b.to, Some(state(held)));
    let keys = of_a.keys.as_ref().unwrap();
    assert_eq!(keys.before.as_deref(), Some(B));
    assert_eq!(keys.after.as_deref(), Some("t"));
    let worker = Marker {
        worker: 3,
        number: 0,
    };
    assert_eq!(keys.markers, [worker]);
}

#[test]
fn foreign_keys_are_distinguished() {
    let effects = net(&[
        (1, NO_ROW, ("x", "available -")),
        (1, NO_ROW, ("y", "available -")),
        (2, ("x", "available -"), NO_ROW),
    ]);
    let keys: Vec<_> = effects
        .iter()
        .map(|e| &*e.keys.as_ref().unwrap().key)
        .collect();
    assert_eq!(keys, ["x", "y", "x"]);
    assert!(
        effects
            .iter()
            .all(|effect| effect.row == AuditEntry::FOREIGN)
    );
}

#[test]
fn steps_that_are_no_walk_are_kept_as_they_are() {
    let steps = [
        (1, (A, "available -"), (A, "deleting 3_0")),
        (1, (A, "available 4_0"), (A, "deleting 5_0")),
    ];
    assert_eq!(shown(&steps).len(), 2);
}
