//! The numbers of a workload, whatever its kind.

use super::ip_allocation::IpAllocation;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// The numbers of a workload; the defaults are those of the published experiment. Every number is a
/// key of a workload file and a flag of the same name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workload {
    /// What workers compete for; in ip-allocation the number of pools.
    pub rows: u32,
    pub workers_per_row: u32,
    pub changes_per_worker: u32,
    /// Before each change.
    pub pause_ms: u64,
    /// Between acquire and release.
    pub hold_ms: u64,
    /// Readings of all nodes after acquire, at most; 0 leaves the check out.
    pub check_tries: u32,
    /// The wait after the n-th reading is n times this.
    pub check_wait_ms: u64,
    /// How the check reaches the nodes.
    pub check: CheckConnections,
    /// Sessions beside the workers' that load the database with statements of their own, each on a
    /// row of its own; 0 for none.
    pub background_generators: u32,
    /// What each of them does in every second.
    pub background_selects_per_s: u32,
    pub background_updates_per_s: u32,
    /// Lets the database itself record what every transaction changes, by triggers into a table of its
    /// own.
    /// Without it most checkers can't tell.
    pub audit: bool,
    /// What is to be said of ip-allocation; absent in volume-state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip_allocation: Option<IpAllocation>,
}

/// How the check after acquire reaches the nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckConnections {
    /// Over connections that stay open and that workers share.
    Persistent,
    /// Over a new connection to each node for each reading, as the reference harness did.
    Fresh,
}

impl FromStr for CheckConnections {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "persistent" => Ok(Self::Persistent),
            "fresh" => Ok(Self::Fresh),
            _ => Err("it is persistent or fresh".to_owned()),
        }
    }
}

impl Default for Workload {
    fn default() -> Self {
        Self {
            rows: 100,
            workers_per_row: 1,
            changes_per_worker: 10,
            pause_ms: 10,
            hold_ms: 10,
            check_tries: 6,
            check_wait_ms: 250,
            check: CheckConnections::Persistent,
            background_generators: 0,
            background_selects_per_s: 10,
            background_updates_per_s: 5,
            audit: true,
            ip_allocation: None,
        }
    }
}

impl Workload {
    pub fn workers(&self) -> u32 {
        self.rows * self.workers_per_row
    }

    /// The planned changes of all workers.
    pub fn changes(&self) -> u64 {
        u64::from(self.workers()) * u64::from(self.changes_per_worker)
    }

    /// Makes it fewer rows, the first of them.
    pub fn set_rows(&mut self, rows: u32) {
        self.rows = rows;
        if let Some(allocation) = &mut self.ip_allocation {
            allocation.pools.truncate(rows as usize);
        }
    }

    /// The row of a worker: neighbours in number compete for different rows, so that those of one
    /// row do not start next to each other.
    pub fn row_of(&self, worker: u32) -> u32 {
        worker % self.rows
    }

    /// The workers in the order in which they are dealt to the nodes: all of row 0, then all of row
    /// 1, … So the rivals of a row come to different nodes, whatever the number of rows.
    ///
    /// ```text
    /// 3 rows, 2 workers each, 3 nodes:  worker 0 3 1 4 2 5
    ///                                   row    0 0 1 1 2 2
    ///                                   node   0 1 2 0 1 2
    /// ```
    pub fn dealing_order(&self) -> impl Iterator<Item = u32> {
        let (rows, per_row) = (self.rows, self.workers_per_row);
        (0..rows).flat_map(move |row| (0..per_row).map(move |turn| turn * rows + row))
    }

    /// A worker's place in [`Workload::dealing_order`].
    pub fn seat_of(&self, worker: u32) -> u32 {
        self.row_of(worker) * self.workers_per_row + worker / self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rivals_of_a_row_sit_next_to_each_other() {
        for (rows, per_row) in [(1, 1), (3, 3), (4, 3), (9, 2), (5, 1)] {
            let workload = Workload {
                rows,
                workers_per_row: per_row,
                ..Workload::default()
            };
            let order: Vec<_> = workload.dealing_order().collect();
            let seats = order.iter().map(|&worker| workload.seat_of(worker));
            assert!(seats.eq(0..rows * per_row), "{rows}x{per_row}");
            let seated = order.chunks(per_row as usize).zip(0..);
            for (rivals, row) in seated {
                assert!(rivals.iter().all(|&worker| workload.row_of(worker) == row));
            }
        }
    }
}
