//! The clock of the simulated servers, as SQL shows it: one for all nodes, in UTC.
//!
//! A simulation begins at 2000-01-01 00:00:00. A time is a text of the form in which MariaDB gives it,
//! so two of them compare as texts, as long as both have as many digits behind the seconds.

use super::refuse::unsupported;
use super::value::Scalar;
use crate::model::change::Nanos;
use crate::model::error::CallError;
use std::borrow::Cow;
use std::time::{Duration, UNIX_EPOCH};

/// Seconds from 1970 to 2000.
const EPOCH_S: i64 = 946_684_800;

const MICROS_PER_S: i64 = 1_000_000;

/// The form in which a function reads the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clock {
    /// With so many digits behind the seconds.
    DateTime(u8),
    Date,
    Time(u8),
    /// Seconds since 1970.
    Unix,
}

impl Clock {
    /// The function of this name. All have their time from the start of the statement.
    pub(super) fn named(name: &str, digits: u8) -> Option<Self> {
        Some(match name {
            "now" | "current_timestamp" | "localtime" | "localtimestamp" | "utc_timestamp" => {
                Self::DateTime(digits)
            }
            "curdate" | "current_date" | "utc_date" => Self::Date,
            "curtime" | "current_time" | "utc_time" => Self::Time(digits),
            "unix_timestamp" => Self::Unix,
            _ => return None,
        })
    }

    pub(super) fn read(self, now: Nanos) -> Scalar<'static> {
        let micros = EPOCH_S * MICROS_PER_S + (now / 1000) as i64;
        let text = |text: &str| Scalar::Text(Cow::Owned(text.to_owned()));
        match self {
            Self::Unix => Scalar::Integer(micros.div_euclid(MICROS_PER_S)),
            Self::DateTime(digits) => text(&written(micros, digits)),
            Self::Date => text(&written(micros, 0)[..10]),
            Self::Time(digits) => text(&written(micros, digits)[11..]),
        }
    }
}

/// `YYYY-MM-DD HH:MM:SS`, with so many digits behind it.
fn written(micros: i64, digits: u8) -> String {
    let time = UNIX_EPOCH + Duration::from_micros(micros as u64);
    let text = humantime::format_rfc3339_micros(time).to_string();
    let end = match digits {
        0 => 19,
        digits => 20 + usize::from(digits),
    };
    text[..end].replace('T', " ")
}

/// A time as microseconds since 1970, and how many digits it has behind the seconds.
pub(super) fn parsed(text: &str) -> Option<(i64, u8)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let time = match whole.contains(' ') {
        true => Cow::Borrowed(whole),
        false => Cow::Owned(format!("{whole} 00:00:00")),
    };
    let time = humantime::parse_rfc3339_weak(&time).ok()?;
    let seconds = time.duration_since(UNIX_EPOCH).ok()?.as_secs() as i64;
    if fraction.len() > 6 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let micros: i64 = format!("{fraction:0<6}").parse().ok()?;
    Some((seconds * MICROS_PER_S + micros, fraction.len() as u8))
}

/// A time and so many units of so many microseconds.
pub(super) fn added<'a>(
    time: &Scalar<'_>,
    count: &Scalar<'_>,
    unit_micros: i64,
) -> Result<Scalar<'a>, CallError> {
    let (time, count) = match (time, count) {
        (Scalar::Null, _) | (_, Scalar::Null) => return Ok(Scalar::Null),
        (Scalar::Text(time), Scalar::Integer(count)) => (time, *count),
        (one, other) => {
            let (one, other) = (one.kind(), other.kind());
            return Err(unsupported(format!("{one} and an INTERVAL of {other}")));
        }
    };
    let Some((micros, digits)) = parsed(time) else {
        return Err(unsupported(format!(
            "an INTERVAL added to {time:?}, which is no time"
        )));
    };
    let digits = if unit_micros.abs() < MICROS_PER_S {
        6
    } else {
        digits
    };
    let sum = unit_micros
        .checked_mul(count)
        .and_then(|add| micros.checked_add(add))
        .filter(|sum| (0..253_402_300_800 * MICROS_PER_S).contains(sum));
    match sum {
        Some(sum) => Ok(Scalar::Text(Cow::Owned(written(sum, digits)))),
        None => Err(unsupported("a time before 1970 or after 9999")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simulation_begins_with_the_year_2000() {
        let read = |clock: Clock, now| clock.read(now).into_value();
        let text = |text: &str| crate::model::value::Value::from(text);
        assert_eq!(read(Clock::DateTime(0), 0), text("2000-01-01 00:00:00"));
        let later = 31 * 86_400_000_000_000 + 3_723_004_005_000;
        assert_eq!(
            read(Clock::DateTime(3), later),
            text("2000-02-01 01:02:03.004")
        );
        assert_eq!(read(Clock::Date, later), text("2000-02-01"));
        assert_eq!(read(Clock::Time(6), later), text("01:02:03.004005"));
        assert_eq!(
            read(Clock::Unix, 1_999_999_999),
            crate::model::value::Value::Integer(EPOCH_S + 1)
        );
    }

    #[test]
    fn times_are_read_as_they_are_written() {
        for (micros, digits) in [
            (EPOCH_S * MICROS_PER_S, 0),
            (951_782_400 * MICROS_PER_S, 0),
            (1_709_164_799_123_456, 6),
        ] {
            assert_eq!(parsed(&written(micros, digits)), Some((micros, digits)));
        }
        assert_eq!(
            written(951_782_400 * MICROS_PER_S, 0),
            "2000-02-29 00:00:00"
        );
        for text in [
            "",
            "soon",
            "2000-13-01",
            "2000-01-01 24:00:00",
            "2000-01-01 00:00",
        ] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }

    #[test]
    fn interval_is_added_in_its_unit() {
        let time = Scalar::Text(Cow::Borrowed("2000-02-28 23:59:59"));
        let plus = |count, unit| {
            added(&time, &Scalar::Integer(count), unit)
                .unwrap()
                .into_value()
        };
        let text = |text: &str| crate::model::value::Value::from(text);
        assert_eq!(plus(1, MICROS_PER_S), text("2000-02-29 00:00:00"));
        assert_eq!(plus(-1, 86_400 * MICROS_PER_S), text("2000-02-27 23:59:59"));
        assert_eq!(plus(5, 1), text("2000-02-28 23:59:59.000005"));
    }
}
