//! Locks a second of one client without a rival, and what they cost it.

use super::bench::{Bench, SECOND, SOON};
use super::line::Line;
use crate::lab::cpu_ticks;
use crate::model::error::CallError;

/// Long enough for many ticks of processor time, of which the kernel counts 100 a second.
const TIME: u64 = 2 * SECOND;
const MICROSECONDS_PER_TICK: f64 = 10_000.0;

pub(super) async fn measure(bench: &Bench<'_>) -> Vec<Line> {
    let (rate, cost) = ("locks per second", "client processor time per lock");
    match count(bench).await {
        Err(error) => vec![Line::failed(rate, &error), Line::failed(cost, &error)],
        Ok(Count { locks, time, ticks }) => {
            let seconds = time as f64 / SECOND as f64;
            let mut lines = vec![Line::number(rate, locks as f64 / seconds, "1/s")];
            lines.extend(ticks.map(|ticks| {
                let each = ticks as f64 * MICROSECONDS_PER_TICK / locks as f64;
                Line::number(cost, each, "µs").noted("of the whole measuring process")
            }));
            lines
        }
    }
}

struct Count {
    locks: u64,
    time: u64,
    ticks: Option<u64>,
}

async fn count(bench: &Bench<'_>) -> Result<Count, CallError> {
    let mut client = bench.exclusive(&bench.new_name()).await?;
    let ticks = || cpu_ticks(i32::try_from(std::process::id()).ok()?);
    let (began, before) = (bench.clock.now(), ticks());
    let mut locks = 0;
    let time = loop {
        client.lock.acquire(SOON).await?;
        client.lock.release().await?;
        locks += 1;
        let time = bench.clock.now().saturating_sub(began);
        if time >= TIME {
            break time;
        }
    };
    let used = ticks().zip(before);
    Ok(Count {
        locks,
        time,
        ticks: used.map(|(after, before)| after.saturating_sub(before)),
    })
}
