//! A kind of workload: what workers compete for, and everything that only it knows.

use super::Workload;
use super::background::BackgroundAccess;
use super::key::Key;
use super::turn::Turn;
use crate::capability::clock::Clock;
use crate::capability::database::{Database, Session};
use crate::model::change::{Change, Nanos};
use crate::model::data::RowState;
use crate::model::error::CallError;
use crate::model::stuck::Waiting;
use crate::model::verdict::Judgement;
use crate::record::figures::Figures;
use crate::wasm::World;
use crate::workload::final_state::{FinalState, InFile, OfNodes};
use crate::workload::site::Site;
use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use toml::Table;

/// A workload of one kind: its methods are what differs between kinds, its fields the options that no
/// other kind has. The one in the registry has the usual options.
#[async_trait]
pub trait WorkloadKind: fmt::Debug + Send + Sync {
    /// The name, as a workload file has it.
    fn name(&self) -> &'static str;

    /// The world of the strategies that this kind calls; `None` if no component has it.
    fn world(&self) -> Option<World> {
        None
    }

    /// The tables that a strategy may read and write.
    fn tables(&self) -> &'static [&'static str];

    /// Every table that a run makes.
    fn made(&self) -> &'static [&'static str] {
        self.tables()
    }

    /// The words for rows and for changes.
    fn nouns(&self) -> [&'static str; 2] {
        ["rows", "changes"]
    }

    /// The name of the item that a change takes.
    fn item(&self, change: &Change) -> String {
        format!("row {}", change.row)
    }

    /// The key of a row in its table; `None` where a row of the workload is more than one of a table.
    fn key_of(&self, _row: u32) -> Option<String> {
        None
    }

    /// The word before the size, where a workload is named by that.
    fn prefix(&self) -> &'static str {
        ""
    }

    /// The keys of a workload file that only this kind has.
    fn keys(&self) -> &'static [Key] {
        &[]
    }

    /// The keys that it takes of those that not every kind has.
    fn takes(&self) -> &'static [&'static str] {
        &[]
    }

    /// Reads its own keys in the text of a workload file; the others are not for it.
    fn read(&self, _file: &str) -> Result<Table, String> {
        Ok(Table::new())
    }

    /// A workload with these own keys, and the published numbers for what every kind has.
    fn planned(&self, own: &Table) -> Result<Workload, String>;

    /// A workload for a search: small, so that many seeds are tried, and contended. As a workload file
    /// says it, beside what is the same for every kind.
    fn small(&self) -> &'static str {
        ""
    }

    /// The options that only this kind has, as a plan records them; `Null` if there are none.
    fn recorded(&self) -> Value {
        Value::Null
    }

    /// This kind with these recorded options.
    fn with_recorded(&self, options: Value) -> serde_json::Result<Arc<dyn WorkloadKind>>;

    /// This kind with only the first rows, where its options say more of each row than that it is there.
    fn resized(&self, _rows: u32) -> Option<Arc<dyn WorkloadKind>> {
        None
    }

    /// True if a search may draw the number of rows.
    fn draws_rows(&self) -> bool {
        true
    }

    /// This kind with a release in every change, where its options leave it out.
    fn releasing(&self) -> Option<Arc<dyn WorkloadKind>> {
        None
    }

    /// True if each change that acquired goes on to release, so that one without a release is none of a run.
    fn always_releases(&self) -> bool {
        false
    }

    /// The settings that its options make.
    fn settings(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    /// The waits among its options, in milliseconds; none may be longer than an hour.
    fn bounded(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }

    /// Refuses options that no workload file could have made.
    fn check(&self, _rows: u32) -> Result<(), String> {
        Ok(())
    }

    /// True if workers connect to the nodes in turn and not to the endpoint.
    fn connects_to_nodes(&self) -> bool {
        false
    }

    /// True if the statements of strategies are counted and timed.
    fn counts_statements(&self) -> bool {
        false
    }

    /// Makes the tables, filled; none of them is there.
    async fn make(
        &self,
        session: &mut dyn Session,
        database: &dyn Database,
        workload: &Workload,
    ) -> Result<(), CallError>;

    /// The statements of one generator of the background load, where there is one.
    fn background(&self, _generator: u32) -> Option<BackgroundAccess> {
        None
    }

    /// The life of one change: its steps, and the settling of those that did not end ok.
    async fn change(&self, turn: &mut dyn Turn) -> Change;

    /// Reads the rows that these workers wait for. `None` if a node that has a say does not
    /// answer, or if the kind has no such reading.
    async fn picture(&self, _site: &Site, _waiting: &[Waiting]) -> Option<Picture> {
        None
    }

    /// Reads what is left of every node that answers. The readings are causal, so a node that lags is
    /// waited for. An error only if no node answers.
    async fn read_final(
        &self,
        database: &dyn Database,
        clock: &dyn Clock,
        workload: &Workload,
    ) -> Result<FinalState, CallError>;

    /// The file of a trial that holds what was read, where the kind has tables of its own.
    fn file(&self) -> Option<FinalFile> {
        None
    }

    /// The figures that only this kind has; of the changes of another kind, none.
    fn figures(&self, _changes: &[Change]) -> Figures {
        Figures::default()
    }

    /// Asks every checker. What was found in the database is absent when the run was cut before that,
    /// or when the history lacks some of its changes. Where everything worked from some moment on, also
    /// asks whether every change came to an end.
    fn judge(
        &self,
        workload: &Workload,
        changes: &[Change],
        found: Option<&FinalState>,
        whole_from: Option<Nanos>,
    ) -> Judgement;
}

/// A JSON file of a trial's folder.
#[derive(Debug, Clone, Copy)]
pub struct FinalFile {
    pub name: &'static str,
    pub read: fn(&[u8]) -> serde_json::Result<FinalState>,
}

impl FinalFile {
    /// The file of what a kind reads of each node.
    pub fn of<T: InFile + DeserializeOwned>() -> Self {
        Self {
            name: T::FILE,
            read: |text| serde_json::from_slice::<OfNodes<T>>(text).map(FinalState::own),
        }
    }
}

/// The rows that waiting workers want, as the tables have them.
#[derive(Debug, PartialEq, Eq)]
pub struct Picture {
    /// All of it: as long as it stays the same, nothing moves.
    pub seen: String,
    /// Something in it belongs to a change that is still at work.
    pub is_at_work: bool,
    /// The rows of it, by their numbers, where rows have a state.
    pub rows: BTreeMap<u32, RowState>,
}

/// An entry of the registry.
#[derive(Debug, Clone, Copy)]
pub struct Kind(pub &'static dyn WorkloadKind);

impl Deref for Kind {
    type Target = dyn WorkloadKind;

    fn deref(&self) -> &Self::Target {
        self.0
    }
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Kind {}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The kind of a workload, with its options.
#[derive(Debug, Clone)]
pub struct Chosen(Arc<dyn WorkloadKind>);

impl Chosen {
    pub fn new(kind: impl WorkloadKind + 'static) -> Self {
        Self(Arc::new(kind))
    }
}

impl From<Arc<dyn WorkloadKind>> for Chosen {
    fn from(kind: Arc<dyn WorkloadKind>) -> Self {
        Self(kind)
    }
}

impl Deref for Chosen {
    type Target = dyn WorkloadKind;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl PartialEq for Chosen {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name() && self.recorded() == other.recorded()
    }
}

impl Eq for Chosen {}

impl dyn WorkloadKind {
    /// The key under which a plan records the options.
    pub fn key_of_options(&self) -> String {
        self.name().replace('-', "_")
    }
}
