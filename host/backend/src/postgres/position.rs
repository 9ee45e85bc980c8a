//! Positions in the write-ahead log, by which a standby is compared with its primary.

use super::answer::rows;
use super::node::Node;
use crate::model::error::CallError;
use crate::model::value::{Row, Value};
use sqlx::postgres::PgConnection;
use std::time::Instant;
use tokio::sync::Mutex;

/// On a primary, `insert` and not `flush`: what was committed is seen there before it is flushed, where
/// `synchronous_commit` is off. The timeline of a standby is shown to members of pg_monitor alone. A
/// base backup is a connection of a standby, too, and none. A commit that waits for a standby is in the log,
/// and no transaction sees it yet: of these the time at which the oldest began, beside the time of the answer.
const ASK: &str = "SELECT pg_is_in_recovery(), \
     (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END \
     - '0/0'::pg_lsn)::bigint, \
     CASE WHEN pg_is_in_recovery() \
     THEN (SELECT received_tli::bigint FROM pg_stat_wal_receiver) \
     ELSE ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::bigint END, \
     (SELECT count(*) FROM pg_stat_replication WHERE state IS DISTINCT FROM 'backup'), \
     (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, \
     (SELECT (extract(epoch FROM min(query_start)) * 1000000)::bigint FROM pg_stat_activity \
     WHERE wait_event = 'SyncRep')";

/// Writes an empty message into the log and flushes it. Without that, a standby may never reach the
/// primary's position: the last records may be of an open transaction, and are not flushed before its
/// end, or the position may lie behind the head of a new page.
pub(super) const NUDGE: &str = "SELECT pg_logical_emit_message(true, 'contend', '')::text";

/// A server's place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Position {
    /// It replays what another one writes.
    in_recovery: bool,
    /// Bytes of the log that it has written, or replayed.
    bytes: i64,
    /// Grows with each promotion; `None` where it may not be known.
    timeline: Option<i64>,
    /// Servers that stream from it.
    pub(super) standbys: usize,
    /// The time of the answer on the server's clock, in µs.
    at: i64,
    /// The time at which the oldest commit that waits for a standby was asked for, on the same clock.
    waits_since: Option<i64>,
}

impl Position {
    pub(super) fn is_primary(&self) -> bool {
        !self.in_recovery
    }

    /// True for a standby that has replayed what a primary had written, on the same timeline.
    pub(super) fn has(&self, goal: &Self) -> bool {
        let same = self.timeline.is_none() || self.timeline == goal.timeline;
        same && self.bytes >= goal.bytes
    }

    /// True for a primary whose transactions see all that was in its log at an earlier answer: no commit that
    /// was asked for before waits for a standby any more.
    pub(super) fn shows(&self, earlier: &Self) -> bool {
        self.waits_since.is_none_or(|since| since > earlier.at)
    }

    fn read(rows: &[Row]) -> Option<Self> {
        match rows.first()?.as_slice() {
            [
                Value::Boolean(in_recovery),
                bytes,
                timeline,
                Value::Integer(standbys),
                Value::Integer(at),
                waits_since,
            ] => Some(Self {
                in_recovery: *in_recovery,
                // A standby that has replayed nothing yet.
                bytes: whole(bytes).unwrap_or(0),
                timeline: whole(timeline),
                standbys: usize::try_from(*standbys).unwrap_or(0),
                at: *at,
                waits_since: whole(waits_since),
            }),
            _ => None,
        }
    }
}

fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(integer) => Some(*integer),
        _ => None,
    }
}

/// Asks the server behind a connection.
pub(super) async fn of(connection: &mut PgConnection) -> Option<Position> {
    Position::read(&rows(connection, ASK).await.ok()?)
}

/// The last position that a node told.
#[derive(Default)]
pub(super) struct LastTold(Mutex<Option<Told>>);

struct Told {
    /// The time of the request.
    asked: Instant,
    answer: Result<Position, CallError>,
}

/// Asks a node for its position. Many workers ask at once, and again and again while a standby is behind:
/// what was asked after this call came is an answer to it, too.
pub(super) async fn ask(node: &Node) -> Result<Position, CallError> {
    let came = Instant::now();
    let mut last = node.position.0.lock().await;
    if let Some(told) = &*last
        && told.asked >= came
    {
        return told.answer.clone();
    }
    let asked = Instant::now();
    let rows = node.readers.read(ASK, &[]).await;
    let answer = rows.and_then(|rows| {
        Position::read(&rows).ok_or_else(|| {
            let message = format!("{} does not tell its position in the log", node.name);
            CallError::unavailable("position", message)
        })
    });
    *last = Some(Told {
        asked,
        answer: answer.clone(),
    });
    answer
}

/// The primary: of several that call themselves so, the one that was promoted last.
pub(super) fn primary<T>(positions: &[(T, Position)]) -> Option<(&T, &Position)> {
    let primaries = positions.iter().filter(|(_, one)| one.is_primary());
    let latest = primaries.max_by_key(|(_, position)| position.timeline);
    latest.map(|(server, position)| (server, position))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(in_recovery: bool, bytes: i64, timeline: Option<i64>) -> Position {
        Position {
            in_recovery,
            bytes,
            timeline,
            standbys: 0,
            at: 0,
            waits_since: None,
        }
    }

    #[test]
    fn of_two_primaries_the_last_promoted_one_counts() {
        let positions = [
            ("n1", at(false, 900, Some(1))),
            ("n2", at(false, 500, Some(2))),
            ("n3", at(true, 999, Some(2))),
        ];
        assert_eq!(*primary(&positions).unwrap().0, "n2");
        assert!(primary(&positions[2..]).is_none());
    }

    #[test]
    fn only_commits_that_waited_before_the_question_are_waited_for() {
        let answered = |at, waits_since| Position {
            at,
            waits_since,
            ..at_rest()
        };
        let question = answered(50, Some(40));
        assert!(!question.shows(&question));
        assert!(!answered(60, Some(40)).shows(&question));
        assert!(answered(60, Some(55)).shows(&question));
        assert!(answered(60, None).shows(&question));
    }

    fn at_rest() -> Position {
        at(false, 0, None)
    }

    #[test]
    fn a_standby_of_an_earlier_timeline_has_not_the_commits_of_a_later_one() {
        let goal = at(false, 500, Some(2));
        assert!(at(true, 500, Some(2)).has(&goal));
        assert!(at(true, 500, None).has(&goal));
        assert!(!at(true, 499, Some(2)).has(&goal));
        assert!(!at(true, 900, Some(1)).has(&goal));
    }
}
