//! One change of volume-state: acquire, check, hold, release.

use super::{Worker, check, settle};
use crate::model::change::{Change, Restored, Settled, Step};
use crate::model::data::Status;
use crate::model::marker::Marker;
use crate::strategy::{Call, Transition};
use crate::workload::volume_state::row_id;

impl Worker {
    pub(super) async fn volume_change(&mut self, marker: Marker) -> Change {
        let mut acquire = self
            .transition(Status::Available, Status::Deleting, marker)
            .await;
        if !acquire.outcome.is_ok() {
            let settled = Box::pin(settle::acquired(&self.arena, self.row, marker));
            acquire.settled = Some(settled.await);
        }
        let mut change = Change {
            worker: self.number,
            row: self.row,
            number: marker.number,
            acquire,
            check: None,
            release: None,
            restored: Restored::No,
            allocation: None,
        };
        if change.acquire.outcome.is_ok() {
            let check = Box::pin(check::on_all_nodes(&self.arena, self.row, marker));
            change.check = check.await;
            self.arena.wait(self.arena.workload.hold_ms).await;
        }
        // A change that failed its check still releases, as published; so does one that holds the
        // row although it was told otherwise.
        if change.held() {
            self.give_back(&mut change).await;
        } else if change.acquire.settled == Some(Settled::Unknown) {
            change.restored = Box::pin(settle::restore(&self.arena, self.row, marker)).await;
            if change.restored == Restored::Yes {
                // What could be given back was held.
                change.acquire.settled = Some(Settled::TookEffect);
            }
        }
        change
    }

    async fn give_back(&mut self, change: &mut Change) {
        let marker = change.marker();
        let mut release = self
            .transition(Status::Deleting, Status::Available, marker)
            .await;
        if !release.outcome.is_ok() {
            let settled = Box::pin(settle::released(&self.arena, self.row, marker));
            release.settled = Some(settled.await);
        }
        if !release.took_effect() {
            change.restored = Box::pin(settle::restore(&self.arena, self.row, marker)).await;
            if change.restored == Restored::Yes {
                release.settled = Some(Settled::NoEffect);
            }
        }
        change.release = Some(release);
    }

    async fn transition(&mut self, from: Status, to: Status, marker: Marker) -> Step {
        let transition = Transition {
            row: row_id(self.row),
            from: from.into(),
            to: to.into(),
            marker: marker.to_string(),
        };
        self.contender.step(Call::Change(transition)).await.step
    }
}
