//! The parts that look at one change in a small world: undisturbed, with injected faults, in outages.

use super::TestOptions;
use crate::capability::strategy::Strategy;
use crate::console::Waiting;
use crate::exit::{CommandError, Refusal};
use crate::explore::case::Case as World;
use crate::explore::conformance::{
    Away, Conducted, Logged, MOST_LOGGED, Script, conduct, injections, outages, small_world,
};
use crate::model::injection::{Injection, Only};
use crate::model::resource_usage::ResourceUsage;
use crate::plan::search::ResolvedSearch;
use crate::plan::{PlannedTrial, command_line};
use crate::report::conformance::{Case, Part, Status};
use crate::run::{CancelFlag, RunError};
use crate::wasm::clean;
use std::sync::Arc;

const MIB: f64 = (1 << 20) as f64;

/// A strategy, and the world in which it is asked.
pub struct Subject<'a> {
    options: &'a TestOptions,
    planned: &'a PlannedTrial,
    cancel: &'a CancelFlag,
    waiting: &'a Waiting,
    world: World,
    strategy: Arc<dyn Strategy>,
}

impl<'a> Subject<'a> {
    pub fn new(
        options: &'a TestOptions,
        search: &'a ResolvedSearch<'a>,
        cancel: &'a CancelFlag,
        waiting: &'a Waiting,
    ) -> Result<Self, CommandError> {
        let plan = &search.resolved.plan;
        let strategies = &search.resolved.strategies;
        let ([planned], [strategy]) = (&plan.trials[..], &strategies[..]) else {
            return Err(Refusal::OneStrategy.into());
        };
        Ok(Self {
            options,
            planned,
            cancel,
            waiting,
            world: small_world(&World::planned(plan, planned, &search.world)),
            strategy: strategy.clone(),
        })
    }

    fn conduct(&self, script: Script) -> Result<Conducted, CommandError> {
        let conducted = conduct(&self.world, &self.strategy, script);
        Ok(conducted.map_err(RunError::from)?)
    }

    fn say(&self, what: &str, number: usize, all: usize) {
        let (name, number) = (&self.planned.name, number + 1);
        self.waiting
            .set(format!("{name}: {what} {number} of {all}"));
    }

    pub fn undisturbed(&self) -> Result<Conducted, CommandError> {
        self.conduct(Script::Undisturbed)
    }

    /// Ordinary changes go well, and stay within what an instance may use up.
    pub fn ordinary(&self, undisturbed: &Conducted) -> Part {
        let plan = &self.options.search.plan;
        let name = "ordinary changes";
        match &undisturbed.wrong {
            None => {
                let summary = spent(undisturbed.spent, plan.memory_mib, plan.computing_ms);
                Part::new(name, Status::Passed, summary)
            }
            Some(wrong) => Part::new(name, Status::Failed, wrong),
        }
    }

    /// Each fault at each call, one at a time.
    pub fn faults(&self, undisturbed: &Conducted) -> Result<Part, CommandError> {
        let mut all = injections(&undisturbed.log);
        if let Some(words) = &self.options.only {
            let only = Only::new(words);
            all.retain(|injection| only.takes(injection));
            if all.is_empty() {
                return Err(Refusal::NoSuchInjection {
                    given: words.clone(),
                    calls: calls(&undisturbed.log),
                }
                .into());
            }
        }
        let (mut cases, mut wrong) = (Vec::new(), 0);
        for (number, injection) in all.iter().enumerate() {
            self.say("fault", number, all.len());
            if self.cancel.is_set() {
                return Ok(Part::new("faults", Status::Unknown, "interrupted"));
            }
            let conducted = self.conduct(Script::Once(*injection))?;
            wrong += usize::from(conducted.wrong.is_some());
            if conducted.wrong.is_some() || self.options.only.is_some() {
                cases.push(self.case(*injection, conducted));
            }
        }
        let log = undisturbed.log.iter();
        let of_first = log.filter(|logged| logged.place.change == 0);
        let summary = format!(
            "{} calls in a change, {} faults, one at a time{}{}",
            of_first.count(),
            all.len(),
            beyond(&undisturbed.log),
            match wrong {
                0 => String::new(),
                wrong => format!("; {wrong} of them were handled wrongly"),
            }
        );
        let status = match (all.is_empty(), wrong) {
            (true, _) => Status::NotApplicable,
            (false, 0) => Status::Passed,
            (false, _) => Status::Failed,
        };
        let mut part = Part::new("faults", status, summary);
        part.cases = cases;
        Ok(part)
    }

    fn case(&self, injection: Injection, conducted: Conducted) -> Case {
        let name = injection.to_string();
        Case {
            done: format!(
                "Call {} of the {}, {}, {}.",
                injection.number,
                injection.step.as_str(),
                injection.call.as_str(),
                injection.fault.prose()
            ),
            wrong: conducted.wrong,
            calls: match self.options.only {
                Some(_) => conducted.log.iter().map(line).collect(),
                None => Vec::new(),
            },
            again: self.again(Some(("--only", &name))),
            name,
        }
    }

    /// A change whose database or lock service is away for good ends, by itself or by the change
    /// time-out, and is honest about it.
    pub fn outages(&self, undisturbed: &Conducted) -> Result<Part, CommandError> {
        let scripts = outages(&undisturbed.log);
        let mut part = Part::new("outages", Status::Passed, "");
        let (mut given, mut waited) = (0, 0);
        let all = scripts.len();
        for (number, script) in scripts.into_iter().enumerate() {
            self.say("outage", number, all);
            let conducted = self.conduct(script)?;
            if !conducted.is_injected {
                continue;
            }
            given += 1;
            waited += usize::from(conducted.is_timed_out);
            if let Some(wrong) = conducted.wrong {
                part.status = Status::Failed;
                part.cases.push(self.outage(script, &wrong));
            }
        }
        part.summary = match given {
            0 => "it asks neither database nor lock service".to_owned(),
            _ => format!(
                "{given} outages of a whole change; {} given up by the strategy, {waited} ended by the \
                 change time-out of {} s",
                given - waited,
                self.world.change_timeout_s
            ),
        };
        if given == 0 {
            part.status = Status::NotApplicable;
        }
        Ok(part)
    }

    fn outage(&self, script: Script, wrong: &str) -> Case {
        let name = match script {
            Script::Away { step, who } => {
                let who = match who {
                    Away::Database => "the database is away",
                    Away::Locks => "the lock service is away",
                    Away::Everything => "the database and the lock service are away",
                };
                format!("{who} from the {} on", step.as_str())
            }
            Script::Undisturbed | Script::Once(_) => String::new(),
        };
        Case {
            name,
            done: String::new(),
            wrong: Some(wrong.to_owned()),
            calls: Vec::new(),
            again: self.again(None),
        }
    }

    /// The command that asks this again, or the part that its own option names.
    fn again(&self, own: Option<(&str, &str)>) -> String {
        command_line::of("test", &self.options.search, self.planned, own)
    }
}

/// Describes the memory and computing used, against their limits.
fn spent(spent: ResourceUsage, memory_mib: u64, computing_ms: u64) -> String {
    let memory = spent.memory_bytes as f64 / MIB;
    let computing = spent.computing.as_secs_f64() * 1e3;
    let is_near = memory * 2.0 > memory_mib as f64 || computing * 2.0 > computing_ms as f64;
    let near = if is_near {
        "; that is more than half"
    } else {
        ""
    };
    format!(
        "{memory:.2} of {memory_mib} MiB; {computing:.3} of {computing_ms} ms in the longest call, at \
         a million instructions a millisecond{near}"
    )
}

/// The calls of a change, as `--only` wants them.
fn calls(log: &[Logged]) -> String {
    let of_first = log.iter().filter(|logged| logged.place.change == 0);
    let calls: Vec<_> = of_first
        .map(|logged| {
            let step = logged.place.step.as_str();
            format!("{step} {} {}", logged.number, logged.called.as_str())
        })
        .collect();
    calls.join(", ")
}

/// Adds a note where a step makes more calls than are tried.
fn beyond(log: &[Logged]) -> String {
    match log.iter().any(|logged| logged.number == MOST_LOGGED) {
        true => format!(" (of each step the first {MOST_LOGGED} calls)"),
        false => String::new(),
    }
}

fn line(logged: &Logged) -> String {
    let injected = match logged.injected {
        Some(injected) => format!(" ({})", injected.as_str()),
        None => String::new(),
    };
    let line = format!(
        "change {} {} {} {}{injected} {} → {}",
        logged.place.change + 1,
        logged.place.step.as_str(),
        logged.number,
        logged.called.as_str(),
        logged.about,
        logged.answer.as_deref().unwrap_or("no answer")
    );
    clean(&line.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn use_near_a_limit_is_reported() {
        let summary = |mib: u64, ms| {
            let spent_now = ResourceUsage {
                memory_bytes: mib << 20,
                computing: Duration::from_millis(ms),
            };
            spent(spent_now, 64, 1000)
        };
        let far = summary(32, 500);
        assert!(
            far.starts_with("32.00 of 64 MiB; 500.000 of 1000 ms"),
            "{far}"
        );
        assert!(!far.contains("half"), "{far}");
        assert!(summary(33, 0).ends_with("; that is more than half"));
        assert!(summary(0, 501).ends_with("; that is more than half"));
    }
}
