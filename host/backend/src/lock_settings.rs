//! The times that the URL of a lock service may say: `heartbeat`, `lease`, `initial_reconnect_backoff` and
//! `max_reconnect_backoff`, in seconds.
//!
//! **Heartbeats and leases.** A lease is longer than [`MISSED`] heartbeats, so a holder whose heartbeats
//! are not answered has missed that many before its lease can end, and learns of it while the lock is
//! still its own. *Example:* lease 10 s, heartbeat 2.5 s: heartbeats at 2.5, 5 and 7.5 s fail; at 9 s the
//! holder takes the lock for lost, and at 10 s the service may grant it to another session.

use crate::model::change::Nanos;
use crate::model::error::CallError;
use crate::secret_url::SecretUrl;

pub(crate) const HEARTBEAT: &str = "heartbeat";
pub(crate) const LEASE: &str = "lease";
const INITIAL_BACKOFF: &str = "initial_reconnect_backoff";
const MAX_BACKOFF: &str = "max_reconnect_backoff";

/// The times of a service with leases.
pub(crate) const OF_LEASES: &[&str] = &[HEARTBEAT, LEASE, INITIAL_BACKOFF, MAX_BACKOFF];

const SECOND: Nanos = 1_000_000_000;
const DEFAULT_LEASE: Nanos = 10 * SECOND;

/// The heartbeats that may go unanswered before a lease ends.
pub(crate) const MISSED: u64 = 3;

/// The bounds of a time in seconds.
const LEAST: f64 = 0.001;
const MOST: f64 = 86_400.0;

/// The settings in the URL; each time is `None` if it is absent.
pub(crate) struct Settings {
    pub(crate) heartbeat: Option<Nanos>,
    lease: Option<Nanos>,
    backoff: Backoff,
    /// The URL less what was read here.
    pub(crate) url: SecretUrl,
}

/// The time between two attempts to reach a service that is away: it doubles after each, up to a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Backoff {
    pub(crate) next: Nanos,
    most: Nanos,
}

impl Backoff {
    /// The pause before the next attempt.
    pub(crate) fn pause(&mut self) -> Nanos {
        let pause = self.next;
        self.next = pause.saturating_mul(2).min(self.most);
        pause
    }
}

/// The times of one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    pub(crate) lease: Nanos,
    pub(crate) heartbeat: Nanos,
    pub(crate) backoff: Backoff,
}

impl Settings {
    /// Reads the times that the service has; the URL keeps every other parameter. `rejected` with the
    /// code `url` for one that makes no sense.
    pub(crate) fn from_url(url: &SecretUrl, has: &[&str]) -> Result<Self, CallError> {
        let read = |name: &str| {
            let text = has.contains(&name).then(|| url.parameter(name)).flatten();
            text.map(|text| seconds(name, &text)).transpose()
        };
        let initial = read(INITIAL_BACKOFF)?.unwrap_or(SECOND / 10);
        let most = read(MAX_BACKOFF)?.unwrap_or((60 * SECOND).max(initial));
        if most < initial {
            let message = format!("{MAX_BACKOFF} is less than {INITIAL_BACKOFF}");
            return Err(CallError::rejected("url", message));
        }
        let settings = Self {
            heartbeat: read(HEARTBEAT)?,
            lease: read(LEASE)?,
            backoff: Backoff {
                next: initial,
                most,
            },
            url: url.without_parameters(has),
        };
        if has.contains(&LEASE) {
            settings.pace(None)?;
        }
        Ok(settings)
    }

    /// The times of a session that asks for a lease, or leaves it to the URL. `rejected` with the code
    /// `heartbeat` where its holder could learn too late of a lease that has ended.
    pub(crate) fn pace(&self, asked: Option<Nanos>) -> Result<Pace, CallError> {
        let lease = asked.or(self.lease).unwrap_or(DEFAULT_LEASE);
        let heartbeat = self.heartbeat.unwrap_or(lease / (MISSED + 1));
        if lease <= heartbeat.saturating_mul(MISSED) {
            let seconds = |time: Nanos| time as f64 / SECOND as f64;
            let (lease, heartbeat) = (seconds(lease), seconds(heartbeat));
            let message = format!(
                "a lease of {lease} s is not longer than {MISSED} heartbeats of {heartbeat} s, so it could end \
                 before its holder learns that they are not answered; take a longer {LEASE} or a shorter \
                 {HEARTBEAT}"
            );
            return Err(CallError::rejected("heartbeat", message));
        }
        Ok(Pace {
            lease,
            heartbeat,
            backoff: self.backoff,
        })
    }
}

fn seconds(name: &str, text: &str) -> Result<Nanos, CallError> {
    let read = text.parse::<f64>().ok();
    match read.filter(|seconds| (LEAST..=MOST).contains(seconds)) {
        Some(seconds) => Ok((seconds * SECOND as f64) as Nanos),
        None => {
            let message = format!(
                "{name} in the URL of a lock service is a number of seconds between {LEAST} and {MOST}, as in \
                 ?{name}=1.0"
            );
            Err(CallError::rejected("url", message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(query: &str, has: &[&str]) -> Result<Settings, CallError> {
        let url = format!("redis://me:hunter2@db{query}");
        Settings::from_url(&SecretUrl::parse(&url).unwrap(), has)
    }

    #[test]
    fn times_of_the_service_are_read_and_taken_out_of_the_url() {
        let read = settings("?heartbeat=0.25&lease=2&a=b", OF_LEASES).unwrap();
        assert_eq!(read.heartbeat, Some(SECOND / 4));
        assert_eq!(read.pace(None).unwrap().lease, 2 * SECOND);
        assert_eq!(read.pace(Some(SECOND)).unwrap().lease, SECOND);
        assert_eq!(read.url.expose().query(), Some("a=b"));
        // Without leases there is nothing that a heartbeat could be too long for.
        let other = settings("?heartbeat=60&lease=2", &[HEARTBEAT]).unwrap();
        assert_eq!(other.url.expose().query(), Some("lease=2"));
        let none = settings("", OF_LEASES).unwrap().pace(None).unwrap();
        assert_eq!((none.lease, none.heartbeat), (10 * SECOND, 10 * SECOND / 4));
    }

    #[test]
    fn time_that_makes_no_sense_is_refused_without_credentials() {
        for text in ["0", "-1", "x", "", "NaN", "inf", "86401"] {
            for name in OF_LEASES {
                let refused = settings(&format!("?{name}={text}"), OF_LEASES).map(|_| ());
                let error = refused.unwrap_err();
                assert_eq!(error.code, "url", "{name}={text}");
                assert!(!error.message.contains("hunter2"), "{error}");
            }
        }
        let crossed = "?initial_reconnect_backoff=2&max_reconnect_backoff=1";
        assert_eq!(
            settings(crossed, OF_LEASES).map(|_| ()).unwrap_err().code,
            "url"
        );
    }

    #[test]
    fn lease_that_is_not_longer_than_its_heartbeats_is_refused() {
        for (query, is_refused) in [
            ("?lease=3&heartbeat=1", true),
            ("?lease=3.001&heartbeat=1", false),
            ("?heartbeat=3.4", true),
            ("?lease=0.5", false),
        ] {
            let refused = settings(query, OF_LEASES).map(|_| ());
            let code = refused.map_err(|error| error.code);
            let expected = if is_refused {
                Err("heartbeat".to_owned())
            } else {
                Ok(())
            };
            assert_eq!(code, expected, "{query}");
        }
        let of_a_session = settings("?heartbeat=1", OF_LEASES).unwrap();
        let error = of_a_session.pace(Some(SECOND)).unwrap_err();
        assert!(error.message.contains("3 heartbeats of 1 s"), "{error}");
    }

    #[test]
    fn backoff_doubles_up_to_its_bound() {
        let query = "?initial_reconnect_backoff=1&max_reconnect_backoff=3";
        let mut backoff = settings(query, OF_LEASES).unwrap().backoff;
        let pauses = [(); 4].map(|()| backoff.pause() / SECOND);
        assert_eq!(pauses, [1, 2, 3, 3]);
    }
}
