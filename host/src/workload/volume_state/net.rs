//! Nets what the audit's triggers recorded: the steps of each transaction on each key become one
//! change, from the state before the transaction to the state after it.
//!
//! ```text
//! transaction   before              after                net
//! 17            available (no one)  deleting (no one)
//! 17            deleting (no one)   deleting (3_0)       available (no one) → deleting (3_0)
//! 18            deleting (3_0)      -                    (a DELETE)
//! 18            -                   available (3_0)      deleting (3_0) → available (3_0)
//! ```
//!
//! No order is needed for that, and a cluster's audit has none: the steps of one transaction on one key
//! are a walk from state to state, so each state but the first and the last is left as often as it is
//! entered. What remains when those are taken away is where the walk began and where it ended; if
//! nothing remains, it ended where it began. A row that changes its key leaves the one and enters the
//! other.

use super::row::{row_id, row_number};
use crate::model::data::{AuditEntry, KeyChange, RowState};
use crate::model::marker::Marker;
use rustc_hash::FxHashMap;

/// A row as a trigger saw it: its key and its state.
pub(super) type Seen = (String, RowState);

/// One state to another; `None` where there is no row.
type Step = (Option<RowState>, Option<RowState>);

/// A transaction as its database names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Name {
    Number(i64),
    Text(Box<str>),
}

/// The steps of all transactions.
#[derive(Default)]
pub(super) struct Net {
    transactions: FxHashMap<Name, u32>,
    /// Keys that the workload never made.
    foreign: Vec<String>,
    numbers: FxHashMap<String, u32>,
    /// By transaction and key.
    places: FxHashMap<(u32, Key), u32>,
    /// In the order of the first step of each.
    walks: Vec<Walk>,
    /// Transactions in which rows came or went, with the markers that they wrote.
    movers: FxHashMap<u32, Vec<Marker>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Row(u32),
    Foreign(u32),
}

/// The steps of one transaction on one key.
struct Walk {
    transaction: u32,
    key: Key,
    first: Step,
    more: Vec<Step>,
    renamed: Option<Box<Renamed>>,
}

/// The key before of the row that has this one now, and the key now of the row that had it before.
#[derive(Default)]
struct Renamed {
    before: Option<String>,
    after: Option<String>,
}

const NOT_RENAMED: Renamed = Renamed {
    before: None,
    after: None,
};

impl Net {
    /// Takes what a trigger recorded: the row before, and the row after. Both are there for an UPDATE.
    pub(super) fn add(&mut self, transaction: Name, before: Option<Seen>, after: Option<Seen>) {
        let number = self.transactions.len() as u32;
        let transaction = *self.transactions.entry(transaction).or_insert(number);
        match (before, after) {
            (Some((key, from)), Some((same, to))) if key == same => {
                self.step(transaction, &key, (Some(from), Some(to)));
            }
            (before, after) => {
                self.movers.entry(transaction).or_default();
                let [old, new] = [&before, &after].map(|seen| Some(seen.as_ref()?.0.clone()));
                if let Some((key, from)) = before {
                    let walk = self.step(transaction, &key, (Some(from), None));
                    if new.is_some() {
                        walk.renamed.get_or_insert_default().after = new;
                    }
                }
                if let Some((key, to)) = after {
                    let walk = self.step(transaction, &key, (None, Some(to)));
                    if old.is_some() {
                        walk.renamed.get_or_insert_default().before = old;
                    }
                }
            }
        }
    }

    fn step(&mut self, transaction: u32, key: &str, step: Step) -> &mut Walk {
        let key = self.number(key);
        let next = self.walks.len() as u32;
        let place = *self.places.entry((transaction, key)).or_insert(next);
        if place == next {
            self.walks.push(Walk {
                transaction,
                key,
                first: step,
                more: Vec::new(),
                renamed: None,
            });
        } else {
            self.walks[place as usize].more.push(step);
        }
        &mut self.walks[place as usize]
    }

    fn number(&mut self, key: &str) -> Key {
        if let Some(row) = row_number(key).filter(|row| *row != AuditEntry::FOREIGN) {
            return Key::Row(row);
        }
        if let Some(&known) = self.numbers.get(key) {
            return Key::Foreign(known);
        }
        let number = self.foreign.len() as u32;
        self.foreign.push(key.to_owned());
        self.numbers.insert(key.to_owned(), number);
        Key::Foreign(number)
    }

    /// The net changes, in the order of the first step of each. What left a key in the state in which
    /// it was is none: no change has to answer for that.
    pub(super) fn effects(mut self) -> Vec<AuditEntry> {
        for walk in &self.walks {
            if let Some(markers) = self.movers.get_mut(&walk.transaction) {
                walk.written(markers);
            }
        }
        let mut effects = Vec::with_capacity(self.walks.len());
        for walk in std::mem::take(&mut self.walks) {
            let (transaction, key, renamed) = (walk.transaction, walk.key, walk.renamed);
            let keys = renamed.as_deref().unwrap_or(&NOT_RENAMED);
            for (from, to) in ends(walk.first, walk.more) {
                let (row, is_known) = match key {
                    Key::Row(row) => (row, true),
                    Key::Foreign(_) => (AuditEntry::FOREIGN, false),
                };
                let markers = self.movers.get(&transaction);
                let keys = (markers.is_some() || !is_known).then(|| {
                    Box::new(KeyChange {
                        key: match key {
                            Key::Row(row) => row_id(row),
                            Key::Foreign(number) => self.foreign[number as usize].clone(),
                        },
                        before: keys.before.clone(),
                        after: keys.after.clone(),
                        markers: markers.cloned().unwrap_or_default(),
                    })
                });
                effects.push(AuditEntry {
                    row,
                    from,
                    to,
                    keys,
                });
            }
        }
        effects
    }
}

impl Walk {
    /// Adds the markers that it wrote.
    fn written(&self, markers: &mut Vec<Marker>) {
        let mark = |state: &Option<RowState>| state.as_ref()?.mark.marker();
        let is_brought = self.renamed.as_ref().is_some_and(|it| it.before.is_some());
        for (from, to) in std::iter::once(&self.first).chain(&self.more) {
            // A row that was given this key had its marker before.
            let Some(marker) = mark(to).filter(|_| from.is_some() || !is_brought) else {
                continue;
            };
            if mark(from) != Some(marker) && !markers.contains(&marker) {
                markers.push(marker);
            }
        }
    }
}

/// The first and the last state of a walk; nothing if they are equal. Steps that are no walk, as if
/// two transactions had the same name, are given as they are.
fn ends(first: Step, more: Vec<Step>) -> Vec<Step> {
    if more.is_empty() {
        return match first.0 == first.1 {
            true => Vec::new(),
            false => vec![first],
        };
    }
    let mut steps = vec![first];
    steps.extend(more);
    steps.retain(|(from, to)| from != to);
    let (mut left, mut entered): (Vec<_>, Vec<_>) =
        steps.iter().map(|(from, to)| (from, to)).unzip();
    left.sort_unstable();
    entered.sort_unstable();
    let (start, end) = (apart(&left, &entered), apart(&entered, &left));
    match (start.as_slice(), end.as_slice()) {
        ([], []) => Vec::new(),
        ([start], [end]) => vec![((*start).clone(), (*end).clone())],
        _ => steps,
    }
}

/// The items that the first list has more often than the second; both are sorted.
fn apart<'a, T: Ord>(list: &[&'a T], other: &[&'a T]) -> Vec<&'a T> {
    let mut other = other.iter().peekable();
    let mut rest = Vec::new();
    for one in list {
        while other.next_if(|next| *next < one).is_some() {}
        if other.next_if(|next| *next == one).is_none() {
            rest.push(*one);
        }
    }
    rest
}

#[cfg(test)]
mod tests;
