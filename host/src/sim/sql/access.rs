//! How a statement comes to its rows: by their keys, if its WHERE gives them, or through the table.

use super::expression::{Comparison, Environment, Expression};
use super::key::{Key, KeyPart};
use super::schema::{ColumnType, Table};
use super::value::{Scalar, not_comparable};
use crate::model::fault::Fault;
use std::borrow::Cow;

/// An IN list, or several of them together, may give so many keys; with more the table is scanned.
const MAX_KEYS: usize = 1024;

#[derive(Debug, Clone)]
pub(super) enum Access {
    /// For each column of the primary key, its type and the values that it may have.
    Keys(Vec<(ColumnType, Vec<Expression>)>),
    Scan,
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
            _ => Self::Scan,
        }
    }

    /// The keys, in ascending order and each once; nothing for a scan.
    pub(super) fn keys(&self, env: &Environment<'_>) -> Result<Option<Vec<Key>>, Fault> {
        let Self::Keys(columns) = self else {
            return Ok(None);
        };
        if let [(column_type, list)] = columns.as_slice() {
            let mut keys = Vec::with_capacity(list.len());
            for value in list {
                let part = part(*column_type, &value.evaluate(env)?)?;
                keys.extend(part.map(|part| Key::new([part])));
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
        Ok(Some(in_order(prefixes.into_iter().map(Key::new).collect())))
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

/// What a column must have to be equal to a value; nothing if it can't be equal.
fn part(column_type: ColumnType, value: &Scalar<'_>) -> Result<Option<KeyPart>, Fault> {
    let part = match (column_type, value) {
        (_, Scalar::Null) => None,
        (ColumnType::Integer(..), Scalar::Real(real)) => {
            let integer = *real as i64;
            (integer as f64 == *real).then_some(KeyPart::Integer(integer))
        }
        (ColumnType::Integer(..), Scalar::Integer(_))
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
        ColumnType::Text => Scalar::Text(Cow::Borrowed("")),
        ColumnType::Bytes => Scalar::Bytes(Cow::Borrowed(&[])),
    }
}
