//! The keys of a workload file, and the workload that they make.

use super::{ReadWrite, USUAL};
use crate::workload::key::{self, Key};
use crate::workload::{Chosen, Workload};
use serde::{Deserialize, Serialize};
use toml::Table;

/// The keys; one that was not given has its default.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Options {
    writers_per_row: Option<u32>,
    reader_limit: Option<u32>,
}

pub(super) const KEYS: &[Key] = &[
    Key {
        name: "writers_per_row",
        flag: "writers-per-row",
        value: "N",
        help: "so many of the workers per row write, the others read [default: 1]",
        is_repeated: false,
        read: key::read::<u32>,
        write: key::plain,
    },
    Key {
        name: "reader_limit",
        flag: "reader-limit",
        value: "N",
        help: "readers that may be at a document at once; 0 for any number [default: 2]",
        is_repeated: false,
        read: key::read::<u32>,
        write: key::plain,
    },
];

impl Options {
    /// Reads them in the text of a workload file.
    pub(super) fn read(file: &str) -> Result<Table, String> {
        let options: Self = toml::from_str(file).map_err(|error| error.to_string())?;
        Table::try_from(options).map_err(|error| error.to_string())
    }

    pub(super) fn of(own: &Table) -> Result<Self, String> {
        let options = own.clone().try_into::<Self>();
        options.map_err(|error| error.to_string())
    }

    /// The workload: six workers at each of five documents. A visit lasts longer than the look that began it.
    pub(super) fn workload(&self) -> Workload {
        Workload {
            rows: 5,
            workers_per_row: 6,
            changes_per_worker: 10,
            pause_ms: 10,
            hold_ms: 20,
            check_tries: 0,
            audit: false,
            kind: Chosen::new(ReadWrite {
                writers_per_row: self.writers_per_row.unwrap_or(USUAL.writers_per_row),
                reader_limit: self.reader_limit.unwrap_or(USUAL.reader_limit),
            }),
            ..Workload::default()
        }
    }
}

/// For a search: more readers than the limit, and writers that could meet each other.
pub(super) const SMALL: &str = "
rows = 1
workers_per_row = 5
writers_per_row = 2
reader_limit = 2
";
