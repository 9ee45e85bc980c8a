//! One change of volume-state: acquire, check, hold, release.

use super::{check, look, row_id, settle};
use crate::capability::strategy::{Call, Transition};
use crate::model::change::{Change, Restored, Settled, StepKind};
use crate::model::data::Status;
use crate::workload::site::Site;
use crate::workload::turn::{Phase, Stepped, Turn};
use std::sync::Arc;

/// One change of a row.
pub(super) struct Life<'a> {
    pub(super) turn: &'a mut dyn Turn,
}

impl Life<'_> {
    pub(super) async fn change(mut self) -> Change {
        let (row, marker) = (self.turn.row(), self.turn.marker());
        self.turn.enter(Phase::Acquire);
        let Stepped {
            step: mut acquire,
            is_doubtful,
            nodes,
            ..
        } = self.transition(Status::Available, Status::Deleting).await;
        let mut holds = Some(true);
        if !acquire.outcome.is_ok() {
            self.turn.enter(Phase::Settle);
            let settle =
                move |site: Arc<Site>| async move { settle::acquired(&site, row, marker).await };
            let finding = self.turn.site().beside(settle).await;
            acquire.settled = Some(finding.settled);
            holds = finding.holds;
        }
        let mut change = self.turn.begun(acquire, nodes);
        if change.acquire.outcome.is_ok() {
            self.turn.enter(Phase::Check);
            let check =
                move |site: Arc<Site>| async move { check::on_all_nodes(&site, row, marker).await };
            // A task of its own, so none for nothing.
            let checked = match self.turn.site().workload.check_tries {
                0 => None,
                _ => Some(self.turn.site().beside(check).await),
            };
            if let Some(checked) = checked {
                change.check = Some(checked.check);
                change.acquire.seen = checked.seen;
            } else if is_doubtful {
                let look =
                    move |site: Arc<Site>| async move { look::at_held(&site, row, marker).await };
                change.acquire.seen = self.turn.site().beside(look).await;
            }
            self.turn.enter(Phase::Pause);
            self.turn.site().hold().await;
        }
        // A change that failed its check still releases, as published; so does one that holds the
        // row although its step reported otherwise. One whose row was taken over since has none to release.
        match holds {
            Some(true) => self.give_back(&mut change).await,
            Some(false) => {}
            None => {
                change.restored = self.restore().await;
                if change.restored == Restored::Yes {
                    // What could be given back was held.
                    change.acquire.settled = Some(Settled::TookEffect);
                }
            }
        }
        change
    }

    async fn give_back(&mut self, change: &mut Change) {
        let (row, marker) = (self.turn.row(), self.turn.marker());
        self.turn.enter(Phase::Release);
        let Stepped {
            step: mut release,
            is_doubtful,
            nodes,
            ..
        } = self.transition(Status::Deleting, Status::Available).await;
        change.nodes = change.nodes.union(nodes);
        if is_doubtful {
            self.turn.enter(Phase::Check);
            let look =
                move |site: Arc<Site>| async move { look::at_released(&site, row, marker).await };
            release.seen = self.turn.site().beside(look).await;
        }
        if !release.outcome.is_ok() {
            self.turn.enter(Phase::Settle);
            let settle =
                move |site: Arc<Site>| async move { settle::released(&site, row, marker).await };
            let finding = self.turn.site().beside(settle).await;
            release.settled = Some(finding.settled);
            if finding.holds != Some(false) {
                change.restored = self.restore().await;
            }
            if change.restored == Restored::Yes {
                release.settled = Some(Settled::NoEffect);
            }
        }
        change.release = Some(release);
    }

    async fn restore(&mut self) -> Restored {
        let (row, marker) = (self.turn.row(), self.turn.marker());
        self.turn.enter(Phase::Settle);
        let restore =
            move |site: Arc<Site>| async move { settle::restore(&site, row, marker).await };
        self.turn.site().beside(restore).await
    }

    async fn transition(&mut self, from: Status, to: Status) -> Stepped {
        let step = match to {
            Status::Deleting => StepKind::Acquire,
            Status::Available | Status::Other(_) => StepKind::Release,
        };
        let transition = Transition {
            row: row_id(self.turn.row()),
            from: from.into(),
            to: to.into(),
            marker: self.turn.marker().to_string(),
        };
        let call = Call::Change(transition);
        self.turn.step(step, call).await
    }
}
