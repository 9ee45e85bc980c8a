//! All randomness of a simulation, from its seed.

use crate::model::topology::Spread;
use rand_pcg::Pcg64;
use rand_pcg::rand_core::{Rng, SeedableRng};

/// What random numbers are for. Each purpose has a stream of its own, so that one more draw for one
/// of them changes nothing for the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Network,
    Servers,
    Locks,
    Faults,
    /// When each worker begins.
    Start,
    /// How large the simulation is.
    Shape,
}

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub struct Random(Pcg64);

impl Random {
    pub fn new(seed: u64, purpose: Purpose) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        // Workers draw from streams below this (strategy/wasm/host.rs).
        key[24] = 1;
        // The generator ignores the lowest bit of a stream's number.
        key[16] = (purpose as u8) << 1;
        Self(Pcg64::from_seed(key))
    }

    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Evenly from 0 up to, not including, `below`; 0 if that is 0.
    pub fn below(&mut self, below: u64) -> u64 {
        ((u128::from(self.next_u64()) * u128::from(below)) >> 64) as u64
    }

    /// Evenly from 0 up to, not including, 1.
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// A distribution of times, ready to be drawn from: a table of quantiles, because the functions that
/// would give them exactly are not the same to the last bit on every machine.
#[derive(Debug, Clone)]
pub struct Times(Box<[u32]>);

/// Quantiles of the normal distribution, in 1/1000, at the middle of each 64th; mirrored.
const NORMAL: [i32; 32] = [
    2418, 1987, 1762, 1601, 1473, 1365, 1271, 1187, 1111, 1040, 974, 912, 852, 796, 742, 690, 639,
    590, 543, 496, 451, 406, 363, 320, 277, 235, 194, 153, 112, 78, 49, 20,
];

impl Times {
    pub fn new(spread: Spread) -> Self {
        let p50 = (spread.p50_us * 1000.0).max(0.0);
        let p99 = (spread.p99_us * 1000.0).max(p50);
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

    /// One time, in nanoseconds: somewhere between two neighbouring quantiles.
    pub fn draw(&self, random: &mut Random) -> u64 {
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
    fn times_have_the_median_and_the_spread_that_were_asked_for() {
        let times = Times::new(Spread {
            p50_us: 100.0,
            p99_us: 400.0,
        });
        let mut random = Random::new(7, Purpose::Network);
        let mut drawn: Vec<_> = (0..10_000).map(|_| times.draw(&mut random)).collect();
        drawn.sort_unstable();
        let median = drawn[5_000];
        assert!((95_000..105_000).contains(&median), "{median}");
        let p97 = drawn[9_700];
        assert!((250_000..400_000).contains(&p97), "{p97}");
    }

    #[test]
    fn streams_are_apart() {
        let mut one = Random::new(7, Purpose::Network);
        let mut other = Random::new(7, Purpose::Servers);
        assert_ne!(one.next_u64(), other.next_u64());
        assert!((0..1000).all(|_| one.below(3) < 3));
    }
}
