//! Workers compete to move rows of one table from `available` to `deleting` and back.

mod access;
mod audit;
mod check;
mod data;
mod life;
mod look;
mod net;
mod row;
mod schema;
mod settle;

pub use self::row::row_id;
pub use self::schema::TABLES;

use self::access::read_causally;
use self::life::Life;
use super::kind::{Picture, WorkloadKind};
use super::site::Site;
use super::turn::Turn;
use super::{BackgroundAccess, Workload};
use crate::capability::clock::Clock;
use crate::capability::database::{Database, Session};
use crate::check::{Evidence, judge_whole_from};
use crate::model::change::{Change, Nanos, StepKind};
use crate::model::data::{RowState, Status};
use crate::model::error::CallError;
use crate::model::stuck::Waiting;
use crate::model::value::Value;
use crate::model::verdict::Judgement;
use crate::wasm::World;
use crate::workload::final_state::FinalState;
use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Rows of one table, moved from `available` to `deleting` and back.
#[derive(Debug, Clone, Copy)]
pub struct VolumeState;

#[async_trait]
impl WorkloadKind for VolumeState {
    fn name(&self) -> &'static str {
        "volume-state"
    }

    fn world(&self) -> Option<World> {
        Some(World::State)
    }

    fn tables(&self) -> &'static [&'static str] {
        TABLES
    }

    fn always_releases(&self) -> bool {
        true
    }

    fn made(&self) -> &'static [&'static str] {
        schema::MADE
    }

    fn key_of(&self, row: u32) -> Option<String> {
        Some(row_id(row))
    }

    fn takes(&self) -> &'static [&'static str] {
        &Workload::OF_SOME_KINDS
    }

    fn planned(&self, _: &toml::Table) -> Result<Workload, String> {
        Ok(Workload::default())
    }

    fn small(&self) -> &'static str {
        "rows = 2\nworkers_per_row = 3\ncheck_tries = 3\n"
    }

    fn with_recorded(&self, _: serde_json::Value) -> serde_json::Result<Arc<dyn WorkloadKind>> {
        Ok(Arc::new(Self))
    }

    async fn make(
        &self,
        session: &mut dyn Session,
        database: &dyn Database,
        workload: &Workload,
    ) -> Result<(), CallError> {
        schema::make(session, database, workload).await
    }

    fn background(&self, generator: u32) -> Option<BackgroundAccess> {
        Some(BackgroundAccess::new(
            Value::from(row_id(generator)),
            "SELECT status, attach_status FROM volumes_background WHERE id = ?",
            "UPDATE volumes_background SET attach_status = ? WHERE id = ?",
        ))
    }

    async fn change(&self, turn: &mut dyn Turn) -> Change {
        Life { turn }.change().await
    }

    async fn picture(&self, site: &Site, waiting: &[Waiting]) -> Option<Picture> {
        let wanted = waiting.iter().map(|it| site.workload.row_of(it.worker));
        let mut rows = BTreeMap::new();
        for row in wanted.collect::<BTreeSet<_>>() {
            let answers = site.ask_nodes(|node| read_causally(site, node, row)).await;
            if !answers.complete {
                return None;
            }
            rows.insert(row, answers.given.into_iter().next()?);
        }
        let is_at_work = |state: &RowState| {
            let owner = state.mark.among(waiting);
            owner.is_some_and(|owner| {
                owner.step != StepKind::Release || state.status != Status::Deleting
            })
        };
        Some(Picture {
            seen: format!("{rows:?}"),
            is_at_work: rows.values().flatten().any(is_at_work),
            rows: rows
                .into_iter()
                .filter_map(|(row, state)| Some((row, state?)))
                .collect(),
        })
    }

    async fn read_final(
        &self,
        database: &dyn Database,
        clock: &dyn Clock,
        workload: &Workload,
    ) -> Result<FinalState, CallError> {
        let data = data::read_data(database, clock, workload.rows, workload.audit).await?;
        Ok(FinalState::Rows(data))
    }

    fn judge(
        &self,
        workload: &Workload,
        changes: &[Change],
        found: Option<&FinalState>,
        whole_from: Option<Nanos>,
    ) -> Judgement {
        let evidence = Evidence {
            rows: workload.rows,
            changes,
            data: found.and_then(FinalState::rows),
        };
        judge_whole_from(&evidence, whole_from)
    }
}
