//! Detects that nothing can move any more.
//!
//! A trial is stuck if all of this holds for a quiet period, which is as long as the plan says:
//!
//! - every worker that has not ended is in a step, and none of these steps ends;
//! - no row that one of them wants changes, and no node that has a say keeps silent about it;
//! - none of these workers waits for one answer of a database all the time: a server may hang, or end
//!   the wait by itself;
//! - each of these rows carries nothing that a change under way would lead away from: the marker of a
//!   change that is over, no marker at all, or that of a change whose own release does not end.
//!
//! A row that is held by a change whose acquire has not ended is none of these: its writer is
//! still at work. For pools: no request or reservation of a change under way is left, and the tables do
//! not change.
//!
//! Worker 1 has said that it released row 0, and did not: row 0 stays `deleting (1_0)`, and change 1_0
//! is over. Workers 2 and 3 look at it again and again. After the quiet period the host has read row 0
//! twice and found the same, workers 2 and 3 are in the steps in which they were, and no other
//! worker is left that could change it.
//!
//! A strategy may know a way out of its own, such as to take a row away that has not moved for a
//! minute. The quiet period must be longer than that.

use super::TrialContext;
use super::posts::{Post, is_waited_for, waiting};
use crate::model::change::Nanos;
use crate::model::stuck::{MOST_NAMED, Stuck, StuckRow, Waiting};
use crate::workload::Picture;
use std::collections::BTreeMap;

/// The number of looks within one quiet period.
const LOOKS: u64 = 5;

const SHORTEST_LOOK: Nanos = 10_000_000;

/// A moment at which all were in a step, and what there was.
struct Still {
    since: Nanos,
    posts: Vec<Post>,
    calls: Vec<Option<u64>>,
    picture: Picture,
}

/// Returns when the trial is stuck, but not before `quiet` has passed since `from`. Never, if it is not
/// stuck, if the run is to end anyway, or if the quiet period is 0.
pub async fn stuck(context: &TrialContext, quiet: Nanos, from: Nanos) -> Stuck {
    if quiet == 0 {
        return std::future::pending().await;
    }
    let until_from = from.saturating_sub(context.clock.now());
    context.clock.sleep(until_from).await;
    let mut before: Vec<Post> = Vec::new();
    let mut still: Option<Still> = None;
    loop {
        context
            .clock
            .sleep((quiet / LOOKS).max(SHORTEST_LOOK))
            .await;
        if context.stop.is_requested() {
            return std::future::pending().await;
        }
        let posts = context.posts.all();
        let Some(waiting) = waiting(&posts).filter(|_| posts == before) else {
            before = posts;
            still = None;
            continue;
        };
        let now = context.clock.now();
        let is_early = |still: &Still| now < still.since.saturating_add(quiet);
        if still.as_ref().is_some_and(is_early) {
            continue;
        }
        let calls = context.posts.calls();
        if still
            .as_ref()
            .is_some_and(|it| is_waited_for(&it.calls, &calls))
        {
            still = None;
            continue;
        }
        let picture = context.workload.kind.picture(context, &waiting).await;
        // A worker that moved meanwhile is seen at the next look.
        still = match (still, picture) {
            (_, None) => None,
            (Some(still), Some(picture))
                if still.picture == picture && context.posts.all() == still.posts =>
            {
                if !picture.is_at_work {
                    return describe(context, still.since, &picture, &waiting);
                }
                Some(still)
            }
            (_, Some(picture)) => Some(Still {
                since: now,
                posts,
                calls,
                picture,
            }),
        };
    }
}

fn describe(context: &TrialContext, since: Nanos, picture: &Picture, waiting: &[Waiting]) -> Stuck {
    let mut rows: BTreeMap<u32, Vec<Waiting>> = BTreeMap::new();
    for one in waiting {
        let row = context.workload.row_of(one.worker);
        rows.entry(row).or_default().push(*one);
    }
    let more = |all: usize| all.saturating_sub(MOST_NAMED) as u32;
    Stuck {
        since,
        until: context.clock.now(),
        more_rows: more(rows.len()),
        rows: rows
            .into_iter()
            .take(MOST_NAMED)
            .map(|(row, mut waiting)| {
                let state = picture.rows.get(&row).cloned();
                let more_waiting = more(waiting.len());
                // Whose row it is comes first.
                let owner = state.as_ref().and_then(|state| state.mark.marker());
                waiting.sort_by_key(|it| owner.is_none_or(|owner| owner.worker != it.worker));
                waiting.truncate(MOST_NAMED);
                StuckRow {
                    row,
                    state,
                    waiting,
                    more_waiting,
                }
            })
            .collect(),
    }
}
