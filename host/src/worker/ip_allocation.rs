//! One change of ip-allocation: take an address, hold it, and perhaps give it back.

use super::contender::Stepped;
use super::watched::Phase;
use super::{Arena, Worker, look, settle};
use crate::capability::strategy::Call;
use crate::model::change::{Allocation, Change, Restored};
use crate::model::marker::Marker;
use crate::model::pool::pool_id;
use crate::model::seen::Seen;
use crate::model::stuck::WaitingStep;
use crate::workload::ip_allocation::IpAllocation;
use std::sync::Arc;

impl Worker {
    pub(super) async fn allocation(&mut self, kind: &IpAllocation, marker: Marker) -> Change {
        let pool = &kind.pools[self.row as usize];
        let asked = Call::Allocate {
            pool_id: pool_id(self.row),
            pool: pool.clone(),
            marker: marker.to_string(),
        };
        self.watched().set(Phase::Acquire);
        let Stepped {
            step: mut acquire,
            allocated,
            statements,
            nodes,
            is_doubtful,
        } = self.step(WaitingStep::Acquire, marker.number, asked).await;
        let mut allocation = Allocation {
            attempts: allocated.as_ref().map(|allocated| allocated.attempts),
            address: allocated.map(|allocated| allocated.address),
            statements,
        };
        if !acquire.outcome.is_ok() {
            self.watched().set(Phase::Settle);
            let settle =
                move |arena: Arc<Arena>| async move { settle::allocated(&arena, marker).await };
            let (settled, address) = self.arena.beside(settle).await;
            acquire.settled = Some(settled);
            allocation.address = address;
        }
        if is_doubtful {
            acquire.seen = self.look(marker, true).await;
        }
        let mut change = Change {
            worker: self.number,
            row: self.row,
            number: marker.number,
            acquire,
            check: None,
            release: None,
            restored: Restored::No,
            nodes,
            allocation: None,
        };
        if let Some(address) = allocation.address.clone().filter(|_| kind.release) {
            if change.acquire.outcome.is_ok() {
                self.watched().set(Phase::Pause);
                self.arena.wait(self.arena.workload.hold_ms).await;
            }
            let asked = Call::Release {
                pool_id: pool_id(self.row),
                pool: pool.clone(),
                address,
                marker: marker.to_string(),
            };
            self.watched().set(Phase::Release);
            let step = self.step(WaitingStep::Release, marker.number, asked);
            let mut stepped = step.await;
            if !stepped.step.outcome.is_ok() {
                self.watched().set(Phase::Settle);
                let outcome = stepped.step.outcome.clone();
                let settle = move |arena: Arc<Arena>| async move {
                    settle::deallocated(&arena, marker, &outcome).await
                };
                stepped.step.settled = Some(self.arena.beside(settle).await);
            }
            if stepped.is_doubtful {
                stepped.step.seen = self.look(marker, false).await;
            }
            allocation.statements.add(&stepped.statements);
            change.nodes = change.nodes.union(stepped.nodes);
            change.release = Some(stepped.step);
        }
        change.allocation = Some(Box::new(allocation));
        change
    }

    async fn look(&mut self, marker: Marker, has_address: bool) -> Option<Box<Seen>> {
        self.watched().set(Phase::Check);
        let look = move |arena: Arc<Arena>| async move {
            look::at_allocation(&arena, marker, has_address).await
        };
        self.arena.beside(look).await
    }
}
