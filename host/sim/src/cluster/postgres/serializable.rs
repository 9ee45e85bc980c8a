//! SERIALIZABLE as PostgreSQL does it: reads lock nothing, and a transaction is aborted when reads and
//! writes of concurrent transactions could make a circle.
//!
//! An edge goes from a transaction that read something to a concurrent one that changed it: the reader
//! must come first. Two edges in a row, T1 → T2 → T3, are a dangerous structure if T3 commits first; then
//! one of them is aborted with 40001, if possible T2, the pivot. The rules are those of `predicate.c`.
//!
//! *Example.* Both doctors are on call. A and B read both rows, A takes itself off, B takes itself off:
//! A → B, since A read what B changed, and B → A. When A commits, B is doomed.
//!
//! What is read is a row by its key, or a whole table. PostgreSQL also locks pages of an index, and so
//! aborts transactions that read neighbours of what others insert.

use crate::sql::{Key, TableId};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet};

/// A transaction was aborted to avoid a circle.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Aborted;

/// What a statement read.
#[derive(Debug, Default)]
pub(super) struct Reads {
    pub(super) tables: FxHashSet<TableId>,
    pub(super) keys: FxHashSet<(TableId, Key)>,
}

impl Reads {
    fn covers(&self, table: TableId, key: &Key) -> bool {
        self.tables.contains(&table) || self.keys.contains(&(table, key.clone()))
    }
}

#[derive(Debug, Default)]
struct Transaction {
    /// The number of commits before its snapshot.
    began: u64,
    /// The number of its own commit.
    committed: Option<u64>,
    /// Another transaction decided that this one can't commit.
    is_doomed: bool,
    /// It committed after one that it has an edge to.
    is_after_an_out: bool,
    reads: Reads,
    writes: FxHashMap<TableId, FxHashSet<Key>>,
    /// Those that read what this one changed.
    ins: BTreeSet<u64>,
    /// Those that changed what this one read.
    outs: BTreeSet<u64>,
}

impl Transaction {
    /// It has committed and changed nothing.
    fn only_read(&self) -> bool {
        self.committed.is_some() && self.writes.is_empty()
    }

    fn is_concurrent_with(&self, other: &Self) -> bool {
        let before = |one: &Self, other: &Self| one.committed.is_some_and(|at| at <= other.began);
        !before(self, other) && !before(other, self)
    }
}

/// The serializable transactions of the primary, each by its number: those that are open, and committed
/// ones with which an open one is concurrent.
#[derive(Default)]
pub(super) struct Serializable {
    transactions: BTreeMap<u64, Transaction>,
    commits: u64,
}

impl Serializable {
    /// A transaction takes its snapshot.
    pub(super) fn begin(&mut self, number: u64) {
        let began = self.commits;
        self.transactions
            .entry(number)
            .or_insert_with(|| Transaction {
                began,
                ..Transaction::default()
            });
    }

    /// Records what a transaction read.
    pub(super) fn read(&mut self, number: u64, reads: Reads) -> Result<(), Aborted> {
        self.check(number)?;
        let Some(reader) = self.transactions.get(&number) else {
            return Ok(());
        };
        let has_changed = |writer: &Transaction| {
            let mut tables = writer.writes.iter();
            tables.any(|(table, keys)| keys.iter().any(|key| reads.covers(*table, key)))
        };
        let writers = self.transactions.iter().filter(|(other, writer)| {
            **other != number && writer.is_concurrent_with(reader) && has_changed(writer)
        });
        let writers: Vec<u64> = writers.map(|(other, _)| *other).collect();
        let reader = self.transactions.get_mut(&number).expect("it is there");
        reader.reads.tables.extend(reads.tables);
        reader.reads.keys.extend(reads.keys);
        for writer in writers {
            self.connect(number, writer, number)?;
        }
        Ok(())
    }

    /// Records a row that a transaction is about to change.
    pub(super) fn write(&mut self, number: u64, table: TableId, key: &Key) -> Result<(), Aborted> {
        self.check(number)?;
        let Some(writer) = self.transactions.get_mut(&number) else {
            return Ok(());
        };
        writer.writes.entry(table).or_default().insert(key.clone());
        let writer = &self.transactions[&number];
        let readers = self.transactions.iter().filter(|(other, reader)| {
            **other != number
                && reader.is_concurrent_with(writer)
                && reader.reads.covers(table, key)
        });
        let readers: Vec<u64> = readers.map(|(other, _)| *other).collect();
        for reader in readers {
            self.connect(reader, number, number)?;
        }
        Ok(())
    }

    fn check(&self, number: u64) -> Result<(), Aborted> {
        match self.transactions.get(&number) {
            Some(transaction) if transaction.is_doomed => Err(Aborted),
            _ => Ok(()),
        }
    }

    /// Adds an edge from a reader to a writer, one of which is at work now. It is aborted, or the writer
    /// doomed, if the edge makes a dangerous structure.
    fn connect(&mut self, reader: u64, writer: u64, at_work: u64) -> Result<(), Aborted> {
        let is_doomed = |number: u64| self.transactions[&number].is_doomed;
        if is_doomed(reader) || is_doomed(writer) {
            return Ok(());
        }
        self.get(reader).outs.insert(writer);
        self.get(writer).ins.insert(reader);
        if !self.is_dangerous(reader, writer) {
            return Ok(());
        }
        if at_work == writer || self.transactions[&writer].committed.is_some() {
            return Err(Aborted);
        }
        self.get(writer).is_doomed = true;
        Ok(())
    }

    fn get(&mut self, number: u64) -> &mut Transaction {
        self.transactions.get_mut(&number).expect("it is there")
    }

    fn is_dangerous(&self, reader: u64, writer: u64) -> bool {
        let all = &self.transactions;
        let (r, w) = (&all[&reader], &all[&writer]);
        if w.committed.is_some() && w.is_after_an_out {
            return true;
        }
        let by = |at: u64, bound: Option<u64>| bound.is_none_or(|bound| at <= bound);
        // reader → writer → out, and the out committed first.
        let is_pivot = w.outs.iter().filter_map(|out| all.get(out)).any(|out| {
            out.committed.is_some_and(|at| {
                let seen = !r.only_read() || at <= r.began;
                by(at, r.committed) && by(at, w.committed) && seen
            })
        });
        if is_pivot {
            return true;
        }
        // in → reader → writer, and the writer committed first.
        let Some(at) = w.committed.filter(|_| !r.only_read()) else {
            return false;
        };
        r.ins.iter().filter_map(|one| all.get(one)).any(|one| {
            let later = one.committed.is_none_or(|its| its >= at);
            !one.is_doomed && later && (!one.only_read() || one.began >= at)
        })
    }

    /// A transaction is about to commit: pivots of which it is the end are doomed.
    pub(super) fn may_commit(&mut self, number: u64) -> Result<(), Aborted> {
        self.check(number)?;
        let Some(me) = self.transactions.get(&number) else {
            return Ok(());
        };
        let all = &self.transactions;
        let is_open = |other: u64| {
            let other = all.get(&other);
            other.is_some_and(|it| it.committed.is_none() && !it.is_doomed)
        };
        let pivots = me.ins.iter().copied().filter(|near| {
            is_open(*near)
                && all[near]
                    .ins
                    .iter()
                    .any(|far| *far == number || is_open(*far))
        });
        for pivot in pivots.collect::<Vec<_>>() {
            self.get(pivot).is_doomed = true;
        }
        Ok(())
    }

    /// A transaction has committed.
    pub(super) fn commit(&mut self, number: u64) {
        self.commits += 1;
        let (commits, all) = (self.commits, &self.transactions);
        let Some(me) = all.get(&number) else {
            return;
        };
        let committed = |out: &u64| all.get(out).is_some_and(|it| it.committed.is_some());
        let is_after_an_out = me.outs.iter().any(committed);
        let me = self.get(number);
        me.committed = Some(commits);
        me.is_after_an_out = is_after_an_out;
        self.forget();
    }

    /// A transaction is over without a commit. Nothing happens if it has committed.
    pub(super) fn abort(&mut self, number: u64) {
        match self.transactions.get(&number) {
            Some(transaction) if transaction.committed.is_none() => {}
            _ => return,
        }
        self.transactions.remove(&number);
        for other in self.transactions.values_mut() {
            other.ins.remove(&number);
            other.outs.remove(&number);
        }
        self.forget();
    }

    /// Forgets committed transactions with which no open one is concurrent.
    fn forget(&mut self) {
        let open = self
            .transactions
            .values()
            .filter(|it| it.committed.is_none());
        let oldest = open.map(|it| it.began).min().unwrap_or(u64::MAX);
        self.transactions
            .retain(|_, it| it.committed.is_none_or(|at| at > oldest));
    }

    /// Another server is the primary, or it was started again.
    pub(super) fn clear(&mut self) {
        self.transactions.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: TableId = TableId(0);

    fn row(serializable: &mut Serializable, number: u64, key: &str) -> Result<(), Aborted> {
        let keys = [(TABLE, Key::from(key))].into_iter().collect();
        let tables = FxHashSet::default();
        serializable.read(number, Reads { tables, keys })
    }

    fn table(serializable: &mut Serializable, number: u64) -> Result<(), Aborted> {
        let tables = [TABLE].into_iter().collect();
        let keys = FxHashSet::default();
        serializable.read(number, Reads { tables, keys })
    }

    fn write(serializable: &mut Serializable, number: u64, key: &str) -> Result<(), Aborted> {
        serializable.write(number, TABLE, &Key::from(key))
    }

    fn commit(serializable: &mut Serializable, number: u64) -> Result<(), Aborted> {
        serializable.may_commit(number)?;
        serializable.commit(number);
        Ok(())
    }

    fn begun(numbers: impl IntoIterator<Item = u64>) -> Serializable {
        let mut serializable = Serializable::default();
        numbers.into_iter().for_each(|it| serializable.begin(it));
        serializable
    }

    #[test]
    fn of_a_write_skew_the_second_to_commit_is_aborted() {
        let mut both = begun([1, 2]);
        for number in [1, 2] {
            table(&mut both, number).unwrap();
        }
        write(&mut both, 1, "a").unwrap();
        write(&mut both, 2, "b").unwrap();
        assert_eq!(commit(&mut both, 1), Ok(()));
        assert_eq!(commit(&mut both, 2), Err(Aborted));
    }

    #[test]
    fn a_write_after_the_other_has_committed_is_found_too() {
        let mut both = begun([1, 2]);
        for number in [1, 2] {
            table(&mut both, number).unwrap();
        }
        write(&mut both, 1, "a").unwrap();
        commit(&mut both, 1).unwrap();
        assert_eq!(write(&mut both, 2, "b"), Err(Aborted));
    }

    #[test]
    fn one_edge_is_no_danger_and_neither_are_rows_that_the_other_did_not_read() {
        let mut both = begun([1, 2]);
        row(&mut both, 1, "a").unwrap();
        row(&mut both, 2, "b").unwrap();
        write(&mut both, 2, "a").unwrap();
        write(&mut both, 1, "c").unwrap();
        assert_eq!(commit(&mut both, 1), Ok(()));
        assert_eq!(commit(&mut both, 2), Ok(()));
    }

    #[test]
    fn transactions_one_after_the_other_never_meet() {
        let mut one = begun([1]);
        table(&mut one, 1).unwrap();
        write(&mut one, 1, "a").unwrap();
        commit(&mut one, 1).unwrap();
        one.begin(2);
        table(&mut one, 2).unwrap();
        write(&mut one, 2, "b").unwrap();
        assert_eq!(commit(&mut one, 2), Ok(()));
        assert!(one.transactions.is_empty(), "all is forgotten");
    }

    /// The report of Fekete, O'Neil and O'Neil: the new batch begins, a receipt of the old one is still
    /// under way, and a report in between would say that the old one is complete.
    #[test]
    fn a_reader_alone_makes_a_dangerous_structure_of_two_writers() {
        let mut three = begun([1, 2]);
        row(&mut three, 1, "batch").unwrap();
        write(&mut three, 2, "batch").unwrap();
        commit(&mut three, 2).unwrap();
        three.begin(3);
        table(&mut three, 3).unwrap();
        commit(&mut three, 3).unwrap();
        assert_eq!(write(&mut three, 1, "receipt"), Err(Aborted));
    }

    #[test]
    fn an_aborted_transaction_is_in_no_structure() {
        let mut both = begun([1, 2]);
        for number in [1, 2] {
            table(&mut both, number).unwrap();
        }
        write(&mut both, 1, "a").unwrap();
        both.abort(1);
        write(&mut both, 2, "b").unwrap();
        assert_eq!(commit(&mut both, 2), Ok(()));
    }
}
