//! One strategy, many seeds: is there one by which it goes wrong, and what is the least of it?

use super::case::Case;
use super::outcome::{Simulated, lease};
use super::search::{Seeds, Tried, search};
use super::shrink::{Shrunk, shrink};
use super::witness;
use crate::model::fault_class::FaultClasses;
use crate::model::timeline::Timeline;
use crate::plan::search::Varied;
use crate::record::tally::Tally;
use crate::sim::event::{Actor, Event, LockCall, What};
use crate::sim::schedule::{self, Call, Stage};
use contend_dst::Recording;
use std::collections::BTreeSet;
use std::sync::Mutex;

/// All simulations of one shrinking together execute about so many statements at most: what a bound
/// on time would be, but the same on every machine.
const MOST_STATEMENTS: u64 = 20_000_000;

/// A search over seeds of a case.
pub struct SeedSearch<'a, E> {
    /// Its seed is each seed in turn.
    pub case: &'a Case,
    /// The parameters of the case's workload that each seed draws; the rest is as the case has it.
    pub varied: Varied,
    /// The fault classes from which each seed draws; its faults come beside those of the case.
    pub classes: &'a FaultClasses,
    pub simulate: &'a (dyn Fn(&Case, Recording) -> Result<Simulated, E> + Sync),
    /// Asked now and then: if so, nothing more is tried, neither seeds nor what is smaller.
    pub is_cancelled: &'a (dyn Fn() -> bool + Sync),
}

/// The result of a search.
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
    /// The weaknesses of the model, against a server, that this simulation met, in words.
    pub weaker: Vec<String>,
}

/// The state of a search.
pub enum Progress<'a> {
    /// No violation was found in these.
    Searching(&'a Tally),
    /// A violation was found with this seed, and is being shrunk.
    Shrinking { seed: u64 },
}

impl<E: Send> SeedSearch<'_, E> {
    /// Searches, and shrinks the first violation. Any thread calls `progress`.
    pub fn examine(
        &self,
        seeds: &Seeds,
        progress: &(dyn Fn(Progress<'_>) + Sync),
    ) -> Result<Examined, E> {
        let tally = Mutex::new(Tally::default());
        let searched = search(seeds, self.is_cancelled, |seed| {
            let case = self.case_of(seed);
            let simulated = case.and_then(|case| {
                let simulated = (self.simulate)(&case, Recording::Off)?;
                Ok((case, simulated))
            });
            match simulated {
                Err(error) => Tried::Stop(Err(error)),
                Ok((case, simulated)) => {
                    let mut tally = tally.lock().expect("no panic while held");
                    tally.add(
                        &simulated.judgement.verdict,
                        Varied::shape_of(&case.workload),
                        &simulated.changes,
                        &case.faults,
                    );
                    tally.simulated_ns = tally.simulated_ns.saturating_add(simulated.total_time);
                    tally.statements += simulated.statements;
                    progress(Progress::Searching(&tally));
                    match simulated.violation() {
                        None => Tried::Holds,
                        Some(answer) => Tried::Stop(Ok(answer.checker.clone())),
                    }
                }
            }
        });
        let found = match searched.stopped {
            None => None,
            Some((seed, violated)) => {
                let violated = violated?;
                progress(Progress::Shrinking { seed });
                Some(self.least(self.case_of(seed)?, violated)?)
            }
        };
        Ok(Examined {
            tally: tally.into_inner().expect("no panic while held"),
            found,
        })
    }

    /// The case of a seed, with the faults that the seed draws: for that it is simulated without them
    /// first, to know when its workers do what.
    fn case_of(&self, seed: u64) -> Result<Case, E> {
        let mut case = Case {
            seed,
            workload: self.varied.draw(seed, &self.case.workload),
            ..self.case.clone()
        };
        let classes = self.classes.as_slice();
        if classes.is_empty() || schedule::count(seed) == 0 {
            return Ok(case);
        }
        let without = (self.simulate)(&case, Recording::Keep)?;
        let stage = Stage {
            nodes: case.topology.nodes,
            workers: case.workload.workers(),
            length: without.total_time,
            calls: calls(&without),
            has_locks: case.locks.is_some(),
            has_standbys: case.topology.has_standbys(),
            lease: lease(&case),
        };
        case.faults.extend(schedule::draw(seed, classes, &stage));
        case.faults.sort_by_key(|fault| fault.at);
        Ok(case)
    }

    /// Makes a violating case as small as it can be, and describes it.
    fn least(&self, case: Case, checker: String) -> Result<Found, E> {
        let seed = case.seed;
        let (mut statements, mut tries) = (0, 0);
        let violates = |case: &Case| {
            if statements >= MOST_STATEMENTS || (self.is_cancelled)() {
                return false;
            }
            tries += 1;
            // A smaller case that can't be simulated is none.
            let Ok(simulated) = (self.simulate)(case, Recording::Off) else {
                return false;
            };
            statements += simulated.statements;
            simulated.violates(&checker)
        };
        let Shrunk { case, .. } = shrink(case, violates);
        let simulated = (self.simulate)(&case, Recording::Keep)?;
        let answers = &simulated.judgement.answers;
        let answer = answers.iter().find(|answer| answer.checker == checker);
        let about = answer.and_then(|answer| answer.about.as_ref());
        let prose = answer.and_then(|answer| answer.verdict.why());
        Ok(Found {
            seed,
            timeline: witness::timeline(
                &*case.workload.kind,
                about,
                &simulated.changes,
                &simulated.events,
                simulated.let_go,
            ),
            prose: prose.unwrap_or_default().to_owned(),
            weaker: weaker(&simulated.events),
            checker,
            case,
            tries,
        })
    }
}

/// Lists what the model let pass that a server may refuse, each once.
fn weaker(events: &[Event]) -> Vec<String> {
    let how = events.iter().filter_map(|event| match event.what {
        What::Weaker { transaction, how } => {
            matches!(transaction.actor, Actor::Worker(_)).then_some(how)
        }
        _ => None,
    });
    let how: BTreeSet<_> = how.collect();
    how.into_iter().map(|how| how.to_string()).collect()
}

/// The statements of workers, and the locks that they got, from the moment when they were let go.
fn calls(simulated: &Simulated) -> Vec<Call> {
    let call = |event: &Event| {
        let (actor, sent) = match &event.what {
            What::Answered {
                transaction, sent, ..
            } => (transaction.actor, *sent),
            What::Lock {
                actor,
                sent,
                call: LockCall::Granted { .. },
                ..
            } => (*actor, *sent),
            _ => return None,
        };
        let Actor::Worker(worker) = actor else {
            return None;
        };
        Some(Call {
            worker,
            sent: sent.checked_sub(simulated.let_go)?,
            answered: event.at.checked_sub(simulated.let_go)?,
        })
    };
    simulated.events.iter().filter_map(call).collect()
}

#[cfg(test)]
mod tests;
