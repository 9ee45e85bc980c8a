//! The waits of writers, and the readers that passed them.

use crate::model::change::{Change, Nanos};
use crate::model::purpose::Purpose;
use crate::record::figures::{Figures, cell, decimals, optional};
use crate::record::summary::Percentiles;
use serde::Serialize;
use std::collections::BTreeMap;

const NANOS_PER_MS: f64 = 1e6;

/// Figures of the visits of one trial that entered with ok.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Waits {
    reads: u64,
    writes: u64,
    /// From a writer's request until it was there; `None` if no writer was.
    writer_wait_ms: Option<Wait>,
    reader_wait_ms: Option<Wait>,
    /// The most readers that asked after a writer and entered before it, of any one writer.
    writer_overtaken_max: Option<u64>,
}

/// The distribution of waits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Wait {
    p50: f64,
    p99: f64,
    max: f64,
}

impl Waits {
    /// `None` where no change is a visit. n·log n, and for each writer the readers that entered while it waited.
    fn from_changes(changes: &[Change]) -> Option<Self> {
        changes.iter().find(|change| change.purpose.is_some())?;
        let of = |purpose| {
            let is_it = move |change: &&Change| {
                change.purpose == Some(purpose) && change.acquire.outcome.is_ok()
            };
            changes.iter().filter(is_it)
        };
        let waits = |purpose| {
            let waits = of(purpose).map(|change: &Change| change.acquire.duration());
            Wait::from_values(waits.collect())
        };
        let mut reads: BTreeMap<u32, Vec<(Nanos, Nanos)>> = BTreeMap::new();
        for change in of(Purpose::Read) {
            let times = (change.acquire.returned, change.acquire.invoked);
            reads.entry(change.row).or_default().push(times);
        }
        reads.values_mut().for_each(|of_row| of_row.sort_unstable());
        let overtaken = of(Purpose::Write).map(|change| {
            let (asked, there) = (change.acquire.invoked, change.acquire.returned);
            let of_row = reads.get(&change.row).map_or(&[][..], Vec::as_slice);
            let first = of_row.partition_point(|(entered, _)| *entered <= asked);
            let meanwhile = of_row[first..]
                .iter()
                .take_while(|(entered, _)| *entered < there);
            meanwhile.filter(|(_, invoked)| *invoked > asked).count() as u64
        });
        Some(Self {
            reads: of(Purpose::Read).count() as u64,
            writes: of(Purpose::Write).count() as u64,
            writer_wait_ms: waits(Purpose::Write),
            reader_wait_ms: waits(Purpose::Read),
            writer_overtaken_max: overtaken.max(),
        })
    }
}

impl Wait {
    fn from_values(waits: Vec<Nanos>) -> Option<Self> {
        let mut ms: Vec<_> = waits
            .iter()
            .map(|&wait| wait as f64 / NANOS_PER_MS)
            .collect();
        ms.sort_by(f64::total_cmp);
        let percentiles = Percentiles::of_sorted(&ms)?;
        Some(Self {
            p50: percentiles.p50,
            p99: percentiles.p99,
            max: *ms.last()?,
        })
    }
}

/// All of them, in every form.
pub(super) fn figures(changes: &[Change]) -> Figures {
    let found = Waits::from_changes(changes);
    let json = found
        .as_ref()
        .map(|it| serde_json::to_value(it).expect("plain numbers"));
    Figures {
        json: BTreeMap::from_iter(json.map(|json| ("visits", json))),
        columns: columns(found.as_ref()),
        lines: found.as_ref().map(line).into_iter().collect(),
    }
}

/// The values are empty where nothing is visited.
fn columns(found: Option<&Waits>) -> Vec<(String, String)> {
    let mut cells = vec![
        cell("reads", optional(found.map(|found| found.reads))),
        cell("writes", optional(found.map(|found| found.writes))),
    ];
    let waits = |pick: fn(&Waits) -> Option<Wait>| found.and_then(pick);
    for (name, wait) in [
        ("writer wait", waits(|found| found.writer_wait_ms)),
        ("reader wait", waits(|found| found.reader_wait_ms)),
    ] {
        let at = |pick: fn(&Wait) -> f64| decimals(wait.as_ref().map(pick));
        cells.extend([
            cell(&format!("{name} p50 ms"), at(|wait| wait.p50)),
            cell(&format!("{name} p99 ms"), at(|wait| wait.p99)),
            cell(&format!("{name} max ms"), at(|wait| wait.max)),
        ]);
    }
    let overtaken = found.and_then(|found| found.writer_overtaken_max);
    cells.push(cell("writer overtaken max", optional(overtaken)));
    cells
}

/// For people.
fn line(found: &Waits) -> String {
    let mut line = format!("{} reads, {} writes", found.reads, found.writes);
    if let (Some(wait), Some(overtaken)) = (found.writer_wait_ms, found.writer_overtaken_max) {
        line += &format!(
            "; a writer waited {:.2} ms (p50), {:.2} ms at most; at most {overtaken} readers that came later \
             entered before it",
            wait.p50, wait.max
        );
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::synthetic;

    fn visit(worker: u32, row: u32, purpose: Purpose, asked: Nanos, entered: Nanos) -> Change {
        let times = [asked, entered, entered + 1, entered + 2];
        Change {
            purpose: Some(purpose),
            ..synthetic::change(worker, row, 0, times)
        }
    }

    #[test]
    fn writer_is_overtaken_by_readers_that_came_later_and_entered_before_it() {
        use Purpose::{Read, Write};
        let changes = [
            visit(0, 0, Write, 10, 50),
            visit(1, 0, Read, 5, 20),
            visit(2, 0, Read, 11, 12),
            visit(3, 0, Read, 30, 49),
            visit(4, 0, Read, 40, 60),
            visit(5, 1, Read, 30, 49),
        ];
        let found = Waits::from_changes(&changes).unwrap();
        assert_eq!(found.writer_overtaken_max, Some(2));
        assert_eq!((found.reads, found.writes), (5, 1));
        assert_eq!(found.writer_wait_ms.unwrap().max, 40.0 / NANOS_PER_MS);
        let mut plain = changes[0].clone();
        plain.purpose = None;
        assert_eq!(Waits::from_changes(&[plain]), None);
    }
}
