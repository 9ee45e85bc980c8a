//! The final state of the database after a trial.

use crate::check::parts::Heard;
use crate::model::conditions::Conditions;
use crate::model::data::{Breakdown, FinalRows};
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::fmt::Debug;
use std::io::Write;
use std::sync::Arc;

/// The proof against which every report is held.
#[derive(Debug, Clone)]
pub enum FinalState {
    /// Rows with a state, and the audit of them.
    Rows(FinalRows),
    /// The content of the tables of a kind of workload that has its own.
    Own(Arc<dyn OwnTables>),
}

impl FinalState {
    /// The same, with what happened to the servers before it was read.
    pub fn after(mut self, conditions: &Conditions) -> Self {
        let breakdowns = conditions.breakdowns();
        match &mut self {
            Self::Rows(rows) => rows.breakdowns = breakdowns,
            Self::Own(tables) => Arc::get_mut(tables)
                .expect("what was just read has one owner")
                .set_breakdowns(breakdowns),
        }
        self
    }
}

/// The final state that one kind of workload reads, and only it knows.
pub trait OwnTables: Any + Debug + Send + Sync {
    /// The file of a trial that holds it.
    fn file(&self) -> &'static str;

    /// Writes it as JSON for people.
    fn write(&self, out: &mut dyn Write) -> serde_json::Result<()>;

    /// Takes the times in which the database may have lost commits.
    fn set_breakdowns(&mut self, breakdowns: Vec<Breakdown>);
}

/// The state of each node when all workers had ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfNodes<T> {
    /// One entry for each node that answered.
    pub nodes: Vec<T>,
    /// The nodes that did not, by name.
    pub silent: Vec<String>,
    /// Members of the cluster that were not looked at: neither named nor found.
    #[serde(default)]
    pub unseen: u32,
    /// One node at a time takes writes.
    #[serde(default)]
    pub has_primary: bool,
    /// Not of the data: what happened to the servers meanwhile, in the order of time.
    #[serde(skip)]
    pub breakdowns: Vec<Breakdown>,
}

impl<T> OfNodes<T> {
    /// The nodes, for checkers.
    pub fn heard(&self) -> Heard<'_> {
        Heard {
            nodes: self.nodes.len(),
            silent: &self.silent,
            unseen: self.unseen,
            has_primary: self.has_primary,
        }
    }
}

/// The tables of one node; those of all nodes are written as one JSON file.
pub trait InFile: Any + Debug + Serialize + Send + Sync {
    const FILE: &'static str;
}

impl<T: InFile> OwnTables for OfNodes<T> {
    fn file(&self) -> &'static str {
        T::FILE
    }

    fn write(&self, out: &mut dyn Write) -> serde_json::Result<()> {
        serde_json::to_writer_pretty(out, self)
    }

    fn set_breakdowns(&mut self, breakdowns: Vec<Breakdown>) {
        self.breakdowns = breakdowns;
    }
}

impl FinalState {
    pub fn own(tables: impl OwnTables) -> Self {
        Self::Own(Arc::new(tables))
    }

    /// The rows, if it is these.
    pub fn rows(&self) -> Option<&FinalRows> {
        match self {
            Self::Rows(data) => Some(data),
            Self::Own(_) => None,
        }
    }

    /// The final state that a kind read, if it is of this type.
    pub fn of<T: OwnTables>(&self) -> Option<&T> {
        match self {
            Self::Own(tables) => (&**tables as &dyn Any).downcast_ref(),
            Self::Rows(_) => None,
        }
    }

    /// The committed updates that the database's audit recorded, where there is one.
    pub fn effects(&self) -> Option<u64> {
        let effects = self.rows()?.effects.as_ref()?;
        Some(effects.len() as u64)
    }
}
