//! The number of times that an allocation may try, and how it says that it did not come to an end.

use crate::retry::{RETRY_WAIT, sleep, wait_up_to};
use crate::{Allocated, Error, setting};
use std::fmt::Display;
use std::num::NonZeroU32;
use std::time::Duration;

/// The choices that every strategy that allocates addresses leaves to its user.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    attempts: u32,
    step_wait: Duration,
}

/// The attempts of one allocation.
#[derive(Debug)]
pub struct Attempts {
    made: u32,
    limits: Limits,
}

impl Limits {
    /// Settings: `attempts` (50), at most so many for each allocation; `step-wait-ms` (0), a random
    /// wait of at most so long before each step of the algorithm.
    pub fn given() -> Result<Self, Error> {
        let most = NonZeroU32::new(50).expect("50 is not 0");
        Ok(Self {
            attempts: setting("attempts", most)?.get(),
            step_wait: Duration::from_millis(setting("step-wait-ms", 0)?),
        })
    }

    /// The first attempt of an allocation.
    pub fn begin(self) -> Attempts {
        Attempts {
            made: 1,
            limits: self,
        }
    }
}

impl Attempts {
    /// The number of attempts, with the one that is being made.
    pub fn made(&self) -> u32 {
        self.made
    }

    /// Begins another one. `rejected` with `attempts-exhausted` if there were enough.
    pub fn again(&mut self) -> Result<(), Error> {
        if self.made >= self.limits.attempts {
            let message = format!("gave up after {} attempts", self.made);
            return Err(Error::rejected("attempts-exhausted", message));
        }
        self.made += 1;
        Ok(())
    }

    /// Makes a step of the algorithm. After a `conflict`, which certainly had no effect, it waits
    /// 10 ms and makes the whole step again, which is another attempt.
    pub fn step<T>(&mut self, mut step: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
        loop {
            wait_up_to(self.limits.step_wait);
            match step() {
                Err(Error::Conflict(_)) => self.again()?,
                done => return done,
            }
            sleep(RETRY_WAIT);
        }
    }

    /// The address is the caller's.
    pub fn ended_with(self, address: impl Display) -> Allocated {
        Allocated {
            address: address.to_string(),
            attempts: self.made,
        }
    }
}

/// All addresses of the pool are taken.
pub fn exhausted() -> Error {
    Error::rejected("exhausted", "all addresses of the pool are allocated")
}

/// The allocation does not have the address that it gives back.
pub fn not_allocated(address: &str) -> Error {
    let message = format!("{address} is not allocated with this marker");
    Error::rejected("not-allocated", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempts(attempts: u32) -> Attempts {
        let step_wait = Duration::ZERO;
        Limits {
            attempts,
            step_wait,
        }
        .begin()
    }

    #[test]
    fn there_are_as_many_attempts_as_were_given() {
        let mut three = attempts(3);
        assert_eq!(three.made(), 1);
        assert_eq!((three.again(), three.again()), (Ok(()), Ok(())));
        let error = three.again().unwrap_err();
        assert_eq!(error.detail().code, "attempts-exhausted");
        assert_eq!(three.ended_with("10.0.0.1").attempts, 3);
    }

    #[test]
    fn a_conflict_is_an_attempt_and_nothing_else_is() {
        let mut one = attempts(1);
        let error = one.step(|| Err::<(), _>(Error::conflict("1213", "deadlock")));
        assert_eq!(error.unwrap_err().detail().code, "attempts-exhausted");
        let lost = Error::indefinite("2013", "lost");
        assert_eq!(one.step(|| Err::<(), _>(lost.clone())), Err(lost));
        assert_eq!(one.step(|| Ok(7)), Ok(7));
        assert_eq!(one.made(), 1);
    }
}
