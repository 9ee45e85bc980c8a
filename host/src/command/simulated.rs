//! One strategy's turn in the simulator.

use super::CommandError;
use super::progress::Counters;
use super::settings::unread;
use super::trial::{self, Turn};
use crate::backend::session_options::AffectedRows;
use crate::backend::url::{AutocommitWrites, LockUrl};
use crate::capability::budget::Shares;
use crate::explore::case::Case;
use crate::explore::simulation::{Ran, Simulation, SimulationError};
use crate::model::conditions::{Conditions, Simulated, Usage};
use crate::model::end::End;
use crate::plan::{Plan, PlannedTrial, SimulatedWorld};
use crate::record::journal::Journal;
use crate::record::printed::PrintedFile;
use crate::run_dir::{RunDirError, TrialDir};
use crate::worker::stop::Stopper;
use contend_dst::Recording;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

/// Simulates the trial and writes what happened and what was found, as for a real one.
pub async fn run(
    turn: &Turn<'_>,
    world: &SimulatedWorld,
    folder: &TrialDir,
) -> Result<(), CommandError> {
    let path = folder.history_path();
    let journal = Journal::create(&path).map_err(|source| RunDirError::Io { path, source })?;
    let workers = turn.plan.workload.workers();
    let shares = Shares::new(workers, None);
    let printed = PrintedFile::new(folder.printed_path(), workers, &shares);
    let printed = Arc::new(printed);
    let mut counters = Counters::default();
    let done: Vec<_> = (0..workers).map(|_| counters.add()).collect();
    let all = turn.plan.workload.changes();
    let name = &turn.planned.name;
    let bar = turn.screen.changes(name, counters.clone(), all);
    let (ready, stopper) = oneshot::channel();
    let (case, strategy) = (case(turn.plan, turn.planned, world), turn.strategy.clone());
    let began = Instant::now();
    let simulation = spawn_blocking(move || {
        let mut done = done.into_iter();
        let done = || done.next().unwrap_or_default();
        let recording = Recording::Off;
        let simulation = Simulation::set(
            &case,
            &strategy,
            Arc::new(journal),
            printed,
            recording,
            done,
        )?;
        // Nobody listens if the user has had enough already.
        ready.send(simulation.stopper()).ok();
        simulation.run()
    });
    let ran = tokio::select! {
        ran = simulation => ran,
        never = obey(turn, stopper) => match never {},
    };
    let took = began.elapsed();
    drop(bar);
    match ran {
        Ok(Ok(ran)) => Ok(keep(
            turn,
            folder,
            ran,
            took.as_nanos() as u64,
            counters.sum(),
        )?),
        Ok(Err(SimulationError::Unrecorded(error))) => Err(unrecorded(turn, folder, &error)),
        Ok(Err(error)) => Err(error.into()),
        Err(panic) => Err(unrecorded(turn, folder, &panic)),
    }
}

/// Ends the simulation when the user asks for it. Never returns.
async fn obey(
    turn: &Turn<'_>,
    stopper: oneshot::Receiver<Arc<Stopper>>,
) -> std::convert::Infallible {
    if let Ok(stopper) = stopper.await {
        turn.interrupts.reached(1).await;
        stopper.finish();
        turn.interrupts.reached(2).await;
        stopper.abandon();
    }
    std::future::pending().await
}

fn unrecorded(turn: &Turn, folder: &TrialDir, why: &dyn std::fmt::Display) -> CommandError {
    CommandError::Unrecorded {
        strategy: turn.planned.name.clone(),
        why: why.to_string(),
        folder: folder.history_path(),
    }
}

/// What the plan decides of a trial's simulation.
pub(super) fn case(plan: &Plan, planned: &PlannedTrial, world: &SimulatedWorld) -> Case {
    Case {
        seed: plan.seed,
        workload: plan.workload.clone(),
        topology: world.topology.clone(),
        locks: match plan.locks {
            LockUrl::Sim(kind) => Some(kind),
            LockUrl::Memory | LockUrl::File(_) | LockUrl::Redis(_) => None,
        },
        settings: plan.settings_of(planned),
        faults: world.faults.clone(),
        autocommit_as_text: plan.autocommit_writes == AutocommitWrites::Text,
        counts_found_rows: plan.affected_rows == AffectedRows::Found,
        change_timeout_s: plan.change_timeout_s,
        stuck_after_s: plan.stuck_after_s,
        time_limit_s: plan.time_limit_s,
    }
}

fn keep(
    turn: &Turn<'_>,
    folder: &TrialDir,
    ran: Ran,
    took_ns: u64,
    changes: u64,
) -> Result<(), RunDirError> {
    let settings_unread = unread(turn.plan, turn.planned, &*turn.strategy);
    folder.write_conditions(&Conditions {
        settings_unread,
        server: ran.server,
        counters: ran.counters,
        nodes: ran.nodes,
        background: ran.background,
        // The runner is the whole world here; what it used says nothing of a database.
        usage: Usage::default(),
        faults: Vec::new(),
        lateness: None,
        simulated: Some(Simulated {
            statements: ran.statements,
            took_ns,
            faults: ran.faults,
        }),
    })?;
    let end = End {
        how: ran.how,
        total_time: ran.total_time,
        changes,
        effects: None,
        data_unread: None,
        stuck: ran.stuck,
    };
    trial::keep(folder, ran.found, end)
}
