use super::*;
use crate::event::Actor;
use crate::model::value::Value;
use std::cell::Cell;

const THINGS: TableId = TableId(0);

fn store() -> Store {
    let mut store = Store::default();
    store.add_table(THINGS, 1);
    store
}

fn at(position: u64) -> Written {
    let by = TransactionName {
        number: position,
        actor: Actor::Host,
        node: 0,
    };
    Written { position, by }
}

fn row(n: i64) -> Option<StoredRow> {
    Some([Value::Integer(n)].into())
}

struct Nothing;

impl Overlay for Nothing {
    fn changed(&self, _: RecordId) -> Option<Option<&StoredRow>> {
        None
    }
}

#[test]
fn each_position_sees_what_was_newest_then() {
    let mut store = store();
    let record = store.intern(THINGS, &Key::from("a"));
    assert_eq!(store.row(record, 9), None);
    store.put_row(record, row(3), at(3), 0);
    store.put_row(record, None, at(5), 0);
    store.put_row(record, row(7), at(7), 0);
    let seen = |position| store.row(record, position).cloned();
    let wanted = [None, row(3), row(3), None, None, row(7), row(7)];
    assert_eq!((2..9).map(seen).collect::<Vec<_>>(), wanted);
    assert_eq!(store.written(record), Some(at(7)));
    assert_eq!(store.changed_at(record, 6), 5);
}

#[test]
fn versions_below_the_watermark_are_dropped_and_no_others() {
    let mut store = store();
    let record = store.intern(THINGS, &Key::from("a"));
    for position in 1..=10 {
        let low_watermark = position.min(6);
        store.put_row(record, row(position as i64), at(position), low_watermark);
    }
    let versions = |store: &Store| store.tables[&THINGS].rows.versions(record.slot);
    assert_eq!(versions(&store), 5, "6 to 10");
    assert_eq!(store.row(record, 6).cloned(), row(6));
    store.put_row(record, row(11), at(11), 10);
    assert_eq!(versions(&store), 2);
    assert_eq!(store.row(record, 10).cloned(), row(10));
}

#[test]
fn rows_come_in_key_order_also_when_places_were_given_up_and_used_again() {
    let mut store = store();
    for key in ["b", "d", "a"] {
        let record = store.intern(THINGS, &Key::from(key));
        store.put_row(record, row(1), at(1), 0);
    }
    let keys = |store: &Store| {
        let seen = Seen {
            store,
            position: 9,
            own: &Nothing,
            hidden: &[],
            now: 0,
        };
        let keys = seen.scan(THINGS).map(|(key, _)| key.to_string());
        keys.collect::<Vec<_>>().concat()
    };
    assert_eq!(keys(&store), "abd");
    let given_up = store.intern(THINGS, &Key::from("z"));
    store.forget(given_up);
    assert_eq!(store.find(THINGS, &Key::from("z")), None);
    let again = store.intern(THINGS, &Key::from("c"));
    assert_eq!(again, given_up);
    store.put_row(again, row(1), at(2), 0);
    assert_eq!(keys(&store), "abcd");
    store.forget(again);
    assert_eq!(keys(&store), "abcd", "what was written stays");
}

#[test]
fn own_changes_come_first_and_hidden_rows_are_left_out() {
    struct Deleted(RecordId, Cell<u32>);
    impl Overlay for Deleted {
        fn changed(&self, record: RecordId) -> Option<Option<&StoredRow>> {
            self.1.set(self.1.get() + 1);
            (record == self.0).then_some(None)
        }
    }
    let mut store = store();
    let [a, b, c] = ["a", "b", "c"].map(|key| store.intern(THINGS, &Key::from(key)));
    for record in [a, b, c] {
        store.put_row(record, row(1), at(1), 0);
    }
    let own = Deleted(a, Cell::new(0));
    let seen = Seen {
        store: &store,
        position: 1,
        own: &own,
        hidden: &[b],
        now: 0,
    };
    let keys: Vec<_> = seen.scan(THINGS).map(|(key, _)| key.to_string()).collect();
    assert_eq!(keys, ["c"]);
    assert_eq!(own.1.get(), 2);
}

#[test]
fn a_unique_key_leads_to_its_row() {
    let mut store = store();
    let record = store.intern_unique(THINGS, 0, &Key::from("x"));
    store.put_owner(record, Some(4), at(2), 0);
    assert_eq!(store.owner(record, 1), None);
    assert_eq!(store.owner(record, 2), Some(4));
    assert_ne!(record, store.intern(THINGS, &Key::from("x")));
}
