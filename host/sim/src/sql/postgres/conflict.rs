//! ON CONFLICT.

use crate::model::error::CallError;
use crate::model::value::Value;
use crate::sql::assignments::Assignments;
use crate::sql::dialect::{Dialect, Problem};
use crate::sql::expression::{Environment, Expression};
use crate::sql::insert::{Insert, Inserted};
use crate::sql::key::Key;
use crate::sql::view::{StoredRow, View};
use std::collections::BTreeMap;

const DIALECT: Dialect = Dialect::Postgres;

/// What becomes of a row that has a key of another.
#[derive(Debug, Clone)]
pub(in crate::sql) struct Conflict {
    /// The keys that count, 0 for the primary key, then the unique keys. Any other is a duplicate.
    pub keys: Vec<usize>,
    /// `None` for DO NOTHING.
    pub update: Option<Update>,
}

/// DO UPDATE, of the row that has the primary key.
#[derive(Debug, Clone)]
pub(in crate::sql) struct Update {
    /// The level of EXCLUDED.
    pub excluded: usize,
    pub assignments: Assignments,
    pub filter: Option<Expression>,
}

impl Conflict {
    /// Computes the changes, as `Insert::changes`.
    pub(in crate::sql) fn changes(
        &self,
        insert: &Insert,
        rows: Vec<StoredRow>,
        (parameters, view): (&[Value], &dyn View),
        there: &dyn View,
    ) -> Result<Inserted, CallError> {
        let mut inserted = Inserted {
            changes: Vec::new(),
            affected: 0,
            unchanged: 0,
            rows: Vec::new(),
        };
        let mut now: BTreeMap<Key, StoredRow> = BTreeMap::new();
        for row in rows {
            let met = self.met(insert, &row, &now, there);
            let (key, before, after) = match (met, &self.update) {
                (None, _) => (insert.table.key_of(&row), None, row),
                (Some(_), None) => continue,
                (Some((key, _)), Some(_)) if now.contains_key(&key) => {
                    let message = "ON CONFLICT DO UPDATE cannot affect row a second time";
                    return Err(DIALECT.error(Problem::SeveralRows, message));
                }
                (Some((key, there)), Some(update)) => {
                    let env = Environment::writing(parameters, view).at(update.excluded, &row);
                    let Some(after) = update.made_of(&there, &env)? else {
                        continue;
                    };
                    (key, Some(there), after)
                }
            };
            let change = insert.change(&key, before.as_ref(), Some(&after));
            inserted.changes.push(change);
            inserted.affected += 1;
            inserted.rows.push(after.clone());
            now.insert(key, after);
        }
        Ok(inserted)
    }

    /// The primary keys of the rows that have a key of a new one.
    pub(in crate::sql) fn met_by(
        &self,
        insert: &Insert,
        rows: &[StoredRow],
        view: &dyn View,
    ) -> Vec<Key> {
        let now = BTreeMap::new();
        let met = rows
            .iter()
            .filter_map(|row| self.met(insert, row, &now, view));
        met.map(|(key, _)| key).collect()
    }

    /// The row that has a key of the new one, and its primary key.
    fn met(
        &self,
        insert: &Insert,
        row: &StoredRow,
        now: &BTreeMap<Key, StoredRow>,
        view: &dyn View,
    ) -> Option<(Key, StoredRow)> {
        let table = &insert.table;
        self.keys.iter().find_map(|&number| {
            if number == 0 {
                let key = table.key_of(row);
                let there = now.get(&key).or_else(|| view.get(insert.id, &key))?;
                return Some((key, there.clone()));
            }
            let wanted = table.unique_key_of(number - 1, row)?;
            let has_it = |(_, other): &(&Key, &StoredRow)| {
                table.unique_key_of(number - 1, other).as_ref() == Some(&wanted)
            };
            let mut all = now.iter().chain(view.scan(insert.id));
            let (key, there) = all.find(has_it)?;
            Some((key.clone(), there.clone()))
        })
    }
}

impl Update {
    /// The row as it becomes; `None` if the WHERE leaves it out.
    fn made_of(
        &self,
        there: &StoredRow,
        env: &Environment<'_>,
    ) -> Result<Option<StoredRow>, CallError> {
        if let Some(filter) = &self.filter
            && filter.truth(&env.at(self.assignments.level, there))? != Some(true)
        {
            return Ok(None);
        }
        self.assignments.made_of(there, env).map(Some)
    }
}
