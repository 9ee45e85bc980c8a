//! Workers visit documents: readers together, up to a limit; writers alone.

mod access;
mod checkers;
mod figures;
mod life;
mod options;
mod schema;
mod tables;

use self::checkers::Evidence;
use self::options::Options;
use self::tables::{NodeVisits, Visits};
use super::Workload;
use super::key::Key;
use super::kind::{FinalFile, WorkloadKind};
use super::turn::Turn;
use crate::capability::clock::Clock;
use crate::capability::database::{Database, Session};
use crate::model::change::{Change, Nanos};
use crate::model::error::CallError;
use crate::model::purpose::Purpose;
use crate::model::verdict::Judgement;
use crate::record::figures::Figures;
use crate::wasm::World;
use crate::workload::final_state::FinalState;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// The options of this kind, beside the numbers that every workload has. Its rows are the documents, and a
/// change is a visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadWrite {
    /// So many of a document's workers write; the others read.
    pub writers_per_row: u32,
    /// The most readers at one document at once; 0 for any number.
    pub reader_limit: u32,
}

/// One writer beside readers of whom two may be there at once.
pub(super) static USUAL: ReadWrite = ReadWrite {
    writers_per_row: 1,
    reader_limit: 2,
};

impl ReadWrite {
    /// `None` for any number.
    fn limit(&self) -> Option<u32> {
        (self.reader_limit > 0).then_some(self.reader_limit)
    }

    /// The first workers of each row are its writers.
    fn purpose_of(&self, worker: u32, rows: u32) -> Purpose {
        match worker / rows < self.writers_per_row {
            true => Purpose::Write,
            false => Purpose::Read,
        }
    }
}

#[async_trait]
impl WorkloadKind for ReadWrite {
    fn name(&self) -> &'static str {
        "read-write"
    }

    fn world(&self) -> Option<World> {
        Some(World::Access)
    }

    fn tables(&self) -> &'static [&'static str] {
        schema::TABLES
    }

    fn nouns(&self) -> [&'static str; 2] {
        ["documents", "visits"]
    }

    fn item(&self, change: &Change) -> String {
        format!("document {}", change.row)
    }

    fn key_of(&self, row: u32) -> Option<String> {
        Some(schema::document_id(row))
    }

    fn prefix(&self) -> &'static str {
        "read-write-"
    }

    fn keys(&self) -> &'static [Key] {
        options::KEYS
    }

    fn takes(&self) -> &'static [&'static str] {
        &["rows"]
    }

    fn read(&self, file: &str) -> Result<toml::Table, String> {
        Options::read(file)
    }

    fn planned(&self, own: &toml::Table) -> Result<Workload, String> {
        Options::of(own).map(|options| options.workload())
    }

    fn small(&self) -> &'static str {
        options::SMALL
    }

    fn recorded(&self) -> Value {
        serde_json::to_value(self).expect("plain numbers")
    }

    fn with_recorded(&self, options: Value) -> serde_json::Result<Arc<dyn WorkloadKind>> {
        Ok(Arc::new(serde_json::from_value::<Self>(options)?))
    }

    async fn make(
        &self,
        session: &mut dyn Session,
        database: &dyn Database,
        workload: &Workload,
    ) -> Result<(), CallError> {
        schema::make(session, database.dialect(), workload.rows).await
    }

    async fn change(&self, turn: &mut dyn Turn) -> Change {
        self.visit(turn).await
    }

    async fn read_final(
        &self,
        database: &dyn Database,
        clock: &dyn Clock,
        _: &Workload,
    ) -> Result<FinalState, CallError> {
        let found = access::read_visits(database, clock).await?;
        Ok(FinalState::own(found))
    }

    fn file(&self) -> Option<FinalFile> {
        Some(FinalFile::of::<NodeVisits>())
    }

    fn figures(&self, changes: &[Change]) -> Figures {
        figures::figures(changes)
    }

    fn judge(
        &self,
        _: &Workload,
        changes: &[Change],
        found: Option<&FinalState>,
        whole_from: Option<Nanos>,
    ) -> Judgement {
        let evidence = Evidence {
            limit: self.limit(),
            changes,
            found: found.and_then(FinalState::of::<Visits>),
        };
        checkers::judge(&evidence, whole_from)
    }
}
