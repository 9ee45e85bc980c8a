//! Parts that both drawings of a timeline share: rows, the positions of times between them, and lines
//! of text.

use super::escaped;
use crate::model::change::Nanos;
use crate::model::timeline::{Lane, Stretch, StretchKind, Timeline, TimelineEntry};
use std::fmt::Write;

pub const LINE: u32 = 17;

/// The position of one moment: rows follow each other at equal distances, regardless of time.
#[derive(Debug, Clone)]
pub struct Row {
    pub top: u32,
    pub height: u32,
    pub lines: Vec<String>,
}

impl Row {
    pub fn middle(&self) -> u32 {
        self.top + self.height / 2
    }

    pub fn bottom(&self) -> u32 {
        self.top + self.height
    }
}

/// The rows of all moments. `head` is what stands in a card above its text, `gap` between two rows.
pub fn rows(timeline: &Timeline, top: u32, columns: usize, head: u32, gap: u32) -> Vec<Row> {
    let mut next = top;
    let row = |moment: &TimelineEntry| {
        let lines = wrap(&moment.text, columns);
        let height = head + 18 + LINE * lines.len() as u32;
        let row = Row {
            top: next,
            height,
            lines,
        };
        next += height + gap;
        row
    };
    timeline.moments.iter().map(row).collect()
}

/// The position of a time: at the middle of a moment's row, or between two in proportion.
pub fn place(timeline: &Timeline, rows: &[Row], at: Nanos) -> u32 {
    let later = timeline.moments.partition_point(|moment| moment.at < at);
    match (later.checked_sub(1), rows.get(later)) {
        (None, Some(first)) if timeline.moments[0].at == at => first.middle(),
        (None, first) => first.map_or(0, |row| row.top.saturating_sub(8)),
        (Some(before), None) => rows[before].bottom() + 8,
        (Some(before), Some(row)) => {
            let (from, to) = (timeline.moments[before].at, timeline.moments[later].at);
            let part = (at - from) as f64 / (to - from).max(1) as f64;
            let (start, end) = (rows[before].middle(), row.middle());
            start + (f64::from(end - start) * part).round() as u32
        }
    }
}

/// The times at which two workers hold the row at once.
pub fn both_hold(timeline: &Timeline) -> Vec<(Nanos, Nanos)> {
    let holds: Vec<&Stretch> = timeline
        .stretches
        .iter()
        .filter(|stretch| stretch.kind == StretchKind::Holds)
        .collect();
    let mut both = Vec::new();
    for (index, one) in holds.iter().enumerate() {
        for other in &holds[index + 1..] {
            let (from, to) = (one.from.max(other.from), one.to.min(other.to));
            if one.lane != other.lane && from < to {
                both.push((from, to));
            }
        }
    }
    both
}

/// Vertical positions of both ends of a stretch of time, far enough apart to be seen.
pub fn span(timeline: &Timeline, rows: &[Row], from: Nanos, to: Nanos) -> (u32, u32) {
    let [top, bottom] = [from, to].map(|at| place(timeline, rows, at));
    (top, bottom.max(top + 6))
}

/// The number of a lane, from the left.
pub fn number(timeline: &Timeline, lane: Lane) -> u32 {
    let place = timeline.lanes.iter().position(|other| *other == lane);
    place.unwrap_or(0) as u32
}

/// The class of a lane's colour: each worker has its own, all nodes have the same.
pub fn colour(timeline: &Timeline, lane: Lane) -> String {
    match lane {
        Lane::Worker(_) => format!("w{}", number(timeline, lane) % 3),
        Lane::Node(_) => "node".to_owned(),
        Lane::Proxy => "proxy".to_owned(),
        Lane::Locks => "locks".to_owned(),
    }
}

/// Lines of text from this place downwards.
pub fn text(svg: &mut String, x: u32, y: u32, class: &str, lines: &[String]) {
    let _ = write!(svg, "<text class=\"{class}\">");
    for (line, number) in lines.iter().zip(0..) {
        let y = y + LINE * number;
        let _ = write!(svg, "<tspan x=\"{x}\" y=\"{y}\">{}</tspan>", escaped(line));
    }
    svg.push_str("</text>\n");
}

/// The time since the moment before, if it is long.
pub fn pause_before(timeline: &Timeline, index: usize) -> Option<String> {
    let before = timeline.moments[index.checked_sub(1)?].at;
    let passed = timeline.moments[index].at.saturating_sub(before);
    (passed >= 1_000_000_000).then(|| format!("+{:.1} s", passed as f64 / 1e9))
}

/// Words in lines of at most so many characters; a longer word is broken.
fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let mut rest: Vec<char> = word.chars().collect();
        while !rest.is_empty() {
            let line = lines.last_mut().expect("never empty");
            let used = line.chars().count();
            let space = usize::from(used > 0);
            if used + space + rest.len() <= columns {
                line.push_str(&" ".repeat(space));
                line.extend(rest.drain(..));
            } else if used == 0 {
                line.extend(rest.drain(..columns));
                lines.push(String::new());
            } else {
                lines.push(String::new());
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::super::timeline::tests::two_holders;
    use super::*;

    #[test]
    fn wrap_breaks_only_words_that_are_too_long() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(
            wrap("incomprehensible no", 6),
            ["incomp", "rehens", "ible", "no"]
        );
        assert_eq!(wrap("", 6), [""]);
    }

    #[test]
    fn a_time_lies_between_the_moments_around_it() {
        let timeline = two_holders();
        let rows = rows(&timeline, 50, 30, 0, 10);
        for (moment, row) in timeline.moments.iter().zip(&rows) {
            assert_eq!(place(&timeline, &rows, moment.at), row.middle());
        }
        let between = place(&timeline, &rows, 6_000_000_000);
        assert!(rows[1].middle() < between && between < rows[2].middle());
        assert!(place(&timeline, &rows, 0) < rows[0].top);
        assert!(place(&timeline, &rows, u64::MAX) > rows[11].bottom());
        assert_eq!(both_hold(&timeline), [(12_004_000_000, 12_014_000_000)]);
    }
}
