//! Between the generated types and ours.

use super::bindings::access::exports::contend::strategy::access;
use super::bindings::allocation::exports::contend::strategy::allocation;
use super::bindings::contend::strategy::{group, lock, types};
use super::bindings::exports::contend::strategy::state_change;
use crate::capability::group::{Change, Leadership};
use crate::capability::lock::{Grant, Mode, ReleaseOutcome, SessionOptions};
use crate::capability::strategy::{Allocated, Transition, Visit};
use crate::model::error::{CallError, ErrorKind, RowReference};
use crate::model::pool::Pool;
use crate::model::purpose::Purpose;
use crate::model::value::Value;
use std::ops::RangeInclusive;

/// Longer texts from a guest are cut: they end in the history and on a terminal.
const MAX_TEXT_CHARS: usize = 500;

/// A text from a guest, of bounded length and without characters that steer a terminal: controls,
/// and those that turn the direction of what follows or are not seen at all.
pub fn clean(text: &str) -> String {
    text.chars().take(MAX_TEXT_CHARS).map(tame).collect()
}

/// The same for a text of several lines, which stays as long as it is.
pub fn clean_lines(text: &str) -> String {
    let kept = |c| if c == '\n' { c } else { tame(c) };
    text.chars().map(kept).collect()
}

/// Unicode characters besides controls that change the text direction or are invisible: formats,
/// fillers, separators, tags and variation selectors.
const UNSEEN: &[RangeInclusive<char>] = &[
    '\u{ad}'..='\u{ad}',
    '\u{34f}'..='\u{34f}',
    '\u{61c}'..='\u{61c}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180b}'..='\u{180f}',
    '\u{200b}'..='\u{200f}',
    '\u{2028}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{2800}'..='\u{2800}',
    '\u{3164}'..='\u{3164}',
    '\u{fe00}'..='\u{fe0f}',
    '\u{feff}'..='\u{feff}',
    '\u{ffa0}'..='\u{ffa0}',
    '\u{fff0}'..='\u{fffb}',
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{e0000}'..='\u{e0fff}',
];

fn tame(c: char) -> char {
    let is_seen = !c.is_control() && !UNSEEN.iter().any(|range| range.contains(&c));
    if is_seen { c } else { ' ' }
}

pub fn transition(transition: Transition) -> state_change::Transition {
    state_change::Transition {
        row: transition.row,
        from: transition.from,
        to: transition.to,
        marker: transition.marker,
    }
}

pub fn pool(id: String, pool: &Pool) -> allocation::Pool {
    allocation::Pool {
        id,
        subnet: pool.subnet.clone(),
        first: pool.first.to_string(),
        last: pool.last.to_string(),
    }
}

pub fn visit(visit: Visit) -> access::Visit {
    access::Visit {
        document: visit.document,
        purpose: match visit.purpose {
            Purpose::Read => access::Purpose::Read,
            Purpose::Write => access::Purpose::Write,
        },
        readers: visit.readers,
        marker: visit.marker,
    }
}

pub fn allocated(from: allocation::Allocated) -> Allocated {
    Allocated {
        address: clean(&from.address),
        attempts: from.attempts,
    }
}

pub fn error_from_guest(error: types::Error) -> CallError {
    let (kind, detail) = match error {
        types::Error::Conflict(detail) => (ErrorKind::Conflict, detail),
        types::Error::Unavailable(detail) => (ErrorKind::Unavailable, detail),
        types::Error::Rejected(detail) => (ErrorKind::Rejected, detail),
        types::Error::Indefinite(detail) => (ErrorKind::Indefinite, detail),
    };
    CallError::new(kind, clean(&detail.code), clean(&detail.message))
}

pub fn error_to_guest(error: CallError) -> types::Error {
    let reference = |row: Box<RowReference>| types::RowReference {
        table: row.table,
        key: row.key,
        value: row.value,
    };
    let detail = types::Detail {
        code: error.code,
        message: error.message,
        rows: error.row.map(reference).into_iter().collect(),
    };
    match error.kind {
        ErrorKind::Conflict => types::Error::Conflict(detail),
        ErrorKind::Unavailable => types::Error::Unavailable(detail),
        ErrorKind::Rejected => types::Error::Rejected(detail),
        ErrorKind::Indefinite => types::Error::Indefinite(detail),
    }
}

pub fn value_from_guest(value: types::Value) -> Value {
    match value {
        types::Value::Null => Value::Null,
        types::Value::Boolean(value) => Value::Boolean(value),
        types::Value::Integer(value) => Value::Integer(value),
        types::Value::Real(value) => Value::Real(value),
        types::Value::Text(value) => Value::from(value),
        types::Value::Bytes(value) => Value::Bytes(value),
    }
}

pub fn value_to_guest(value: Value) -> types::Value {
    match value {
        Value::Null => types::Value::Null,
        Value::Boolean(value) => types::Value::Boolean(value),
        Value::Integer(value) => types::Value::Integer(value),
        Value::Real(value) => types::Value::Real(value),
        Value::Text(value) => types::Value::Text(value.into()),
        Value::Bytes(value) => types::Value::Bytes(value),
    }
}

pub fn mode(mode: lock::Mode) -> Mode {
    match mode {
        lock::Mode::Exclusive => Mode::Exclusive,
        lock::Mode::Shared(limit) => Mode::Shared(limit),
    }
}

pub fn session_options(options: lock::SessionOptions) -> SessionOptions {
    SessionOptions {
        lease: options.lease,
        poll: options.poll,
    }
}

pub fn grant(grant: Grant) -> lock::Grant {
    let token = |(name, token)| lock::FencingToken { name, token };
    lock::Grant {
        owner: grant.owner,
        fencing: grant.fencing.into_iter().map(token).collect(),
        lease_ends: grant.lease_ends,
        last_heartbeat: grant.last_heartbeat,
    }
}

pub fn release_outcome(outcome: ReleaseOutcome) -> lock::ReleaseOutcome {
    match outcome {
        ReleaseOutcome::Released => lock::ReleaseOutcome::Released,
        ReleaseOutcome::NotOwner => lock::ReleaseOutcome::NotOwner,
        ReleaseOutcome::Expired => lock::ReleaseOutcome::Expired,
    }
}

pub fn leadership(from: Leadership) -> group::Leadership {
    let lease = from.lease.map(|lease| group::Lease {
        ends: lease.ends,
        last_heartbeat: lease.last_heartbeat,
    });
    group::Leadership {
        term: from.term,
        lease,
    }
}

pub fn change(change: Change) -> group::Change {
    group::Change {
        cursor: change.cursor,
        member: change.member,
        joined: change.joined,
    }
}

pub fn end(outcome: ReleaseOutcome) -> group::End {
    match outcome {
        ReleaseOutcome::Released => group::End::Ended,
        ReleaseOutcome::NotOwner => group::End::NotHeld,
        ReleaseOutcome::Expired => group::End::Expired,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_a_guest_is_cut_and_can_not_steer_a_terminal() {
        let hostile = "\x1b[2J\u{9b}31m\r\n\u{202e}\u{2066}ok\u{7f}";
        assert_eq!(clean(hostile), " [2J 31m    ok ");
        let unseen = "\u{61c}\u{ad}\u{feff}\u{e0041}\u{fe0f}\u{3164}\u{fff9}";
        assert_eq!(clean(unseen).trim(), "");
        assert_eq!(clean("für 東京 \u{5d0}"), "für 東京 \u{5d0}");
        assert_eq!(clean_lines("a\x1b[2J\r\nb"), "a [2J \nb");
        assert_eq!(clean(&"é".repeat(100_000)).chars().count(), MAX_TEXT_CHARS);
        let detail = types::Detail {
            code: "\x07bell".to_owned(),
            message: "\x1b]0;title\x07".to_owned(),
            rows: Vec::new(),
        };
        let error = error_from_guest(types::Error::Rejected(detail));
        assert_eq!((&*error.code, &*error.message), (" bell", " ]0;title "));
    }
}
