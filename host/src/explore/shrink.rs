//! From a case that violates to a smaller one that still does.

mod candidates;

use super::case::Case;
use candidates::PASSES;

/// Simulations of one shrinking, at most. A bound on time would make the result depend on the machine.
pub const MOST_TRIES: u32 = 600;

/// Beside its own seed a candidate is tried with so many others: what is smaller takes another
/// course, and may miss the moment.
const NEIGHBOURS: u64 = 3;

/// A case from which nothing more could be taken away.
#[derive(Debug)]
pub struct Shrunk {
    pub case: Case,
    /// The number of simulations that the shrinking took.
    pub tries: u32,
}

/// Takes away what is not needed, one thing after the other, as long as the case violates in the
/// same way, which `violates` says. The same for the same case.
pub fn shrink(case: Case, mut violates: impl FnMut(&Case) -> bool) -> Shrunk {
    let mut shrunk = Shrunk { case, tries: 0 };
    // What one pass takes away may make room for another that came before it.
    loop {
        let before = shrunk.case.clone();
        for pass in PASSES {
            shrunk.exhaust(pass, &mut violates);
        }
        if shrunk.case == before || shrunk.tries >= MOST_TRIES {
            return shrunk;
        }
    }
}

impl Shrunk {
    /// Takes the first candidate that still violates, until none does.
    fn exhaust(&mut self, pass: &fn(&Case) -> Vec<Case>, violates: &mut impl FnMut(&Case) -> bool) {
        'smaller: loop {
            for candidate in pass(&self.case) {
                for neighbour in 0..=NEIGHBOURS {
                    if self.tries >= MOST_TRIES {
                        return;
                    }
                    self.tries += 1;
                    let seed = candidate.seed.wrapping_add(neighbour);
                    let candidate = Case {
                        seed,
                        ..candidate.clone()
                    };
                    if violates(&candidate) {
                        self.case = candidate;
                        continue 'smaller;
                    }
                }
            }
            return;
        }
    }
}

#[cfg(test)]
mod tests;
