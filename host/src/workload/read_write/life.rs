//! One visit: enter, stay, leave.

use super::ReadWrite;
use super::access::visit;
use super::schema::document_id;
use super::tables::Visit as Row;
use crate::capability::strategy::{Call, Visit};
use crate::model::change::{Change, Settled, StepKind};
use crate::model::marker::Marker;
use crate::workload::settle::{Shown, settle};
use crate::workload::site::Site;
use crate::workload::turn::{Phase, Turn};
use std::sync::Arc;

impl ReadWrite {
    /// A visit that entered leaves again, also if its enter reported an error. The host gives nothing back itself: a
    /// visit is over when its leave has returned, and what its row lacks then is in no other visitor's way.
    pub(super) async fn visit(&self, turn: &mut dyn Turn) -> Change {
        let (marker, site) = (turn.marker(), turn.site());
        let purpose = self.purpose_of(marker.worker, site.workload.rows);
        let asked = Visit {
            document: document_id(turn.row()),
            purpose,
            readers: self.limit(),
            marker: marker.to_string(),
        };
        turn.enter(Phase::Acquire);
        let entering = turn.step(StepKind::Acquire, Call::Enter(asked.clone()));
        let mut entered = entering.await;
        if !entered.step.outcome.is_ok() {
            turn.enter(Phase::Settle);
            let settle = move |site: Arc<Site>| async move { has_entered(&site, marker).await };
            entered.step.settled = Some(turn.site().beside(settle).await);
        }
        let mut change = turn.begun(entered.step, entered.nodes);
        change.purpose = Some(purpose);
        if !change.held() {
            return change;
        }
        turn.enter(Phase::Pause);
        turn.site().hold().await;
        turn.enter(Phase::Release);
        let mut left = turn.step(StepKind::Release, Call::Leave(asked)).await;
        if !left.step.outcome.is_ok() {
            turn.enter(Phase::Settle);
            let settle = move |site: Arc<Site>| async move { has_left(&site, marker).await };
            left.step.settled = Some(turn.site().beside(settle).await);
        }
        change.nodes = change.nodes.union(left.nodes);
        change.release = Some(left.step);
        change
    }
}

/// Is the visit's row there after all?
async fn has_entered(site: &Site, marker: Marker) -> Settled {
    is_there(site, marker, |_| true).await
}

/// Has it left after all?
async fn has_left(site: &Site, marker: Marker) -> Settled {
    is_there(site, marker, |row| row.left_version.is_some()).await
}

async fn is_there(site: &Site, marker: Marker, is_it: fn(&Row) -> bool) -> Settled {
    let read = |node| visit(&*site.database, node, marker);
    let shows = |row: &Option<Row>| match row.as_ref().is_some_and(is_it) {
        true => Shown::AuditEntry,
        false => Shown::NoEffect,
    };
    settle(site, read, shows).await.0
}
