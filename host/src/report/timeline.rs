//! A timeline for the terminal: a column for each worker, one for the nodes, one for the lock service.

use crate::model::prose::Ms;
use crate::model::timeline::{Lane, Timeline, TimelineEntry};
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets};
use std::fmt::Write;

/// Between columns.
const GAP: u16 = 2;

/// Plain text, with cells wrapped so that no line is longer than `width`; below it the cause of each
/// abort.
pub fn write(timeline: &Timeline, width: u16) -> String {
    let columns = columns(timeline);
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(width);
    let headings = columns.iter().map(|column| column.heading());
    table.set_header(std::iter::once("time".to_owned()).chain(headings));
    for moment in &timeline.moments {
        let cells = columns.iter().map(|column| column.cell(moment));
        table.add_row(std::iter::once(Ms(moment.at).to_string()).chain(cells));
    }
    let longest = timeline
        .moments
        .iter()
        .map(|moment| Ms(moment.at).to_string().len());
    let time_width = longest.max().unwrap_or(0) as u16 + GAP;
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, GAP));
        if index == 0 {
            column.set_cell_alignment(CellAlignment::Right);
            column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(time_width)));
        }
    }
    let mut text = table.trim_fmt() + "\n";
    if !timeline.aborts.is_empty() {
        text.push_str("\nwho aborted whom:\n");
        for abort in &timeline.aborts {
            let _ = writeln!(text, "{}", wrapped(abort, "  ", "    ", width));
        }
    }
    text
}

/// Words in lines that are not longer than `width`, the first and the others indented.
pub fn wrapped(text: &str, first: &str, others: &str, width: u16) -> String {
    let (mut lines, mut line) = (Vec::new(), first.to_owned());
    let mut is_empty = true;
    for word in text.split_whitespace() {
        let length = line.chars().count() + word.chars().count();
        if !is_empty && length + 1 > usize::from(width) {
            lines.push(std::mem::replace(&mut line, others.to_owned()));
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    lines.push(line);
    lines.join("\n")
}

/// Lanes that share a column.
#[derive(PartialEq, Eq)]
enum Column {
    Worker(u32),
    /// And the proxy before them.
    Nodes,
    Locks,
}

fn columns(timeline: &Timeline) -> Vec<Column> {
    let mut columns = Vec::new();
    for lane in &timeline.lanes {
        let column = match lane {
            Lane::Worker(worker) => Column::Worker(*worker),
            Lane::Node(_) | Lane::Proxy => Column::Nodes,
            Lane::Locks => Column::Locks,
        };
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    columns
}

impl Column {
    fn heading(&self) -> String {
        match self {
            Self::Worker(worker) => Lane::Worker(*worker).to_string(),
            Self::Nodes => "nodes".to_owned(),
            Self::Locks => Lane::Locks.to_string(),
        }
    }

    /// The text of the moment in this column; empty if it belongs to another.
    fn cell(&self, moment: &TimelineEntry) -> String {
        match (self, moment.lane) {
            (Self::Worker(own), Lane::Worker(worker)) if *own == worker => moment.text.clone(),
            (Self::Nodes, lane @ (Lane::Node(_) | Lane::Proxy)) => {
                format!("{lane}: {}", moment.text)
            }
            (Self::Locks, Lane::Locks) => moment.text.clone(),
            _ => String::new(),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::timeline::{Stretch, StretchKind, Tone};

    pub fn two_holders() -> Timeline {
        let moment = |ms: u64, lane, tone, text: &str, after| TimelineEntry {
            at: ms * 1_000_000,
            lane,
            tone,
            text: text.to_owned(),
            after,
        };
        let (a, b, n1, n2) = (
            Lane::Worker(0),
            Lane::Worker(3),
            Lane::Node(0),
            Lane::Node(1),
        );
        let stretch = |lane, from: u64, to: u64, kind, text: &str| Stretch {
            lane,
            from: from * 1_000_000,
            to: to * 1_000_000,
            kind,
            text: text.to_owned(),
        };
        Timeline {
            lanes: vec![a, b, n1, n2, Lane::Locks],
            moments: vec![
                moment(1, Lane::Locks, Tone::Plain, "grants volume-0 to worker 0 with token 1, until 10001.000 ms", None),
                moment(2, a, Tone::Fault, "fault: pause worker-0 for 12s", None),
                moment(10_001, Lane::Locks, Tone::Lost, "the lease of worker 0 on volume-0 ends", Some(0)),
                moment(10_003, Lane::Locks, Tone::Plain, "grants volume-0 to worker 3 with token 2, until 20003.000 ms", None),
                moment(10_004, b, Tone::Plain, "SELECT status FROM volumes WHERE id = 'volume-0' on n2: 'available'", Some(3)),
                moment(10_005, b, Tone::Plain, "UPDATE volumes SET status = 'deleting', attach_status = '3_0' WHERE id = 'volume-0' on n2: 1 changed", None),
                moment(10_006, n2, Tone::Plain, "worker 3's write set is number 7 in the order", Some(5)),
                moment(10_007, n1, Tone::Plain, "applies number 7 of worker 3", Some(6)),
                moment(10_008, b, Tone::Gained, "acquire of row 0 returns ok (marker 3_0)", None),
                moment(12_002, a, Tone::Fault, "over: pause worker-0 for 12s", None),
                moment(12_003, a, Tone::Plain, "UPDATE volumes SET status = 'deleting', attach_status = '0_0' WHERE id = 'volume-0' on n1: 1 changed", None),
                moment(12_004, a, Tone::Gained, "acquire of row 0 returns ok (marker 0_0)", None),
            ],
            stretches: vec![
                stretch(a, 2, 12_002, StretchKind::Fault, "pause worker-0 for 12s"),
                stretch(b, 10_008, 12_500, StretchKind::Holds, "worker 3 holds row 0"),
                stretch(a, 12_004, 12_014, StretchKind::Holds, "worker 0 holds row 0"),
            ],
            aborts: vec!["6.000 ms: transaction 12 of worker 3 on n2 was aborted: n2 applied transaction 11 of worker 0 on n1, number 7 in the order, which changes volumes volume-0".to_owned()],
        }
    }

    #[test]
    fn a_timeline_fits_a_terminal_and_loses_no_word() {
        let timeline = two_holders();
        for width in [80, 100, 120] {
            let text = write(&timeline, width);
            let longest = text.lines().map(|line| line.chars().count()).max();
            assert!(longest.unwrap() <= usize::from(width), "{text}");
        }
        let text = write(&timeline, 120);
        for moment in &timeline.moments {
            assert!(text.contains(&Ms(moment.at).to_string()), "{text}");
            for word in moment.text.split(' ') {
                assert!(text.contains(word), "{word}: {text}");
            }
        }
        let heading: Vec<_> = text.lines().next().unwrap().split("  ").collect();
        let columns: Vec<_> = heading
            .iter()
            .map(|h| h.trim())
            .filter(|h| !h.is_empty())
            .collect();
        assert_eq!(
            columns,
            ["time", "worker 0", "worker 3", "nodes", "lock service"]
        );
        assert!(text.contains("n2: worker 3's write set"), "{text}");
    }

    #[test]
    fn lines_are_wrapped_between_words_only() {
        let text = "word ".repeat(60);
        let lines: Vec<_> = wrapped(&text, "  ", "    ", 120)
            .lines()
            .map(str::to_owned)
            .collect();
        assert!(lines.len() == 3 && lines[1].starts_with("    word word"));
        assert!(lines.iter().all(|line| line.len() <= 120));
        let all: String = lines.join(" ");
        assert_eq!(all.split_whitespace().count(), 60);
        assert_eq!(wrapped("", "  ", "", 120), "  ");
    }
}
