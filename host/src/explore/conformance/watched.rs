//! A strategy whose capabilities are watched, and disturbed. The component knows nothing of it.

use super::database::WatchedDatabase;
use super::injector::{Injector, Place};
use super::locks::WatchedLocks;
use crate::capability::clock::Clock;
use crate::capability::strategy::{Allocated, Call, Capabilities, Death, Instance, Strategy};
use crate::model::change::{LostLocks, StepKind};
use crate::model::data::Status;
use crate::model::error::{CallError, ErrorCount};
use crate::model::injection::{Called, Injected};
use crate::model::marker::Mark;
use crate::model::resource_usage::ResourceUsage;
use crate::model::statements::Statements;
use async_trait::async_trait;
use std::sync::Arc;

/// The change that another instance makes, while the one that was disturbed is still there: what
/// that one left locked or open stands in its way. It is the last: a strategy may keep what it holds
/// until its own next change, when it is not certain that the row is free.
pub const BY_ANOTHER: u32 = 2;

/// Asks the injector before each call, and gives it the answer.
#[derive(Clone)]
pub struct Watch {
    injector: Arc<Injector>,
    clock: Arc<dyn Clock>,
}

impl Watch {
    pub fn new(injector: Arc<Injector>, clock: Arc<dyn Clock>) -> Self {
        Self { injector, clock }
    }

    pub async fn ask(&self, called: Called, in_transaction: bool, about: &str) -> Option<Injected> {
        let clock = &*self.clock;
        self.injector
            .ask(clock, called, in_transaction, about)
            .await
    }

    pub fn ask_at_once(&self, called: Called, about: &str) -> Option<Injected> {
        self.injector.ask_at_once(called, false, about)
    }

    pub fn answered<T>(&self, answer: &Result<T, CallError>, describe: impl FnOnce(&T) -> String) {
        self.injector.answered(answer, describe);
    }
}

/// Returns the result of a call: its own answer; that answer, lost; or the fault alone, without the
/// call.
pub async fn come_to<T>(
    called: Called,
    asked: Option<Injected>,
    call: impl Future<Output = Result<T, CallError>>,
) -> Result<T, CallError> {
    match asked {
        None => call.await,
        Some(Injected::IndefiniteDone) => {
            call.await?;
            Err(Injected::IndefiniteDone.error(called))
        }
        Some(injected) => Err(injected.error(called)),
    }
}

pub struct Watched {
    pub strategy: Arc<dyn Strategy>,
    pub injector: Arc<Injector>,
}

struct WatchedInstance {
    instance: Box<dyn Instance>,
    strategy: Arc<dyn Strategy>,
    injector: Arc<Injector>,
    /// The capabilities from which the other instance is made, when its change comes.
    spare: Option<Capabilities>,
    other: Option<Box<dyn Instance>>,
}

#[async_trait]
impl Strategy for Watched {
    async fn instantiate(&self, capabilities: Capabilities) -> Result<Box<dyn Instance>, Death> {
        let spare = Capabilities {
            database: capabilities.database.clone(),
            sql_policy: capabilities.sql_policy.clone(),
            locks: capabilities.locks.clone(),
            clock: capabilities.clock.clone(),
            settings: capabilities.settings.clone(),
            shares: capabilities.shares,
            printed: capabilities.printed.clone(),
            endpoint: capabilities.endpoint.clone(),
            first_session: None,
            worker: capabilities.worker + 1,
            ..capabilities
        };
        let spare = self.watched(spare);
        let made = self.strategy.instantiate(self.watched(capabilities)).await;
        let instance = made.inspect_err(|death| self.injector.died(death))?;
        Ok(Box::new(WatchedInstance {
            instance,
            strategy: self.strategy.clone(),
            injector: self.injector.clone(),
            spare: Some(spare),
            other: None,
        }))
    }
}

impl Watched {
    /// The first session is handed out by the watched database, so that opening it is a call like
    /// any other.
    fn watched(&self, mut capabilities: Capabilities) -> Capabilities {
        let watch = Watch::new(self.injector.clone(), capabilities.clock.clone());
        let first = capabilities.first_session.take();
        capabilities.database = Arc::new(WatchedDatabase::new(
            capabilities.database,
            first,
            watch.clone(),
        ));
        capabilities.locks = Arc::new(WatchedLocks::new(capabilities.locks, watch));
        capabilities
    }
}

impl WatchedInstance {
    async fn instance_for(&mut self, place: Place) -> Result<&mut Box<dyn Instance>, Death> {
        if place.change != BY_ANOTHER {
            return Ok(&mut self.instance);
        }
        if let Some(capabilities) = self.spare.take() {
            self.other = Some(self.strategy.instantiate(capabilities).await?);
        }
        Ok(self.other.as_mut().unwrap_or(&mut self.instance))
    }

    async fn ask(
        &mut self,
        place: Place,
        call: Call,
    ) -> Result<(Result<Option<Allocated>, CallError>, ResourceUsage), Death> {
        let instance = self.instance_for(place).await?;
        let answer = instance.call(call).await?;
        Ok((answer, instance.spent()))
    }

    fn both(&mut self) -> impl Iterator<Item = &mut Box<dyn Instance>> {
        std::iter::once(&mut self.instance).chain(&mut self.other)
    }
}

#[async_trait]
impl Instance for WatchedInstance {
    async fn call(&mut self, call: Call) -> Result<Result<Option<Allocated>, CallError>, Death> {
        let place = place(&call);
        self.injector.step_begins(place);
        match self.ask(place, call).await {
            Ok((answer, spent)) => {
                self.injector.step_ends(spent);
                Ok(answer)
            }
            Err(death) => {
                self.injector.died(&death);
                Err(death)
            }
        }
    }

    fn take_errors(&mut self) -> Vec<ErrorCount> {
        self.both().flat_map(|one| one.take_errors()).collect()
    }

    fn take_lost_locks(&mut self) -> LostLocks {
        let mut sum = LostLocks::default();
        for one in self.both() {
            let lost = one.take_lost_locks();
            sum.not_owner += lost.not_owner;
            sum.expired += lost.expired;
        }
        sum
    }

    fn take_statements(&mut self) -> Statements {
        let mut sum = Statements::default();
        for one in self.both() {
            sum.add(&one.take_statements());
        }
        sum
    }

    /// Either may: which of them was asked does not matter, since a look too many does no harm.
    fn leaves_doubt(&self) -> bool {
        self.instance.leaves_doubt() || self.other.as_ref().is_some_and(|it| it.leaves_doubt())
    }

    async fn end(self: Box<Self>) {
        let Self {
            instance, other, ..
        } = *self;
        instance.end().await;
        if let Some(other) = other {
            other.end().await;
        }
    }
}

fn place(call: &Call) -> Place {
    let (marker, step) = match call {
        Call::Change(transition) => {
            let step = match Status::from(transition.to.clone()) {
                Status::Deleting => StepKind::Acquire,
                Status::Available | Status::Other(_) => StepKind::Release,
            };
            (&transition.marker, step)
        }
        Call::Allocate { marker, .. } => (marker, StepKind::Acquire),
        Call::Release { marker, .. } => (marker, StepKind::Release),
        Call::Enter(visit) => (&visit.marker, StepKind::Acquire),
        Call::Leave(visit) => (&visit.marker, StepKind::Release),
    };
    let marker = Mark::from(Some(marker.clone())).marker();
    Place {
        change: marker.map_or(0, |marker| marker.number),
        step,
    }
}
