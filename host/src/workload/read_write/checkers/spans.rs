//! The times of visits, and which of them lie together.

use crate::check::parts::Span;
use crate::model::change::{Change, Nanos};
use crate::model::purpose::Purpose;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A span of a visit with this purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stay {
    pub(super) purpose: Purpose,
    pub(super) span: Span,
}

/// The stays of all visits that have one, by document and then by time.
pub(super) fn stays(
    changes: &[Change],
    time_of: impl Fn(&Change) -> Option<(Nanos, Nanos)>,
) -> Vec<Stay> {
    let stays = changes.iter().zip(0..).filter_map(|(change, index)| {
        let (start, end) = time_of(change)?;
        Some(Stay {
            purpose: change.purpose?,
            span: Span {
                row: change.row,
                worker: change.worker,
                change: index,
                start,
                end: end.max(start),
            },
        })
    });
    let mut stays: Vec<_> = stays.collect();
    stays.sort_unstable_by_key(|stay| {
        let Span {
            row, start, end, ..
        } = stay.span;
        (row, start, end, stay.span.change)
    });
    stays
}

/// The time for which a visitor was certainly there: from the return of an ok enter to the call of its leave.
/// Without a leave only the instant of the return is known.
pub(super) fn proven(change: &Change) -> Option<(Nanos, Nanos)> {
    let began = change.acquire.returned;
    let ended = change.release.as_ref().map_or(began, |it| it.invoked);
    change.acquire.outcome.is_ok().then_some((began, ended))
}

/// The time in which a visitor wanted to be there, or was: what a service had to keep apart.
pub(super) fn wanted(change: &Change) -> Option<(Nanos, Nanos)> {
    let ended = change.steps().last()?.returned;
    (change.acquire.duration() > 0).then_some((change.acquire.invoked, ended))
}

/// Each stay that begins while another one of its document lasts, of which at least one writes, as the pair
/// (earlier, later). Strict: stays that touch at an instant do not overlap. `stays` are sorted.
///
/// A later stay overlaps some earlier one if it begins before the end of the one that ends last: for a reader,
/// of the writers; for a writer, of all. So two are enough to remember.
pub(super) fn with_a_writer(stays: &[Stay]) -> impl Iterator<Item = (Stay, Stay)> {
    let (mut any, mut writer): (Option<Stay>, Option<Stay>) = (None, None);
    stays.iter().filter_map(move |&later| {
        let row = later.span.row;
        let of_row = |kept: Option<Stay>| kept.filter(|kept| kept.span.row == row);
        let earlier = match later.purpose {
            Purpose::Write => of_row(any),
            Purpose::Read => of_row(writer),
        };
        let last = |kept: Option<Stay>| match of_row(kept) {
            Some(kept) if kept.span.end >= later.span.end => Some(kept),
            _ => Some(later),
        };
        any = last(any);
        if later.purpose == Purpose::Write {
            writer = last(writer);
        }
        let earlier = earlier.filter(|earlier| later.span.start < earlier.span.end);
        earlier.map(|earlier| (earlier, later))
    })
}

/// Calls `found` with the readers of a document, at each moment at which one more than the limit is there.
pub(super) fn over_the_limit(stays: &[Stay], limit: u32, mut found: impl FnMut(&[Stay])) {
    let mut inside: BinaryHeap<Reverse<(Nanos, usize)>> = BinaryHeap::new();
    let mut row = None;
    for (place, stay) in stays.iter().enumerate() {
        if stay.purpose != Purpose::Read {
            continue;
        }
        if row != Some(stay.span.row) {
            inside.clear();
            row = Some(stay.span.row);
        }
        let has_left = |Reverse((end, _)): &Reverse<(Nanos, usize)>| *end <= stay.span.start;
        while inside.peek().is_some_and(has_left) {
            inside.pop();
        }
        inside.push(Reverse((stay.span.end, place)));
        if inside.len() > limit as usize {
            let mut there: Vec<_> = inside
                .iter()
                .map(|Reverse((_, place))| stays[*place])
                .collect();
            there.sort_unstable_by_key(|stay| (stay.span.start, stay.span.change));
            found(&there);
        }
    }
}
