//! The worker's instance: made, asked, and replaced when it dies.

use super::TrialContext;
use super::dealing::FirstSession;
use super::whereabouts::Whereabouts;
use crate::capability::strategy::{Call, Capabilities, Death, Instance};
use crate::model::outcome::Outcome;
use crate::workload::turn::Stepped;
use std::sync::Arc;

pub struct StrategyHandle {
    context: Arc<TrialContext>,
    worker: u32,
    /// The number of instances so far.
    generation: u32,
    /// The result of preparing; `None` after a death.
    instance: Option<Result<Box<dyn Instance>, Outcome>>,
    whereabouts: Whereabouts,
}

impl StrategyHandle {
    pub async fn prepare(context: Arc<TrialContext>, worker: u32, session: FirstSession) -> Self {
        let whereabouts = Whereabouts::new(context.posts.calls_of(worker));
        let mut handle = Self {
            context,
            worker,
            generation: 0,
            instance: None,
            whereabouts,
        };
        let instance = handle.instantiate(session).await;
        handle.instance = Some(instance);
        handle
    }

    pub async fn end(mut self) {
        if let Some(Ok(instance)) = self.instance.take() {
            instance.end().await;
        }
    }

    /// One timed step. The time is the strategy's alone: a fresh instance is made before it, a dead one
    /// ended after it.
    pub async fn step(&mut self, call: Call) -> Stepped {
        let ready = match self.instance.take() {
            Some(ready) => ready,
            None => {
                let session = self.context.connect(self.worker).await;
                self.instantiate(session).await
            }
        };
        // What it did when it was made belongs to no step.
        self.whereabouts.take();
        let invoked = self.context.clock.now();
        let mut stepped = Stepped::begun(invoked);
        let step = &mut stepped.step;
        let mut instance = match ready {
            Ok(instance) => instance,
            Err(outcome) => {
                step.outcome = outcome;
                return stepped;
            }
        };
        let answer = bounded(&self.context, instance.call(call)).await;
        step.returned = self.context.clock.now();
        step.errors = instance.take_errors();
        step.lost_locks = instance.take_lost_locks();
        stepped.statements = instance.take_statements();
        stepped.nodes = self.whereabouts.take();
        stepped.is_doubtful = matches!(answer, Ok(Ok(_))) && instance.leaves_doubt();
        match answer {
            Ok(answer) => {
                step.outcome = Outcome::from(answer.map(|allocated| stepped.allocated = allocated));
                self.instance = Some(Ok(instance));
            }
            Err(died) => {
                step.outcome = died;
                instance.end().await;
            }
        }
        stepped
    }

    async fn instantiate(&mut self, session: FirstSession) -> Result<Box<dyn Instance>, Outcome> {
        let context = &self.context;
        let session = session.map_err(|fault| Outcome::from(Err(fault)))?;
        let capabilities = Capabilities {
            database: self
                .whereabouts
                .of_database(context.database.clone(), context.begins_with.clone()),
            sql_policy: context.sql_policy.clone(),
            locks: context.locks.clone(),
            clock: context.clock.clone(),
            settings: context.settings.clone(),
            printed: context.printed.clone(),
            shares: context.shares,
            endpoint: context.endpoint_of(self.worker),
            first_session: Some(self.whereabouts.of_session(session)),
            worker: self.worker,
            generation: self.generation,
            seed: context.seed,
            counts_statements: context.workload.kind.counts_statements(),
        };
        self.generation += 1;
        bounded(context, context.strategy.instantiate(capabilities)).await
    }
}

/// Waits for the guest, but not for ever: its code may sleep, also when it is made.
async fn bounded<T>(
    context: &TrialContext,
    asked: impl Future<Output = Result<T, Death>>,
) -> Result<T, Outcome> {
    let (code, message) = tokio::select! {
        biased;
        answer = asked => {
            return answer.map_err(|death| Outcome::indeterminate(death.code, death.message));
        }
        () = context.clock.sleep(context.change_timeout_ns) => {
            ("change-timeout", "took longer than the change time-out")
        }
        () = context.stop.abandoned() => match context.stop.is_stuck() {
            true => ("stuck", "was under way when nothing could move any more"),
            false => ("run-stopped", "was under way when the run was stopped"),
        },
    };
    Err(Outcome::indeterminate(code, message))
}
