//! All randomness of a simulation, from its seed.

use crate::Nanos;
use rand_pcg::Pcg64;
use rand_pcg::rand_core::{Rng, SeedableRng};

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub struct Random(Pcg64);

impl Random {
    /// A stream of a seed. Each purpose of a simulation should draw from a stream of its own, so that
    /// one more draw for one of them changes nothing for the others.
    pub fn new(seed: u64, stream: impl Into<u8>) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        // Leaves the streams below this to others that draw from a Pcg64 with the same seed.
        key[24] = 1;
        // The generator ignores the lowest bit of a stream's number.
        key[16..18].copy_from_slice(&(u16::from(stream.into()) << 1).to_le_bytes());
        Self(Pcg64::from_seed(key))
    }

    /// The next number, from all 64-bit numbers.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number from 0 up to, not including, `below`, all equally likely; 0 if `below` is 0.
    #[inline]
    pub fn below(&mut self, below: u64) -> u64 {
        ((u128::from(self.next_u64()) * u128::from(below)) >> 64) as u64
    }

    /// A number from 0 up to, not including, 1, all equally likely.
    #[inline]
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// A log-normal distribution of durations. It is a table of quantiles, because functions that compute
/// them are not the same to the last bit on every machine.
#[derive(Debug, Clone)]
pub struct Times(Box<[u32]>);

/// Quantiles of the normal distribution, in 1/1000, at the middle of each 64th; mirrored.
const NORMAL: [i32; 32] = [
    2418, 1987, 1762, 1601, 1473, 1365, 1271, 1187, 1111, 1040, 974, 912, 852, 796, 742, 690, 639,
    590, 543, 496, 451, 406, 363, 320, 277, 235, 194, 153, 112, 78, 49, 20,
];

impl Times {
    /// A distribution with this median and this 99th percentile, in microseconds.
    pub fn new(p50_us: f64, p99_us: f64) -> Self {
        let p50 = (p50_us * 1000.0).max(0.0);
        let p99 = (p99_us * 1000.0).max(p50);
        // ln(p99 / p50) / 2.326: computed once, and rounded to whole nanoseconds below.
        let sigma = if p50 > 0.0 {
            (p99 / p50).ln() / 2.326
        } else {
            0.0
        };
        let at = |z: i32| (p50 * (sigma * f64::from(z) / 1000.0).exp()).round() as u32;
        let low = NORMAL.iter().map(|&z| at(-z));
        let high = NORMAL.iter().rev().map(|&z| at(z));
        Self(low.chain(high).collect())
    }

    /// Draws a duration, somewhere between two neighbouring quantiles.
    #[inline]
    pub fn draw(&self, random: &mut Random) -> Nanos {
        let drawn = random.next_u64();
        let last = self.0.len() as u64 - 1;
        let place = ((drawn >> 32) * last) >> 32;
        let (low, high) = (self.0[place as usize], self.0[place as usize + 1]);
        let part = drawn & 0xffff_ffff;
        u64::from(low) + ((u64::from(high - low) * part) >> 32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_their_median_and_spread() {
        let times = Times::new(100.0, 400.0);
        let mut random = Random::new(7, 1);
        let mut drawn: Vec<_> = (0..10_000).map(|_| times.draw(&mut random)).collect();
        drawn.sort_unstable();
        let median = drawn[5_000];
        assert!((95_000..105_000).contains(&median), "{median}");
        let p97 = drawn[9_700];
        assert!((250_000..400_000).contains(&p97), "{p97}");
    }

    #[test]
    fn streams_of_a_seed_differ() {
        let mut one = Random::new(7, 1);
        let mut other = Random::new(7, 2);
        assert_ne!(one.next_u64(), other.next_u64());
        assert!((0..1000).all(|_| one.below(3) < 3));
    }
}
