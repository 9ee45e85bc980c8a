//! Between which values a WHERE has a column.

use crate::sql::expression::{Comparison, Expression};

/// The ends of a range, each with whether it belongs to it.
#[derive(Debug, Clone, Default)]
pub(super) struct Bounds {
    pub least: Option<(Expression, bool)>,
    pub greatest: Option<(Expression, bool)>,
}

impl Bounds {
    pub(super) fn is_empty(&self) -> bool {
        self.least.is_none() && self.greatest.is_none()
    }
}

/// The first bounds that all of the WHERE gives, by `<`, `<=`, `>`, `>=` or BETWEEN with what does not
/// depend on the row.
pub(super) fn bounds(filter: &Expression, level: usize, column: usize) -> Bounds {
    let mut bounds = Bounds::default();
    collect(filter, level, column, &mut bounds);
    bounds
}

fn collect(filter: &Expression, level: usize, wanted: usize, bounds: &mut Bounds) {
    let is_column = |one: &Expression| matches!(one, Expression::Column { level: its, column } if *its == level && *column == wanted);
    match filter {
        Expression::Boolean(inner) => collect(inner, level, wanted, bounds),
        Expression::And(pair) => {
            collect(&pair.0, level, wanted, bounds);
            collect(&pair.1, level, wanted, bounds);
        }
        Expression::Compare(comparison, pair) => {
            let (value, comparison) = match (is_column(&pair.0), is_column(&pair.1)) {
                (true, false) => (&pair.1, *comparison),
                (false, true) => (&pair.0, turned(*comparison)),
                _ => return,
            };
            if value.depends_on(level) {
                return;
            }
            let (end, is_in) = match comparison {
                Comparison::Less => (&mut bounds.greatest, false),
                Comparison::LessOrEqual => (&mut bounds.greatest, true),
                Comparison::Greater => (&mut bounds.least, false),
                Comparison::GreaterOrEqual => (&mut bounds.least, true),
                Comparison::Equal | Comparison::NotEqual | Comparison::Same => return,
            };
            end.get_or_insert_with(|| (value.clone(), is_in));
        }
        _ => {}
    }
}

/// The same said from the other side.
fn turned(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        other => other,
    }
}
