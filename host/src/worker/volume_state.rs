//! One change of volume-state: acquire, check, hold, release.

use super::contender::Stepped;
use super::watched::Phase;
use super::{Arena, Worker, check, look, settle};
use crate::capability::strategy::{Call, Transition};
use crate::model::change::{Change, Restored, Settled};
use crate::model::data::Status;
use crate::model::marker::Marker;
use crate::model::stuck::WaitingStep;
use crate::workload::volume_state::row_id;
use std::sync::Arc;

impl Worker {
    pub(super) async fn volume_change(&mut self, marker: Marker) -> Change {
        self.watched().set(Phase::Acquire);
        let Stepped {
            step: mut acquire,
            is_doubtful,
            nodes,
            ..
        } = self
            .transition(Status::Available, Status::Deleting, marker)
            .await;
        let mut holds = Some(true);
        if !acquire.outcome.is_ok() {
            self.watched().set(Phase::Settle);
            let row = self.row;
            let settle =
                move |arena: Arc<Arena>| async move { settle::acquired(&arena, row, marker).await };
            let finding = self.arena.beside(settle).await;
            acquire.settled = Some(finding.settled);
            holds = finding.holds;
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
        if change.acquire.outcome.is_ok() {
            self.watched().set(Phase::Check);
            let row = self.row;
            let check = move |arena: Arc<Arena>| async move {
                check::on_all_nodes(&arena, row, marker).await
            };
            if let Some(checked) = self.arena.beside(check).await {
                change.check = Some(checked.check);
                change.acquire.seen = checked.seen;
            } else if is_doubtful {
                let look = move |arena: Arc<Arena>| async move {
                    look::at_held(&arena, row, marker).await
                };
                change.acquire.seen = self.arena.beside(look).await;
            }
            self.watched().set(Phase::Pause);
            self.arena.wait(self.arena.workload.hold_ms).await;
        }
        // A change that failed its check still releases, as published; so does one that holds the
        // row although it was told otherwise. One whose row was taken over since has none to release.
        match holds {
            Some(true) => self.give_back(&mut change).await,
            Some(false) => {}
            None => {
                change.restored = self.restore(marker).await;
                if change.restored == Restored::Yes {
                    // What could be given back was held.
                    change.acquire.settled = Some(Settled::TookEffect);
                }
            }
        }
        change
    }

    async fn give_back(&mut self, change: &mut Change) {
        let marker = change.marker();
        self.watched().set(Phase::Release);
        let Stepped {
            step: mut release,
            is_doubtful,
            nodes,
            ..
        } = self
            .transition(Status::Deleting, Status::Available, marker)
            .await;
        change.nodes = change.nodes.union(nodes);
        if is_doubtful {
            self.watched().set(Phase::Check);
            let row = self.row;
            let look = move |arena: Arc<Arena>| async move {
                look::at_released(&arena, row, marker).await
            };
            release.seen = self.arena.beside(look).await;
        }
        if !release.outcome.is_ok() {
            self.watched().set(Phase::Settle);
            let row = self.row;
            let settle =
                move |arena: Arc<Arena>| async move { settle::released(&arena, row, marker).await };
            let finding = self.arena.beside(settle).await;
            release.settled = Some(finding.settled);
            if finding.holds != Some(false) {
                change.restored = self.restore(marker).await;
            }
            if change.restored == Restored::Yes {
                release.settled = Some(Settled::NoEffect);
            }
        }
        change.release = Some(release);
    }

    async fn restore(&mut self, marker: Marker) -> Restored {
        self.watched().set(Phase::Settle);
        let row = self.row;
        let restore =
            move |arena: Arc<Arena>| async move { settle::restore(&arena, row, marker).await };
        self.arena.beside(restore).await
    }

    async fn transition(&mut self, from: Status, to: Status, marker: Marker) -> Stepped {
        let step = match to {
            Status::Deleting => WaitingStep::Acquire,
            Status::Available | Status::Other(_) => WaitingStep::Release,
        };
        let transition = Transition {
            row: row_id(self.row),
            from: from.into(),
            to: to.into(),
            marker: marker.to_string(),
        };
        let call = Call::Change(transition);
        self.step(step, marker.number, call).await
    }
}
