//! Searches the seeds of each strategy of a plan for a violation.

mod bar;

use self::bar::SearchBar;
use super::{CancelFlag, RunError, remarks};
use crate::capability::strategy::Strategy;
use crate::console::Screen;
use crate::explore::case::Case;
use crate::explore::examine::{Examined, Found, SeedSearch};
use crate::explore::search::Seeds;
use crate::explore::simulate::simulate;
use crate::explore::token::{Replay, Token};
use crate::model::fault_class::FaultClasses;
use crate::model::verdict::Verdict;
use crate::plan::search::ResolvedSearch;
use crate::plan::{PlannedTrial, command_line, settings};
use crate::report::check::{CheckReport, Checked, Witness};
use crate::wasm::clean;
use contend_dst::Recording;
use std::sync::Arc;
use std::time::Instant;

/// Searches each strategy in turn, until all is tried or the user cancels. Shows and writes nothing of
/// the results.
pub fn search(
    search: &ResolvedSearch<'_>,
    cancel: &CancelFlag,
    screen: &Screen,
) -> Result<CheckReport, RunError> {
    let replayed = replayed(search)?;
    let (options, plan) = (search.options, &search.resolved.plan);
    let seeds = Seeds {
        first: replayed.unwrap_or(plan.seed),
        count: replayed.map_or(options.seeds, |_| 1),
        time: options.time.filter(|_| replayed.is_none()),
        jobs: search.jobs,
    };
    let trials = plan.trials.iter().zip(&search.classes);
    let turns = trials.zip(&search.resolved.strategies);
    let checked = turns.map(|((planned, classes), strategy)| {
        let turn = Turn {
            search,
            planned,
            classes,
            seeds: &seeds,
            cancel,
        };
        turn.take(strategy.clone(), screen)
    });
    let checked = checked.collect::<Result<_, _>>()?;
    Ok(CheckReport { checked })
}

/// The seed to replay, if one was asked for. Refuses a token of another simulation.
fn replayed(search: &ResolvedSearch<'_>) -> Result<Option<u64>, RunError> {
    let Some(given) = &search.options.replay else {
        return Ok(None);
    };
    let refused = |why: String| RunError::Replay {
        given: given.clone(),
        why,
    };
    let [planned] = &search.resolved.plan.trials[..] else {
        return Err(refused("it is of one strategy; name that one".to_owned()));
    };
    match given.parse().map_err(refused)? {
        Replay::Seed(seed) => Ok(Some(seed)),
        Replay::Exactly(asked) => {
            let here = token(search, planned, asked.seed);
            let differences = asked.differences(&here);
            match differences.is_empty() {
                true => Ok(Some(asked.seed)),
                false => Err(refused(differences.join(", and "))),
            }
        }
    }
}

/// Everything but the seed and the component is the plan, what bounds an instance included.
fn token(search: &ResolvedSearch<'_>, planned: &PlannedTrial, seed: u64) -> Token {
    let plan = &search.resolved.plan;
    let case = Case {
        seed: 0,
        ..Case::planned(plan, planned, &search.world)
    };
    let bounds = (plan.memory_mib, plan.computing_ms);
    let decides = (case, search.varied, &search.options.faults, bounds);
    Token::new(seed, &planned.digest, &decides)
}

/// One strategy's turn.
struct Turn<'a> {
    search: &'a ResolvedSearch<'a>,
    planned: &'a PlannedTrial,
    classes: &'a FaultClasses,
    seeds: &'a Seeds,
    cancel: &'a CancelFlag,
}

impl Turn<'_> {
    fn take(&self, strategy: Arc<dyn Strategy>, screen: &Screen) -> Result<Checked, RunError> {
        let began = Instant::now();
        let plan = &self.search.resolved.plan;
        let case = Case::planned(plan, self.planned, &self.search.world);
        let bar = SearchBar::new(screen, &self.planned.name);
        let seed_search = SeedSearch {
            case: &case,
            varied: self.search.varied,
            classes: self.classes,
            simulate: &|case: &Case, recording: Recording| simulate(case, &strategy, recording),
            is_cancelled: &|| self.cancel.is_set(),
        };
        let examined = seed_search.examine(self.seeds, &|progress| bar.update(progress))?;
        let Examined { mut tally, found } = examined;
        // Parts of them are what a strategy wrote.
        for message in tally.messages.values_mut() {
            *message = clean(message);
        }
        drop(bar);
        remarks::refusals(&self.planned.name, &*strategy);
        let settings_unread = settings::unread(plan, self.planned, &*strategy);
        remarks::unread(&self.planned.name, &settings_unread);
        let was_interrupted = self.cancel.is_set();
        let verdict = match &found {
            Some(found) => Verdict::Violated(found.prose.clone()),
            None if tally.seeds == 0 && was_interrupted => {
                Verdict::Unknown("it was interrupted before its first seed".to_owned())
            }
            None if was_interrupted => Verdict::Unknown(format!(
                "it was interrupted after {} of {} seeds, none of which went wrong",
                tally.seeds, self.seeds.count
            )),
            None if tally.seeds == 0 => Verdict::Unknown("there was no time for a seed".to_owned()),
            // Some seeds that show nothing are no reason to doubt those that do.
            None if tally.unknown < tally.seeds => Verdict::Valid,
            None => Verdict::Unknown(tally.unknown_why.clone().unwrap_or_default()),
        };
        Ok(Checked {
            strategy: self.planned.name.clone(),
            digest: self.planned.digest.clone(),
            settings_unread,
            verdict,
            tally,
            took_ns: began.elapsed().as_nanos() as u64,
            was_interrupted,
            witness: found.map(|found| self.witness(found)),
        })
    }

    fn witness(&self, found: Found) -> Witness {
        let token = token(self.search, self.planned, found.seed).to_string();
        Witness {
            checker: found.checker,
            prose: found.prose,
            seed: found.seed,
            case: found.case.prose(),
            tries: found.tries,
            weaker: found.weaker,
            timeline: found.timeline,
            replay: command_line::of(
                "check",
                self.search.options,
                self.planned,
                Some(("--replay", &token)),
            ),
        }
    }
}
