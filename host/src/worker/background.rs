//! The background load: sessions that read and write rows of their own at a fixed rate, as the
//! published experiment had it, so that the cluster has other work than the contended rows.

use crate::capability::clock::Clock;
use crate::capability::database::{Database, Session, Target};
use crate::model::background::{Background, Load};
use crate::model::change::Nanos;
use crate::model::error::CallError;
use crate::record::histogram::Latencies;
use crate::workload::stop::Stop;
use crate::workload::{BackgroundAccess, Workload};
use std::sync::Arc;

const NANOS_PER_S: u64 = 1_000_000_000;

/// Generators with their sessions, ready to be let go.
pub struct Generators {
    workload: Workload,
    clock: Arc<dyn Clock>,
    sessions: Vec<Box<dyn Session>>,
}

impl Generators {
    /// Opens a session for each.
    pub async fn prepare(
        workload: Workload,
        database: &dyn Database,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, CallError> {
        let mut sessions = Vec::new();
        for _ in 0..workload.background_generators {
            sessions.push(database.connect(&Target::Endpoint).await?);
        }
        Ok(Self {
            workload,
            clock,
            sessions,
        })
    }

    /// One task for each: it loads the database until it is stopped. None if there are no
    /// generators. What they come to is added up by `total`.
    pub fn into_tasks(self, stop: &Stop) -> Vec<impl Future<Output = Generated> + Send + 'static> {
        let count = self.sessions.len() as u32;
        let kind = self.workload.kind.clone();
        let rate = self.workload.background_selects_per_s + self.workload.background_updates_per_s;
        let sessions = self.sessions.into_iter().zip(0..);
        let generators = sessions.filter_map(|(session, number)| {
            let generator = Generator {
                access: kind.background(number)?,
                selects: self.workload.background_selects_per_s,
                rate,
                clock: self.clock.clone(),
                stop: stop.clone(),
                session,
                generated: Generated::default(),
            };
            // They begin one after another within their first period, not all in the same moment.
            let begins = NANOS_PER_S * u64::from(number) / u64::from(rate.max(1) * count);
            Some(generator.run(begins))
        });
        generators.collect()
    }
}

/// The figures of one generator.
#[derive(Default)]
pub struct Generated {
    selects: Figures,
    updates: Figures,
}

impl Generated {
    fn of(&mut self, is_update: bool) -> &mut Figures {
        match is_update {
            true => &mut self.updates,
            false => &mut self.selects,
        }
    }
}

/// The figures of all generators together; `None` if there were none.
pub fn total(all: &[Generated]) -> Option<Background> {
    if all.is_empty() {
        return None;
    }
    let mut sum = Generated::default();
    for one in all {
        sum.selects.add(&one.selects);
        sum.updates.add(&one.updates);
    }
    Some(Background {
        generators: all.len() as u32,
        selects: sum.selects.load(),
        updates: sum.updates.load(),
    })
}

/// Counts of one kind of statement.
#[derive(Default)]
struct Figures {
    latencies: Latencies,
    load: Load,
}

impl Figures {
    fn add(&mut self, other: &Self) {
        self.latencies.add(&other.latencies);
        self.load.answered += other.load.answered;
        self.load.left_out += other.load.left_out;
        for (error, count) in &other.load.errors {
            *self.load.errors.entry(error.clone()).or_default() += count;
        }
    }

    fn load(self) -> Load {
        Load {
            p50_ns: self.latencies.at(0.50),
            p99_ns: self.latencies.at(0.99),
            max_ns: self.latencies.max(),
            ..self.load
        }
    }
}

struct Generator {
    access: BackgroundAccess,
    selects: u32,
    /// Statements in a second.
    rate: u32,
    clock: Arc<dyn Clock>,
    stop: Stop,
    session: Box<dyn Session>,
    generated: Generated,
}

impl Generator {
    async fn run(mut self, begins: Nanos) -> Generated {
        let mut statement = 0u64;
        while self.rate > 0 {
            let due = self.due(begins, statement);
            if !wait_for(&*self.clock, &self.stop, due).await {
                break;
            }
            let is_update = statement % u64::from(self.rate) >= u64::from(self.selects);
            let began = self.clock.now();
            let done = tokio::select! {
                biased;
                () = self.stop.abandoned() => break,
                done = self.access.run(&mut *self.session, is_update, statement) => done,
            };
            let now = self.clock.now();
            let figures = self.generated.of(is_update);
            match done {
                Ok(()) => {
                    figures.load.answered += 1;
                    figures.latencies.record(now.saturating_sub(began));
                }
                Err(error) => {
                    let error = format!("{} {}", error.kind.as_str(), error.code);
                    *figures.load.errors.entry(error).or_default() += 1;
                }
            }
            statement += 1;
            // What could not be done in time is not made up for in a burst.
            while self.due(begins, statement + 1) < now {
                let is_update = statement % u64::from(self.rate) >= u64::from(self.selects);
                self.generated.of(is_update).load.left_out += 1;
                statement += 1;
            }
        }
        self.session.close().await;
        self.generated
    }

    fn due(&self, begins: Nanos, statement: u64) -> Nanos {
        begins + statement * NANOS_PER_S / u64::from(self.rate)
    }
}

/// Waits for a moment; false if the run is to stop before.
async fn wait_for(clock: &dyn Clock, stop: &Stop, due: Nanos) -> bool {
    let wait = due.saturating_sub(clock.now());
    tokio::select! {
        biased;
        () = stop.requested() => false,
        () = clock.sleep(wait) => true,
    }
}
