//! The final state of the database after a trial.

use crate::model::data::Data;
use serde::Serialize;
use std::any::Any;
use std::fmt::Debug;
use std::io::Write;
use std::sync::Arc;

/// The proof against which every report is held.
#[derive(Debug, Clone)]
pub enum Found {
    /// Rows with a state, and the audit of them.
    Rows(Data),
    /// The content of the tables of a kind of workload that has its own.
    Own(Arc<dyn OwnTables>),
}

/// The final state that one kind of workload reads, and only it knows.
pub trait OwnTables: Any + Debug + Send + Sync {
    /// The file of a trial that holds it.
    fn file(&self) -> &'static str;

    /// Writes it as JSON for people.
    fn write(&self, out: &mut dyn Write) -> serde_json::Result<()>;
}

/// A value that is written as one JSON file.
pub trait InFile: Any + Debug + Serialize + Send + Sync {
    const FILE: &'static str;
}

impl<T: InFile> OwnTables for T {
    fn file(&self) -> &'static str {
        T::FILE
    }

    fn write(&self, out: &mut dyn Write) -> serde_json::Result<()> {
        serde_json::to_writer_pretty(out, self)
    }
}

impl Found {
    pub fn own(tables: impl OwnTables) -> Self {
        Self::Own(Arc::new(tables))
    }

    /// The rows, if it is these.
    pub fn rows(&self) -> Option<&Data> {
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
