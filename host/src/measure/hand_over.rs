//! The time from a release to the next grant, with other clients waiting.

use super::bench::{Bench, Client, MS, SECOND, SOON};
use super::line::Line;
use crate::model::change::Nanos;
use crate::model::error::{CallError, ErrorKind};
use crate::record::histogram::Latencies;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use tokio::task::JoinSet;

/// Hand-overs that are enough for a median.
const ENOUGH: u64 = 30;

/// The time after which no new round begins.
const BUDGET: Nanos = 6 * SECOND;

/// A waiter that has nothing after this gives up, and is counted as such.
const WAIT: Nanos = 30 * SECOND;

/// The time that the requests of all waiters need to arrive: the first, in which connections are opened, and
/// each after it.
const ARRIVAL: [Nanos; 2] = [500 * MS, 50 * MS];

/// The time for which each holds the lock.
const HOLD: Nanos = MS;

pub(super) async fn measure(bench: &Bench<'_>, waiters: usize) -> Vec<Line> {
    let noun = if waiters == 1 { "waiter" } else { "waiters" };
    let question = |quantile| format!("hand-over {quantile}, {waiters} {noun}");
    match rounds(bench, waiters).await {
        Err(error) => vec![Line::failed(question("p50"), &error)],
        Ok(handed) => {
            let of = |(name, quantile)| {
                let time = handed.times.at(quantile)?;
                Some(Line::number(question(name), time as f64 / MS as f64, "ms"))
            };
            let lines = [("p50", 0.5), ("p99", 0.99)].into_iter().filter_map(of);
            let note = handed.note();
            let mut lines: Vec<_> = lines.map(|line| line.noted(&note)).collect();
            if lines.is_empty() {
                lines.push(Line::said(question("p50"), "none").noted(note));
            }
            lines
        }
    }
}

/// The hand-overs of all rounds.
#[derive(Default)]
struct Handed {
    times: Latencies,
    gave_up: u64,
    /// Grants that came before the holder released the lock.
    unreleased: u64,
}

/// The time of a hand-over; `None` if nothing was released yet.
fn since(released: Nanos, now: Nanos) -> Option<Nanos> {
    (released > 0).then(|| now.saturating_sub(released))
}

impl Handed {
    fn note(&self) -> String {
        let mut note = format!("{} hand-overs", self.times.histogram().len());
        if self.gave_up > 0 {
            let seconds = WAIT / SECOND;
            note += &format!("; {} waiters had nothing after {seconds} s", self.gave_up);
        }
        if self.unreleased > 0 {
            note += &format!("; {} grants before the holder's release", self.unreleased);
        }
        note
    }
}

async fn rounds(bench: &Bench<'_>, waiters: usize) -> Result<Handed, CallError> {
    let name = bench.new_name();
    let mut holder = bench.exclusive(&name).await?;
    let mut clients = Vec::new();
    for _ in 0..waiters {
        clients.push(bench.exclusive(&name).await?);
    }
    let (mut handed, began) = (Handed::default(), bench.clock.now());
    for arrival in std::iter::once(ARRIVAL[0]).chain(std::iter::repeat(ARRIVAL[1])) {
        clients = round(bench, &name, &mut holder, clients, arrival, &mut handed).await?;
        let is_over = bench.clock.now().saturating_sub(began) > BUDGET;
        if is_over || handed.times.histogram().len() >= ENOUGH {
            break;
        }
    }
    Ok(handed)
}

/// The holder lets go, and every waiter has the lock once.
async fn round(
    bench: &Bench<'_>,
    name: &str,
    holder: &mut Client,
    clients: Vec<Client>,
    arrival: Nanos,
    handed: &mut Handed,
) -> Result<Vec<Client>, CallError> {
    holder.lock.acquire(SOON).await?;
    let released = Arc::new(AtomicU64::new(0));
    let mut waiting = JoinSet::new();
    for mut client in clients {
        let (clock, released) = (bench.clock.clone(), released.clone());
        let (inside, name) = (bench.inside(), name.to_owned());
        waiting.spawn(async move {
            let grant = match client.lock.acquire(WAIT).await {
                Ok(grant) => grant,
                Err(error) if error.kind == ErrorKind::Conflict => return Ok((client, None)),
                Err(error) => return Err(error),
            };
            let time = since(released.load(SeqCst), clock.now());
            inside.enter(&name, &grant);
            clock.sleep(HOLD).await;
            inside.leave(&name, &grant);
            released.store(clock.now(), SeqCst);
            client.lock.release().await?;
            Ok((client, Some(time)))
        });
    }
    bench.clock.sleep(arrival).await;
    released.store(bench.clock.now(), SeqCst);
    holder.lock.release().await?;
    let mut clients = Vec::new();
    while let Some(ended) = waiting.join_next().await {
        let ended: Result<_, CallError> =
            ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
        let (client, time) = ended?;
        match time {
            Some(Some(time)) => handed.times.record(time),
            Some(None) => handed.unreleased += 1,
            None => handed.gave_up += 1,
        }
        clients.push(client);
    }
    Ok(clients)
}
