//! One change of ip-allocation: take an address, hold it, and perhaps give it back.

use super::{IpAllocation, look, settle};
use crate::capability::strategy::Call;
use crate::model::change::{Allocation, Change, StepKind};
use crate::model::marker::Marker;
use crate::model::pool::pool_id;
use crate::model::seen::Seen;
use crate::workload::site::Site;
use crate::workload::turn::{Phase, Stepped, Turn};
use std::sync::Arc;

impl IpAllocation {
    pub(super) async fn allocation(&self, turn: &mut dyn Turn) -> Change {
        let (row, marker) = (turn.row(), turn.marker());
        let pool = &self.pools[row as usize];
        let asked = Call::Allocate {
            pool_id: pool_id(row),
            pool: pool.clone(),
            marker: marker.to_string(),
        };
        turn.enter(Phase::Acquire);
        let Stepped {
            step: mut acquire,
            allocated,
            statements,
            nodes,
            is_doubtful,
        } = turn.step(StepKind::Acquire, asked).await;
        let mut allocation = Allocation {
            attempts: allocated.as_ref().map(|allocated| allocated.attempts),
            address: allocated.map(|allocated| allocated.address),
            statements,
        };
        if !acquire.outcome.is_ok() {
            turn.enter(Phase::Settle);
            let settle =
                move |site: Arc<Site>| async move { settle::allocated(&site, marker).await };
            let (settled, address) = turn.site().beside(settle).await;
            acquire.settled = Some(settled);
            allocation.address = address;
        }
        if is_doubtful {
            acquire.seen = look_beside(turn, marker, true).await;
        }
        let mut change = turn.begun(acquire, nodes);
        if let Some(address) = allocation.address.clone().filter(|_| self.release) {
            if change.acquire.outcome.is_ok() {
                turn.enter(Phase::Pause);
                turn.site().hold().await;
            }
            let asked = Call::Release {
                pool_id: pool_id(row),
                pool: pool.clone(),
                address,
                marker: marker.to_string(),
            };
            turn.enter(Phase::Release);
            let step = turn.step(StepKind::Release, asked);
            let mut stepped = step.await;
            if !stepped.step.outcome.is_ok() {
                turn.enter(Phase::Settle);
                let outcome = stepped.step.outcome.clone();
                let settle = move |site: Arc<Site>| async move {
                    settle::deallocated(&site, marker, &outcome).await
                };
                stepped.step.settled = Some(turn.site().beside(settle).await);
            }
            if stepped.is_doubtful {
                stepped.step.seen = look_beside(turn, marker, false).await;
            }
            allocation.statements.add(&stepped.statements);
            change.nodes = change.nodes.union(stepped.nodes);
            change.release = Some(stepped.step);
        }
        change.allocation = Some(Box::new(allocation));
        change
    }
}

async fn look_beside(turn: &mut dyn Turn, marker: Marker, has_address: bool) -> Option<Box<Seen>> {
    turn.enter(Phase::Check);
    let look =
        move |site: Arc<Site>| async move { look::at_allocation(&site, marker, has_address).await };
    turn.site().beside(look).await
}
