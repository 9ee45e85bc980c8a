//! A bound on calls that make no progress.
//!
//! The limit on computing does not end a loop around a host call: the guest computes next to nothing
//! between two calls. So the host counts calls, and the n-th of a step traps, the same in every world:
//!
//! - calls in a row that neither wait nor use a database or a lock service: the clock, random numbers,
//!   settings, a `sleep(0)`, a statement that is prepared;
//! - calls of one step that the host itself refused, such as a statement that no strategy may run: a
//!   retry is refused again, however long the guest sleeps in between.
//!
//! A guest that polls a row, or retries after a conflict, waits or uses a service each time, which
//! resets the count.
//!
//! ```text
//! loop { if timing.now() > end { break } }   traps after 200,000 calls in a row (call-limit)
//! loop { db.query(…); timing.sleep(1_000_000) }   never traps: each query and each sleep resets the count
//! loop { db.execute("DROP TABLE t"); timing.sleep(1_000_000) }   traps after 1,000 refusals in the step
//! ```

use crate::capability::strategy::Death;
use crate::model::change::Nanos;
use crate::model::error::{CallError, ErrorKind};

/// Calls in a row.
const MOST_IN_A_ROW: u32 = 200_000;

/// A sleep that is none counts as so many: a real clock takes a millisecond for it.
const SLEEP: u32 = 20;

/// Refusals in one step.
const MOST_REFUSED: u32 = 1_000;

/// A prepared statement counts as so many: the host parses its text.
const PREPARE: u32 = 200;

/// A shorter sleep is none.
const SHORTEST_WAIT: Nanos = 1_000;

/// The counts of the current step.
#[derive(Debug, Default)]
pub struct Idle {
    in_a_row: u32,
    refused: u32,
}

impl Idle {
    /// Counts a call that did not wait and used no service.
    pub fn call(&mut self) -> wasmtime::Result<()> {
        self.count(1)
    }

    fn count(&mut self, calls: u32) -> wasmtime::Result<()> {
        self.in_a_row += calls;
        match self.in_a_row > MOST_IN_A_ROW {
            false => Ok(()),
            true => Err(exceeded(format!(
                "made {MOST_IN_A_ROW} calls in a row that neither waited nor asked a database or a lock \
                 service; a sleep of nothing counts as {SLEEP}"
            ))),
        }
    }

    /// A sleep of so long, or a wait until a moment that is so far away.
    pub fn waited(&mut self, nanos: Nanos) -> wasmtime::Result<()> {
        if nanos < SHORTEST_WAIT {
            return self.count(SLEEP);
        }
        self.in_a_row = 0;
        Ok(())
    }

    /// A statement was prepared, without the server.
    pub fn prepared<T>(&mut self, answer: &Result<T, CallError>) -> wasmtime::Result<()> {
        match answer {
            Err(error) => self.refused(&error.code),
            Ok(_) => self.count(PREPARE),
        }
    }

    /// A call of a database or a lock service was answered.
    pub fn answered<T>(&mut self, answer: &Result<T, CallError>) -> wasmtime::Result<()> {
        match answer {
            Err(error) if is_by_the_host(error) => self.refused(&error.code),
            _ => {
                self.in_a_row = 0;
                Ok(())
            }
        }
    }

    fn refused(&mut self, code: &str) -> wasmtime::Result<()> {
        self.refused += 1;
        match self.refused > MOST_REFUSED {
            false => Ok(()),
            true => Err(exceeded(format!(
                "was refused {MOST_REFUSED} calls in one step by the host itself, the last as {code}"
            ))),
        }
    }
}

/// A server's codes are numbers, and the host's own are words.
fn is_by_the_host(error: &CallError) -> bool {
    let is_word = || error.code.chars().any(|c| c.is_ascii_alphabetic());
    error.kind == ErrorKind::Rejected && is_word()
}

fn exceeded(message: String) -> wasmtime::Error {
    wasmtime::Error::new(Death {
        code: "call-limit",
        message,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(ended: wasmtime::Result<()>) -> String {
        let error = ended.unwrap_err();
        let death = error.downcast_ref::<Death>().expect("a death");
        assert_eq!(death.code, "call-limit");
        death.message.clone()
    }

    #[test]
    fn calls_without_progress_end_at_their_bound() {
        let mut idle = Idle::default();
        for _ in 0..MOST_IN_A_ROW {
            idle.call().unwrap();
        }
        assert!(message(idle.call()).contains("200000 calls in a row"));
        let mut idle = Idle::default();
        for nanos in (0..MOST_IN_A_ROW / SLEEP).map(|number| Nanos::from(number % 2)) {
            idle.waited(nanos).unwrap();
        }
        message(idle.waited(0));
    }

    #[test]
    fn waiting_and_asking_begin_the_count_anew() {
        let mut idle = Idle::default();
        let conflict: Result<(), _> = Err(CallError::conflict(1213, ""));
        let duplicate: Result<(), _> = Err(CallError::rejected(1062, "a server's own"));
        for _ in 0..4 {
            for _ in 0..MOST_IN_A_ROW / 2 {
                idle.call().unwrap();
            }
            idle.waited(10_000_000).unwrap();
            for _ in 0..MOST_IN_A_ROW {
                idle.call().unwrap();
            }
            idle.answered(&conflict).unwrap();
        }
        for _ in 0..3 * MOST_REFUSED {
            idle.answered(&duplicate).unwrap();
        }
    }

    #[test]
    fn refusals_count_even_with_other_calls_between() {
        let mut idle = Idle::default();
        let refused: Result<(), _> = Err(CallError::rejected("not-allowed", ""));
        for _ in 0..MOST_REFUSED {
            idle.answered(&refused).unwrap();
            idle.waited(10_000_000).unwrap();
        }
        let text = message(idle.answered(&refused));
        assert!(
            text.contains("1000 calls") && text.contains("not-allowed"),
            "{text}"
        );
    }
}
