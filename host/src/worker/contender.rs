//! The worker's instance: made, asked, and replaced when it dies.

use super::Arena;
use crate::capability::database::Target;
use crate::model::change::{LostLocks, Step};
use crate::model::data::Status;
use crate::model::marker::Marker;
use crate::model::outcome::Outcome;
use crate::strategy::{Capabilities, Death, Instance, Transition};
use crate::workload::volume_state::row_id;
use std::sync::Arc;

pub struct Contender {
    arena: Arc<Arena>,
    worker: u32,
    /// How many instances there have been.
    generation: u32,
    /// What preparing came to; nothing after a death.
    instance: Option<Result<Box<dyn Instance>, Outcome>>,
}

impl Contender {
    pub async fn prepare(arena: Arc<Arena>, worker: u32) -> Self {
        let mut contender = Self {
            arena,
            worker,
            generation: 0,
            instance: None,
        };
        let instance = contender.instantiate().await;
        contender.instance = Some(instance);
        contender
    }

    pub async fn end(mut self) {
        if let Some(Ok(instance)) = self.instance.take() {
            instance.end().await;
        }
    }

    /// One timed transition. The time is the strategy's alone: a fresh instance is made before it,
    /// a dead one ended after it.
    pub async fn step(&mut self, row: u32, from: Status, to: Status, marker: Marker) -> Step {
        let transition = Transition {
            row: row_id(row),
            from: from.into(),
            to: to.into(),
            marker: marker.to_string(),
        };
        let ready = match self.instance.take() {
            Some(ready) => ready,
            None => self.instantiate().await,
        };
        let invoked = self.arena.clock.now();
        let mut step = Step {
            invoked,
            returned: invoked,
            outcome: Outcome::Ok,
            faults: Vec::new(),
            lost_locks: LostLocks::default(),
            settled: None,
        };
        let mut instance = match ready {
            Ok(instance) => instance,
            Err(outcome) => {
                step.outcome = outcome;
                return step;
            }
        };
        let told = bounded(&self.arena, instance.change(transition)).await;
        step.returned = self.arena.clock.now();
        step.faults = instance.take_faults();
        step.lost_locks = instance.take_lost_locks();
        match told {
            Ok(told) => {
                step.outcome = Outcome::from(told);
                self.instance = Some(Ok(instance));
            }
            Err(died) => {
                step.outcome = died;
                instance.end().await;
            }
        }
        step
    }

    async fn instantiate(&mut self) -> Result<Box<dyn Instance>, Outcome> {
        let arena = &self.arena;
        let session = arena.database.connect(&Target::Endpoint).await;
        let capabilities = Capabilities {
            database: arena.database.clone(),
            gate: arena.gate.clone(),
            locks: arena.locks.clone(),
            clock: arena.clock.clone(),
            settings: arena.settings.clone(),
            first_session: Some(session.map_err(|fault| Outcome::from(Err(fault)))?),
            worker: self.worker,
            generation: self.generation,
            seed: arena.seed,
        };
        self.generation += 1;
        bounded(arena, arena.strategy.instantiate(capabilities)).await
    }
}

/// Waits for the guest, but not for ever: its code may sleep, also when it is made.
async fn bounded<T>(
    arena: &Arena,
    asked: impl Future<Output = Result<T, Death>>,
) -> Result<T, Outcome> {
    let (code, message) = tokio::select! {
        biased;
        told = asked => {
            return told.map_err(|death| Outcome::indeterminate(death.code, death.message));
        }
        () = arena.clock.sleep(arena.change_timeout_ns) => {
            ("change-timeout", "took longer than the change time-out")
        }
        () = arena.stop.abandoned() => {
            ("run-stopped", "was under way when the run was stopped")
        }
    };
    Err(Outcome::indeterminate(code, message))
}
