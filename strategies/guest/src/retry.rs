//! The published retry rule.

use crate::{Error, timing};
use std::time::Duration;

/// The time that the reference harness waits before it looks or tries again.
pub const RETRY_WAIT: Duration = Duration::from_millis(10);

/// Waits on the run's clock, which is virtual in the simulator.
pub fn sleep(duration: Duration) {
    timing::sleep(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
}

/// Waits for a random time of at most `most`.
pub fn wait_up_to(most: Duration) {
    if !most.is_zero() {
        let nanoseconds = random_below(most.as_nanos().saturating_add(1));
        sleep(Duration::from_nanos_u128(nanoseconds));
    }
}

/// A random number below `bound`, or 0 where there is none.
pub fn random_below(bound: u128) -> u128 {
    below(bound, timing::random)
}

/// The remainder of a draw that is so much larger than the bound that no number is much likelier than
/// another.
fn below(bound: u128, mut draw: impl FnMut() -> u64) -> u128 {
    let draw = match bound {
        0 | 1 => return 0,
        2..=0xffff_ffff => draw().into(),
        _ => u128::from(draw()) << 64 | u128::from(draw()),
    };
    draw % bound
}

/// The published retry rule: on a `conflict`, which certainly had no effect, wait and do the whole
/// step again. Everything else is returned: `unavailable` and `rejected` would fail again, and an
/// `indefinite` step done again may be done twice.
///
/// The number of tries has no bound of its own: the host bounds a change (`--change-timeout`), and
/// counts each conflict.
pub fn retry_conflicts<T>(
    wait: Duration,
    mut step: impl FnMut() -> Result<T, Error>,
) -> Result<T, Error> {
    loop {
        match step() {
            Err(Error::Conflict(_)) => sleep(wait),
            done => return done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_random_number_is_below_its_bound_and_reaches_all_of_it() {
        let mut draws = (0..).step_by(7);
        let mut drawn = [0; 3];
        for _ in 0..300 {
            let number = below(3, || draws.next().unwrap());
            drawn[number as usize] += 1;
        }
        assert_eq!(drawn, [100; 3]);
        assert_eq!(below(1 << 64, || u64::MAX), u64::MAX.into());
        assert!(below(1 << 100, || u64::MAX) >= 1 << 99);
        let no_draw = || unreachable!("there is only one such number");
        assert_eq!((below(0, no_draw), below(1, no_draw)), (0, 0));
    }
}
