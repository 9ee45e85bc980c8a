//! Decides what a call of the strategy comes to, and remembers what was called.

use crate::capability::clock::Clock;
use crate::capability::strategy::Death;
use crate::model::change::StepKind;
use crate::model::error::CallError;
use crate::model::injection::{Called, Injected, Injection};
use crate::model::resource_usage::ResourceUsage;
use std::sync::{Arc, Mutex, MutexGuard};

/// The most calls of one step that are answered: a strategy that calls more often gets no answer any
/// more, and ends by the change time-out. A strategy that looks every 10 ms for a whole minute stays
/// far below.
pub const MOST_CALLS: u32 = 20_000;

/// Of each step, so many calls are remembered.
pub const MOST_LOGGED: u32 = 200;

/// The time that a fault takes to come, so that a loop of retries takes time.
const ANSWER_NS: u64 = 1_000_000;

/// An injection into the first change. The later changes are left in peace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    Undisturbed,
    /// One call is answered with a fault.
    Once(Injection),
    /// From the beginning of a step to the end of the change, these services answer
    /// `unavailable`.
    Away {
        step: StepKind,
        who: Away,
    },
}

/// The part that is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Away {
    Database,
    Locks,
    Everything,
}

/// A step of a change, by the change's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub change: u32,
    pub step: StepKind,
}

/// One call and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    pub place: Place,
    /// Within its step, from 1.
    pub number: u32,
    pub called: Called,
    pub in_transaction: bool,
    /// The statement, the node or the lock that it was about.
    pub about: String,
    /// Absent if none came.
    pub answer: Option<String>,
    pub injected: Option<Injected>,
}

/// The facts about a simulation's strategy beside its history.
#[derive(Debug, Default)]
pub struct Seen {
    pub log: Vec<Logged>,
    /// The step that is under way, or that never ended.
    pub under_way: Option<Place>,
    /// Calls of the step that began last.
    pub calls: u32,
    pub death: Option<(Option<Place>, Death)>,
    pub spent: ResourceUsage,
    /// The fault of the script was given.
    pub is_injected: bool,
    is_away: bool,
}

pub struct Injector {
    script: Script,
    seen: Mutex<Seen>,
}

impl Injector {
    pub fn new(script: Script) -> Arc<Self> {
        Arc::new(Self {
            script,
            seen: Mutex::default(),
        })
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().expect("no panic while held")
    }

    /// Takes the recorded facts, when the simulation is over.
    pub fn take(&self) -> Seen {
        std::mem::take(&mut *self.seen())
    }

    pub fn step_begins(&self, place: Place) {
        let mut seen = self.seen();
        seen.under_way = Some(place);
        seen.calls = 0;
        if let Script::Away { step, .. } = self.script {
            seen.is_away = place.change == 0 && (seen.is_away || place.step == step);
        }
    }

    pub fn step_ends(&self, spent: ResourceUsage) {
        let mut seen = self.seen();
        seen.under_way = None;
        seen.spent = seen.spent.most(spent);
    }

    /// Of several, the first is kept: the others come of it.
    pub fn died(&self, death: &Death) {
        let mut seen = self.seen();
        let place = seen.under_way.take();
        seen.death.get_or_insert_with(|| (place, death.clone()));
    }

    /// A call comes in: the fault that it is to be answered with, if it is to be. Never returns to
    /// one that has called too often.
    pub async fn ask(
        &self,
        clock: &dyn Clock,
        called: Called,
        in_transaction: bool,
        about: &str,
    ) -> Option<Injected> {
        let injected = self.ask_at_once(called, in_transaction, about);
        if self.seen().calls > MOST_CALLS {
            std::future::pending::<()>().await;
        }
        if injected.is_some() {
            clock.sleep(ANSWER_NS).await;
        }
        injected
    }

    /// The same of a call that takes no time.
    pub fn ask_at_once(
        &self,
        called: Called,
        in_transaction: bool,
        about: &str,
    ) -> Option<Injected> {
        let mut seen = self.seen();
        // Calls beside the steps, as when an instance ends, are not counted.
        let place = seen.under_way?;
        seen.calls += 1;
        let number = seen.calls;
        let injected = self.injected(&seen, place, called, in_transaction);
        seen.is_injected |= injected.is_some();
        if number <= MOST_LOGGED {
            seen.log.push(Logged {
                place,
                number,
                called,
                in_transaction,
                about: about.to_owned(),
                answer: None,
                injected,
            });
        }
        injected
    }

    fn injected(
        &self,
        seen: &Seen,
        place: Place,
        called: Called,
        in_transaction: bool,
    ) -> Option<Injected> {
        match self.script {
            Script::Undisturbed => None,
            Script::Once(injection) => {
                let is_it = place.change == 0
                    && (place.step, seen.calls, called)
                        == (injection.step, injection.number, injection.call);
                is_it.then_some(injection.fault)
            }
            Script::Away { who, .. } => {
                let is_of_it = match who {
                    Away::Everything => true,
                    Away::Database => !called.is_of_locks(),
                    Away::Locks => called.is_of_locks(),
                };
                let can_be = called.can_give(in_transaction);
                let is_away = seen.is_away && is_of_it && can_be.contains(&Injected::Unavailable);
                is_away.then_some(Injected::Unavailable)
            }
        }
    }

    /// The call that was asked last has this answer.
    pub fn answered<T>(&self, answer: &Result<T, CallError>, describe: impl FnOnce(&T) -> String) {
        let mut seen = self.seen();
        if seen.under_way.is_none() || seen.calls > MOST_LOGGED {
            return;
        }
        if let Some(last) = seen.log.last_mut() {
            last.answer = Some(match answer {
                Ok(value) => describe(value),
                Err(error) => format!("{} {}", error.kind.as_str(), error.code),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use futures_util::FutureExt;

    /// Waits for nothing.
    struct Still;

    #[async_trait]
    impl Clock for Still {
        fn now(&self) -> u64 {
            0
        }

        async fn sleep(&self, _: u64) {}
    }

    const ACQUIRE: Place = Place {
        change: 0,
        step: StepKind::Acquire,
    };

    #[test]
    fn too_many_calls_are_not_answered_until_the_next_step() {
        let injector = Injector::new(Script::Undisturbed);
        let ask = || {
            let asked = injector.ask(&Still, Called::Query, false, "SELECT 1");
            asked.now_or_never()
        };
        injector.step_begins(ACQUIRE);
        for number in 0..MOST_CALLS {
            assert_eq!(ask(), Some(None), "{number}");
        }
        assert_eq!(ask(), None);
        injector.step_begins(Place {
            step: StepKind::Release,
            ..ACQUIRE
        });
        assert_eq!(ask(), Some(None));
        assert_eq!(injector.take().log.len(), MOST_LOGGED as usize + 1);
    }

    #[test]
    fn calls_beside_the_steps_are_neither_counted_nor_disturbed() {
        let injector = Injector::new(Script::Away {
            step: StepKind::Acquire,
            who: Away::Everything,
        });
        let ask = || injector.ask_at_once(Called::Query, false, "SELECT 1");
        assert_eq!(ask(), None);
        injector.step_begins(ACQUIRE);
        assert_eq!(ask(), Some(Injected::Unavailable));
        injector.step_ends(ResourceUsage::default());
        assert_eq!(ask(), None);
        assert_eq!(injector.take().log.len(), 1);
    }
}
