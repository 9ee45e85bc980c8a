//! The keys of a workload file, and the workload that they make.

use super::pools::pools;
use super::{Connect, IpAllocation};
use crate::model::pool::Pool;
use crate::workload::key::{self, Key};
use crate::workload::{Chosen, Workload};
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

/// The keys; what was not given has its default.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Options {
    release: Option<bool>,
    connect: Option<Connect>,
    step_wait_ms: Option<u64>,
    /// `[[pool]]`, at least once; each is a row.
    pool: Option<Vec<Pool>>,
}

pub(super) const KEYS: &[Key] = &[
    Key {
        name: "release",
        flag: "release",
        value: "BOOL",
        help: "release each address after the hold [default: false]",
        is_repeated: false,
        read: key::read::<bool>,
        write: key::plain,
    },
    Key {
        name: "connect",
        flag: "connect",
        value: "endpoint|nodes",
        help: "connect to the endpoint, or to the nodes in turn [default: endpoint]",
        is_repeated: false,
        read: key::read::<Connect>,
        write: key::plain,
    },
    Key {
        name: "step_wait_ms",
        flag: "step-wait-ms",
        value: "MS",
        help: "longest random wait before each step of an algorithm [default: 0]",
        is_repeated: false,
        read: key::read::<u64>,
        write: key::plain,
    },
    Key {
        name: "pool",
        flag: "pool",
        value: "SUBNET,FIRST-LAST",
        help: "pool of addresses; may be repeated [default: \
               192.168.0.0/24,192.168.0.2-192.168.0.254]",
        is_repeated: true,
        read: key::read::<Pool>,
        write: written_pool,
    },
];

fn written_pool(value: &Value) -> String {
    let pool = value.clone().try_into::<Pool>();
    pool.map_or_else(|_| value.to_string(), |pool| pool.to_string())
}

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

    /// The workload, with the published numbers for what every kind has.
    pub(super) fn workload(&self) -> Result<Workload, String> {
        let pools = match &self.pool {
            Some(given) => pools(given)?,
            None => vec![IpAllocation::published_pool()],
        };
        Ok(Workload {
            rows: pools.len() as u32,
            workers_per_row: 20,
            changes_per_worker: 1,
            pause_ms: 0,
            hold_ms: 0,
            check_tries: 0,
            audit: false,
            kind: Chosen::new(IpAllocation {
                pools,
                release: self.release.unwrap_or(false),
                connect: self.connect.unwrap_or_default(),
                step_wait_ms: self.step_wait_ms.unwrap_or(0),
            }),
            ..Workload::default()
        })
    }
}

/// For a search.
pub(super) const SMALL: &str = r#"
workers_per_row = 4
release = true

[[pool]]
subnet = "192.168.0.0/28"
first = "192.168.0.2"
last = "192.168.0.7"
"#;
