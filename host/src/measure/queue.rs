//! The order of hand-over against the order of arrival.

use super::bench::{Bench, MS, SECOND, SOON};
use super::line::Line;
use crate::model::error::CallError;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::task::JoinSet;

const FAIR: &str = "fair";

const CLIENTS: usize = 10;

/// The time between two arrivals: far longer than a request takes.
const BETWEEN: u64 = 100 * MS;

/// A claim of fairness is refuted only by an order that was wrong in each of so many rounds: in one of them,
/// a busy machine may have sent two requests in another order than they began.
const ROUNDS: usize = 3;

const WAIT: u64 = 60 * SECOND;

pub(super) async fn measure(bench: &Bench<'_>) -> Line {
    let claim = bench.claim(FAIR);
    let mut orders = Vec::new();
    for _ in 0..ROUNDS {
        match order(bench).await {
            Ok(order) => orders.push(order),
            Err(error) => return Line::failed(FAIR, &error).claimed(claim),
        }
    }
    let kept: Vec<_> = orders.iter().map(|order| kept(order)).collect();
    let share = format!(
        "{:.0} % of pairs in the order of arrival, {CLIENTS} waiters in {ROUNDS} rounds",
        100.0 * kept.iter().sum::<f64>() / ROUNDS as f64
    );
    let is_fair = kept.contains(&1.0);
    let found = match is_fair {
        true => Ok(()),
        false => {
            let last = orders.last().expect("there were rounds");
            Err(format!("{share}; the last round: {last:?}"))
        }
    };
    let line = Line::judged(FAIR, claim, found);
    match line.note {
        None if line.witness.is_none() => line.noted(share),
        _ => line,
    }
}

/// The waiters in the order in which they got the lock; their numbers are the order in which they came.
async fn order(bench: &Bench<'_>) -> Result<Vec<usize>, CallError> {
    let name = bench.new_name();
    let mut holder = bench.exclusive(&name).await?;
    let mut waiters = Vec::new();
    for _ in 0..CLIENTS {
        waiters.push(bench.exclusive(&name).await?);
    }
    holder.lock.acquire(SOON).await?;
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut waiting = JoinSet::new();
    for (number, waiter) in waiters.into_iter().enumerate() {
        let (order, inside, name) = (order.clone(), bench.inside(), name.clone());
        waiting.spawn(async move {
            // The whole client: its session must live as long as its lock.
            let mut waiter = waiter;
            let grant = waiter.lock.acquire(WAIT).await?;
            inside.enter(&name, &grant);
            push(&order, number);
            inside.leave(&name, &grant);
            waiter.lock.release().await.map(drop)
        });
        bench.clock.sleep(BETWEEN).await;
    }
    holder.lock.release().await?;
    while let Some(ended) = waiting.join_next().await {
        ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
    }
    let order = order.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(order.clone())
}

fn push(order: &Mutex<Vec<usize>>, number: usize) {
    order
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(number);
}

/// The share of pairs that got the lock in the order in which they came.
fn kept(order: &[usize]) -> f64 {
    let pairs = order.len() * order.len().saturating_sub(1) / 2;
    let mut kept = 0;
    for (place, first) in order.iter().enumerate() {
        kept += order[place + 1..].iter().filter(|it| *it > first).count();
    }
    kept as f64 / pairs.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn share_of_pairs_is_one_in_order_and_none_in_reverse() {
        let close = |order: &[usize], share: f64| (kept(order) - share).abs() < 1e-9;
        assert!(close(&[0, 1, 2, 3], 1.0));
        assert!(close(&[3, 2, 1, 0], 0.0));
        assert!(close(&[1, 0, 2], 2.0 / 3.0));
    }
}
