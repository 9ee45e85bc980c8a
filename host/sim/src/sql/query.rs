//! A SELECT or a sub-query, without its locking clause.

use super::aggregate::Aggregate;
use super::dialect::{Dialect, Problem};
use super::expression::{Environment, Expression, SubQuery};
use super::key::Key;
use super::rows::Rows;
use super::value::Scalar;
use super::view::StoredRow;
use crate::capability::budget::{ANSWER_TOO_LARGE, LARGEST_ANSWER, check_size};
use crate::capability::calls::bytes_of;
use crate::model::error::CallError;
use crate::model::value::{Row, Value};
use std::cmp::Ordering;

#[derive(Debug, Clone)]
pub(super) struct Query {
    /// Nothing for a query without FROM, which has one row.
    pub rows: Option<Rows>,
    pub items: Vec<Expression>,
    /// If there are any, the items are computed once, from what they came to.
    pub aggregates: Vec<Aggregate>,
    pub order: Vec<Order>,
    /// The order is that in which the table is read anyway.
    pub in_key_order: bool,
    pub limit: Option<Expression>,
    pub offset: Option<Expression>,
    /// A table of the server's own, where there is nothing.
    pub empty: bool,
    pub dialect: Dialect,
}

/// One expression of ORDER BY.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub by: Expression,
    pub descending: bool,
    pub nulls_first: bool,
}

impl SubQuery for Query {
    fn dialect(&self) -> Dialect {
        self.dialect
    }

    fn rows(&self, env: &Environment<'_>) -> Result<Vec<Row>, CallError> {
        if self.empty {
            return Ok(Vec::new());
        }
        let (offset, limit) = self.bounds(env)?;
        let mut answer = if !self.aggregates.is_empty() {
            vec![self.aggregated(env)?]
        } else if self.order.is_empty() || self.in_key_order {
            return self.in_order_of_keys(env, offset, limit);
        } else {
            self.sorted(env)?
        };
        answer.drain(..offset.min(answer.len()));
        answer.truncate(limit);
        Ok(answer)
    }

    fn exists(&self, env: &Environment<'_>) -> Result<bool, CallError> {
        let plain = self.aggregates.is_empty() && self.limit.is_none();
        let (Some(rows), true, false) = (&self.rows, plain, self.empty) else {
            return Ok(!self.rows(env)?.is_empty());
        };
        let mut found = false;
        rows.each(env, |_, _, _| {
            found = true;
            Ok(false)
        })?;
        Ok(found)
    }
}

impl Query {
    /// After how many rows reading may stop; nothing if all must be read.
    pub(super) fn enough(&self, env: &Environment<'_>) -> Result<Option<u64>, CallError> {
        let ordered = self.order.is_empty() || self.in_key_order;
        if self.limit.is_none() || !ordered || !self.aggregates.is_empty() {
            return Ok(None);
        }
        let (offset, limit) = self.bounds(env)?;
        Ok(Some(offset.saturating_add(limit) as u64))
    }

    pub(super) fn bounds(&self, env: &Environment<'_>) -> Result<(usize, usize), CallError> {
        let offset = count(self.offset.as_ref(), self.dialect, env)?;
        let limit = count(self.limit.as_ref(), self.dialect, env)?;
        Ok((offset.unwrap_or(0), limit.unwrap_or(usize::MAX)))
    }

    /// The rows that meet the WHERE, in its order and without its bounds.
    pub(super) fn candidates(
        &self,
        env: &Environment<'_>,
    ) -> Result<Vec<(Key, StoredRow)>, CallError> {
        let Some(rows) = &self.rows else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        rows.each(env, |key, row, env| {
            let by = values(self.order.iter().map(|order| &order.by), env)?;
            found.push((by, (key.clone(), row.clone())));
            Ok(true)
        })?;
        sorted(&self.order, found)
    }

    /// What it computes of one row.
    pub(super) fn row_of(&self, env: &Environment<'_>, row: &StoredRow) -> Result<Row, CallError> {
        match &self.rows {
            Some(rows) => self.item_row(&env.at(rows.level, row)),
            None => self.item_row(env),
        }
    }

    fn in_order_of_keys(
        &self,
        env: &Environment<'_>,
        mut offset: usize,
        limit: usize,
    ) -> Result<Vec<Row>, CallError> {
        let (mut answer, mut bytes) = (Vec::new(), 0);
        if limit == 0 {
            return Ok(answer);
        }
        self.each(env, |env| {
            if offset > 0 {
                offset -= 1;
                return Ok(true);
            }
            answer.push(self.counted_row(env, &mut bytes)?);
            Ok(answer.len() < limit)
        })?;
        Ok(answer)
    }

    fn sorted(&self, env: &Environment<'_>) -> Result<Vec<Row>, CallError> {
        let (mut found, mut bytes) = (Vec::<(Vec<Value>, Row)>::new(), 0);
        self.each(env, |env| {
            let by = self.order.iter().map(|order| &order.by);
            found.push((values(by, env)?, self.counted_row(env, &mut bytes)?));
            Ok(true)
        })?;
        sorted(&self.order, found)
    }

    fn aggregated(&self, env: &Environment<'_>) -> Result<Row, CallError> {
        let mut results: Vec<Value> = self.aggregates.iter().map(Aggregate::of_nothing).collect();
        self.each(env, |env| {
            for (aggregate, result) in self.aggregates.iter().zip(&mut results) {
                aggregate.add(result, env)?;
            }
            Ok(true)
        })?;
        self.item_row(&env.with_aggregates(&results))
    }

    fn each<'a>(
        &self,
        env: &Environment<'a>,
        mut each: impl FnMut(&Environment<'a>) -> Result<bool, CallError>,
    ) -> Result<(), CallError> {
        match &self.rows {
            Some(rows) => rows.each(env, |_, _, env| each(env)),
            None => each(env).map(|_| ()),
        }
    }

    /// The next row of an answer that has so many bytes already.
    fn counted_row(&self, env: &Environment<'_>, bytes: &mut usize) -> Result<Row, CallError> {
        let row = self.item_row(env)?;
        *bytes += bytes_of(&row);
        check_size(ANSWER_TOO_LARGE, "an answer", *bytes, LARGEST_ANSWER)?;
        Ok(row)
    }

    fn item_row(&self, env: &Environment<'_>) -> Result<Row, CallError> {
        values(self.items.iter(), env)
    }
}

/// The number of a LIMIT or an OFFSET.
pub(super) fn count(
    bound: Option<&Expression>,
    dialect: Dialect,
    env: &Environment<'_>,
) -> Result<Option<usize>, CallError> {
    match bound.map(|bound| bound.evaluate(env)).transpose()? {
        None => Ok(None),
        Some(Scalar::Integer(integer)) if integer >= 0 => Ok(Some(integer as usize)),
        Some(_) => {
            let message = "LIMIT and OFFSET take whole numbers from 0 on";
            Err(dialect.error(Problem::Bound, message))
        }
    }
}

/// Rows in the order of the values that stand before each.
pub(super) fn sorted<T>(
    order: &[Order],
    mut rows: Vec<(Vec<Value>, T)>,
) -> Result<Vec<T>, CallError> {
    let mut error = None;
    rows.sort_by(|(one, _), (other, _)| {
        compare(order, one, other).unwrap_or_else(|first| {
            error.get_or_insert(first);
            Ordering::Equal
        })
    });
    match error {
        Some(error) => Err(error),
        None => Ok(rows.into_iter().map(|(_, row)| row).collect()),
    }
}

/// Which of two rows comes first, by the values that they are ordered by.
fn compare(order: &[Order], one: &[Value], other: &[Value]) -> Result<Ordering, CallError> {
    for (order, (one, other)) in order.iter().zip(one.iter().zip(other)) {
        let (one, other) = (Scalar::of(one), Scalar::of(other));
        match (one == Scalar::Null, other == Scalar::Null) {
            (false, false) => {}
            (true, true) => continue,
            (one_is, _) if one_is == order.nulls_first => return Ok(Ordering::Less),
            _ => return Ok(Ordering::Greater),
        }
        let ordering = one.order(&other)?;
        if ordering.is_ne() {
            return Ok(if order.descending {
                ordering.reverse()
            } else {
                ordering
            });
        }
    }
    Ok(Ordering::Equal)
}

pub(super) fn values<'e>(
    expressions: impl ExactSizeIterator<Item = &'e Expression>,
    env: &Environment<'_>,
) -> Result<Vec<Value>, CallError> {
    let mut row = Vec::with_capacity(expressions.len());
    for expression in expressions {
        row.push(expression.evaluate(env)?.into_value());
    }
    Ok(row)
}
