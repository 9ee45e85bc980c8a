//! One strategy, many seeds: is there one by which it goes wrong, and what is the least of it?

use super::case::Case;
use super::outcome::{Simulated, lease};
use super::search::{Seeds, Tried, search};
use super::shrink::{Shrunk, shrink};
use super::witness;
use crate::model::change::Nanos;
use crate::model::fault_class::FaultClasses;
use crate::model::timeline::Timeline;
use crate::record::tally::Tally;
use crate::sim::log::Recording;
use crate::sim::schedule::{self, Stage};
use std::sync::Mutex;

/// Times of faults are drawn within this, if a run without any is shorter or longer.
const SHORTEST: Nanos = 10_000_000;
const LONGEST: Nanos = 600_000_000_000;

/// All simulations of one shrinking together execute about so many statements at most: what a bound
/// on time would be, but the same on every machine.
const MOST_STATEMENTS: u64 = 20_000_000;

/// What is examined.
pub struct Question<'a, E> {
    /// Its seed is each seed in turn.
    pub case: &'a Case,
    /// What each seed draws its faults from; they come beside those of the case.
    pub classes: &'a FaultClasses,
    pub simulate: &'a (dyn Fn(&Case, Recording) -> Result<Simulated, E> + Sync),
}

/// What came of it.
pub struct Examined {
    pub tally: Tally,
    /// Nothing if all seeds hold.
    pub found: Option<Found>,
}

/// A violation, as small as it could be made.
pub struct Found {
    /// The lowest seed that violates; the case's own may be a neighbour of it.
    pub seed: u64,
    pub checker: String,
    /// The witness in prose.
    pub prose: String,
    pub case: Case,
    pub timeline: Timeline,
    /// Simulations that it took to make it smaller.
    pub tries: u32,
}

impl<E: Send> Question<'_, E> {
    /// Searches, and shrinks what it finds. `progress` is told what there is so far, by any thread.
    pub fn examine(
        &self,
        seeds: &Seeds,
        progress: &(dyn Fn(&Tally) + Sync),
    ) -> Result<Examined, E> {
        let tally = Mutex::new(Tally::default());
        let stage = self.stage()?;
        let searched = search(seeds, |seed| {
            let case = self.case_of(seed, &stage);
            match (self.simulate)(&case, Recording::Off) {
                Err(error) => Tried::Stop(Err(error)),
                Ok(simulated) => {
                    let mut tally = tally.lock().expect("no panic while held");
                    tally.add(
                        &simulated.judgement.verdict,
                        &simulated.changes,
                        &case.faults,
                    );
                    tally.simulated_ns = tally.simulated_ns.saturating_add(simulated.total_time);
                    tally.statements += simulated.statements;
                    progress(&tally);
                    match simulated.violation() {
                        None => Tried::Holds,
                        Some(answer) => Tried::Stop(Ok(answer.checker.clone())),
                    }
                }
            }
        });
        let found = match searched.stopped {
            None => None,
            Some((seed, violated)) => Some(self.least(self.case_of(seed, &stage), violated?)?),
        };
        Ok(Examined {
            tally: tally.into_inner().expect("no panic while held"),
            found,
        })
    }

    /// The case of a seed, with the faults that the seed draws.
    fn case_of(&self, seed: u64, stage: &Stage) -> Case {
        let mut case = Case {
            seed,
            ..self.case.clone()
        };
        case.faults
            .extend(schedule::draw(seed, self.classes.as_slice(), stage));
        case.faults.sort_by_key(|fault| fault.at);
        case
    }

    /// What faults can hit, and how long a run takes: that depends on the strategy, on how it waits
    /// above all, so it is tried out, always with the same seed.
    fn stage(&self) -> Result<Stage, E> {
        let case = Case {
            seed: 0,
            ..self.case.clone()
        };
        let length = match self.classes.as_slice() {
            [] => 0,
            _ => (self.simulate)(&case, Recording::Off)?.total_time,
        };
        Ok(Stage {
            nodes: case.topology.nodes,
            workers: case.workload.workers(),
            length: length.clamp(SHORTEST, LONGEST),
            has_locks: case.locks.is_some(),
            lease: lease(&case),
        })
    }

    /// Makes a violating case as small as it can be, and tells it.
    fn least(&self, case: Case, checker: String) -> Result<Found, E> {
        let seed = case.seed;
        let mut statements = 0;
        let violates = |case: &Case| {
            if statements >= MOST_STATEMENTS {
                return None;
            }
            // A smaller case that can't be simulated is none.
            let simulated = (self.simulate)(case, Recording::Off).ok()?;
            statements += simulated.statements;
            simulated.violates(&checker).then_some(())
        };
        let Shrunk { case, tries, .. } = shrink(case, (), violates);
        let simulated = (self.simulate)(&case, Recording::Keep)?;
        let answers = &simulated.judgement.answers;
        let answer = answers.iter().find(|answer| answer.checker == checker);
        let about = answer.and_then(|answer| answer.about.as_ref());
        let prose = answer.and_then(|answer| answer.verdict.why());
        Ok(Found {
            seed,
            timeline: witness::timeline(
                about,
                &simulated.changes,
                &simulated.events,
                simulated.let_go,
            ),
            prose: prose.unwrap_or_default().to_owned(),
            checker,
            case,
            tries,
        })
    }
}

#[cfg(test)]
mod tests;
