//! The way to a statement's rows: by their keys, if its WHERE gives them, by a part of an index,
//! or through the whole table.
//!
//! Reading answers the same either way; what differs is what a locking statement locks. The choice is
//! made from the WHERE alone, where MariaDB also asks how many rows there are: for `id IN (…)` on a
//! table of three rows it reads, and locks, all of it.

mod bounds;

use self::bounds::{Bounds, bounds};
use super::expression::{Comparison, Environment, Expression};
use super::key::{Cut, Key, KeyPart};
use super::table::{ColumnType, Table};
use super::value::{Scalar, not_comparable};
use super::view::{Part, PartShape, Visits};
use crate::model::error::CallError;
use std::borrow::Cow;

/// An IN list, or several of them together, may give so many keys; with more the table is scanned.
const MAX_KEYS: usize = 1024;

#[derive(Debug, Clone)]
pub(super) enum Access {
    /// For each column of the primary key, its type and the values that it may have.
    Keys(Vec<(ColumnType, Vec<Expression>)>),
    Part(Indexed),
    Scan,
}

/// The values that a WHERE gives for the columns of one index.
#[derive(Debug, Clone)]
pub(super) struct Indexed {
    index: u32,
    /// Of its first columns.
    equal: Vec<(ColumnType, Expression)>,
    /// Of the column behind them.
    bounds: Option<(ColumnType, Bounds)>,
    /// No column is left.
    is_whole: bool,
}

impl Indexed {
    fn of(
        table: &Table,
        index: u32,
        columns: &[usize],
        level: usize,
        filter: &Expression,
    ) -> Option<Self> {
        let column_type = |column: &usize| table.columns[*column].column_type;
        let one = |column: &usize| match given(filter, level, *column)?.as_slice() {
            [value] => Some((column_type(column), value.clone())),
            _ => None,
        };
        let equal: Vec<_> = columns.iter().map_while(one).collect();
        let bounds = columns.get(equal.len()).and_then(|column| {
            let bounds = bounds(filter, level, *column);
            (!bounds.is_empty()).then(|| (column_type(column), bounds))
        });
        let is_used = !equal.is_empty() || bounds.is_some();
        is_used.then_some(Self {
            index,
            is_whole: equal.len() == columns.len(),
            equal,
            bounds,
        })
    }

    /// Of two, the one with more of this is the better one.
    fn worth(&self) -> (bool, usize, bool) {
        (self.is_whole, self.equal.len(), self.bounds.is_some())
    }

    /// The part of the index; `None` if a value is none that the column can have, and the whole table
    /// must be read. An empty one if nothing can be equal.
    fn part(&self, env: &Environment<'_>) -> Result<Option<Part>, CallError> {
        let mut prefix = Vec::with_capacity(self.equal.len() + 1);
        for (column_type, value) in &self.equal {
            match part(*column_type, &value.evaluate(env)?)? {
                Some(part) => prefix.push(part),
                None => return Ok(None),
            }
        }
        let mut found = Part {
            index: self.index,
            from: Some(Cut::before(prefix.clone())),
            to: Some(Cut::after(prefix.clone())),
            shape: match (self.is_whole, &self.bounds) {
                (true, _) => PartShape::Unique,
                (false, None) => PartShape::Prefix,
                (false, Some(_)) => PartShape::Range,
            },
            enough: None,
        };
        let Some((column_type, bounds)) = &self.bounds else {
            return Ok(Some(found));
        };
        let end = |bound: &Expression| {
            let end = part(*column_type, &bound.evaluate(env)?)?;
            Ok::<_, CallError>(end.map(|end| {
                let mut parts = prefix.clone();
                parts.push(end);
                parts
            }))
        };
        if let Some((least, is_in)) = &bounds.least {
            let Some(parts) = end(least)? else {
                return Ok(None);
            };
            let cut = if *is_in { Cut::before } else { Cut::after };
            found.from = Some(cut(parts));
        } else if prefix.is_empty() {
            found.from = None;
        }
        if let Some((greatest, is_in)) = &bounds.greatest {
            let Some(parts) = end(greatest)? else {
                return Ok(None);
            };
            let cut = if *is_in { Cut::after } else { Cut::before };
            found.to = Some(cut(parts));
        } else if prefix.is_empty() {
            found.to = None;
        }
        Ok(Some(found))
    }
}

impl Access {
    /// The best one for a WHERE. A column is given by `=` or IN with what does not depend on the row,
    /// where all of the WHERE must hold.
    pub(super) fn of(table: &Table, level: usize, filter: Option<&Expression>) -> Self {
        let given = |&column: &usize| {
            let column_type = table.columns[column].column_type;
            Some((column_type, given(filter?, level, column)?))
        };
        let keys: Option<Vec<_>> = table.primary.iter().map(given).collect();
        let count = |columns: &Vec<(ColumnType, Vec<Expression>)>| {
            let product = |product: usize, list: &[Expression]| product.saturating_mul(list.len());
            columns
                .iter()
                .fold(1, |so_far, (_, list)| product(so_far, list))
        };
        match keys {
            Some(keys) if count(&keys) <= MAX_KEYS => Self::Keys(keys),
            _ => Self::of_an_index(table, level, filter),
        }
    }

    /// The index of which the WHERE gives most; the first of equal ones.
    fn of_an_index(table: &Table, level: usize, filter: Option<&Expression>) -> Self {
        let Some(filter) = filter else {
            return Self::Scan;
        };
        let columns = std::iter::once(&table.primary).chain(&table.unique);
        let indexes = columns.zip(0..);
        let found = indexes
            .filter_map(|(columns, index)| Indexed::of(table, index, columns, level, filter));
        let better = |one: Indexed, other: Indexed| match other.worth() > one.worth() {
            true => other,
            false => one,
        };
        found.reduce(better).map_or(Self::Scan, Self::Part)
    }

    /// The part that is read where no keys are given. A reading that stops early goes in the order of the
    /// answer, which is that of the primary key.
    pub(super) fn part(
        &self,
        env: &Environment<'_>,
        enough: Option<u64>,
    ) -> Result<Visits, CallError> {
        let indexed = match self {
            Self::Part(indexed) if indexed.index == 0 || enough.is_none() => indexed.part(env)?,
            _ => None,
        };
        let part = indexed.unwrap_or_else(|| Part::whole(None));
        Ok(Visits::Part(Part { enough, ..part }))
    }

    /// The only key that can meet the WHERE, where it says so by itself; `None` inside if no row can.
    pub(super) fn only_key(&self, env: &Environment<'_>) -> Result<Option<Option<Key>>, CallError> {
        let Self::Keys(columns) = self else {
            return Ok(None);
        };
        let [(column_type, list)] = columns.as_slice() else {
            return Ok(None);
        };
        let [value] = list.as_slice() else {
            return Ok(None);
        };
        let part = part(*column_type, &value.evaluate(env)?)?;
        Ok(Some(part.map(Key::from)))
    }

    /// The keys, in ascending order and each once; nothing for a scan.
    pub(super) fn keys(&self, env: &Environment<'_>) -> Result<Option<Vec<Key>>, CallError> {
        let Self::Keys(columns) = self else {
            return Ok(None);
        };
        if let [(column_type, list)] = columns.as_slice() {
            let mut keys = Vec::with_capacity(list.len());
            for value in list {
                let part = part(*column_type, &value.evaluate(env)?)?;
                keys.extend(part.map(Key::from));
            }
            return Ok(Some(in_order(keys)));
        }
        let mut prefixes = vec![Vec::new()];
        for (column_type, list) in columns {
            let mut longer = Vec::with_capacity(prefixes.len() * list.len());
            for value in list {
                let Some(part) = part(*column_type, &value.evaluate(env)?)? else {
                    continue;
                };
                longer.extend(prefixes.iter().map(|prefix: &Vec<KeyPart>| {
                    let mut key = prefix.clone();
                    key.push(part.clone());
                    key
                }));
            }
            prefixes = longer;
        }
        Ok(Some(in_order(
            prefixes.into_iter().map(Key::from).collect(),
        )))
    }
}

fn in_order(mut keys: Vec<Key>) -> Vec<Key> {
    if keys.len() > 1 {
        keys.sort_unstable();
        keys.dedup();
    }
    keys
}

/// The values that a WHERE leaves a column.
fn given(filter: &Expression, level: usize, wanted: usize) -> Option<Vec<Expression>> {
    let is_column = |one: &Expression| matches!(one, Expression::Column { level: its, column } if *its == level && *column == wanted);
    match filter {
        Expression::Boolean(inner) => given(inner, level, wanted),
        Expression::And(pair) => {
            given(&pair.0, level, wanted).or_else(|| given(&pair.1, level, wanted))
        }
        Expression::Compare(Comparison::Equal, pair) => {
            let (one, other) = &**pair;
            let value = match (is_column(one), is_column(other)) {
                (true, _) => other,
                (_, true) => one,
                _ => return None,
            };
            (!value.depends_on(level)).then(|| vec![value.clone()])
        }
        Expression::In(one, list) if is_column(one) => {
            let fixed = list.iter().all(|value| !value.depends_on(level));
            fixed.then(|| list.clone())
        }
        _ => None,
    }
}

/// The part of a key that a column equal to a value has; `None` if it can't be equal.
fn part(column_type: ColumnType, value: &Scalar<'_>) -> Result<Option<KeyPart>, CallError> {
    let part = match (column_type, value) {
        (_, Scalar::Null) => None,
        (ColumnType::Integer(..), Scalar::Real(real)) => {
            let integer = *real as i64;
            (integer as f64 == *real).then_some(KeyPart::Integer(integer))
        }
        (ColumnType::Uuid, Scalar::Text(_))
        | (ColumnType::Integer(..), Scalar::Integer(_))
        | (ColumnType::Text, Scalar::Text(_))
        | (ColumnType::Bytes, Scalar::Bytes(_)) => KeyPart::of(value),
        (column_type, value) => return Err(not_comparable(&example(column_type), value)),
    };
    Ok(part)
}

/// Some value of the type, for the message.
fn example(column_type: ColumnType) -> Scalar<'static> {
    match column_type {
        ColumnType::Integer(..) => Scalar::Integer(0),
        ColumnType::Real => Scalar::Real(0.0),
        ColumnType::Boolean => Scalar::Boolean(true),
        ColumnType::Text | ColumnType::Uuid => Scalar::Text(Cow::Borrowed("")),
        ColumnType::Bytes => Scalar::Bytes(Cow::Borrowed(&[])),
    }
}
