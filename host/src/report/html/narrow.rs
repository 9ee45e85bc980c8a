//! The timeline for a phone: lanes as thin lines at the left, cards one below the other.

use super::drawing::{LINE, Row, both_hold, colour, number, pause_before, rows, span, text};
use crate::model::prose::Ms;
use crate::model::timeline::{Lane, StretchKind, Timeline};
use std::fmt::Write;

const WIDTH: u32 = 380;
const TOP: u32 = 12;
const LANE: u32 = 22;
const GAP: u32 = 14;
/// The height of a card's head, with the actor and the time.
const HEAD: u32 = 18;
const CHARACTER: f64 = 7.5;

/// One SVG; `number` keeps its names apart from those of others on the page.
pub fn draw(timeline: &Timeline, witness: usize) -> String {
    let left = 10 + timeline.lanes.len() as u32 * LANE;
    let columns = (f64::from(WIDTH.saturating_sub(left + 22)) / CHARACTER).max(8.0) as usize;
    let rows = rows(timeline, TOP, columns, HEAD, GAP);
    let height = rows.last().map_or(TOP, Row::bottom) + 16;
    let arrow = format!("narrow-arrow-{witness}");
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"Timeline\">\n<defs><marker \
         id=\"{arrow}\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"6\" \
         markerHeight=\"6\" orient=\"auto\"><path class=\"head\" d=\"M0 0 L8 4 L0 8 z\"/></marker>\
         </defs>\n"
    );
    let span = |from, to| {
        let (top, bottom) = span(timeline, &rows, from, to);
        (top, bottom - top)
    };
    for &lane in &timeline.lanes {
        let (x, bottom) = (centre(timeline, lane), height - 4);
        let colour = colour(timeline, lane);
        let _ = writeln!(
            svg,
            "<line class=\"lane {colour}\" x1=\"{x}\" x2=\"{x}\" y1=\"4\" y2=\"{bottom}\"/>"
        );
    }
    for (from, to) in both_hold(timeline) {
        let (top, height) = span(from, to);
        let _ = writeln!(
            svg,
            "<rect class=\"both\" x=\"2\" y=\"{top}\" width=\"{}\" height=\"{height}\" rx=\"4\"/>",
            left - 6
        );
    }
    for stretch in &timeline.stretches {
        let (top, height) = span(stretch.from, stretch.to);
        let x = centre(timeline, stretch.lane);
        let (class, width) = match stretch.kind {
            StretchKind::Holds => (format!("holds {}", colour(timeline, stretch.lane)), 8),
            StretchKind::Fault => ("shade".to_owned(), 16),
        };
        let _ = writeln!(
            svg,
            "<rect class=\"{class}\" x=\"{}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" \
             rx=\"3\"/>",
            x - width / 2
        );
    }
    for (index, (moment, row)) in timeline.moments.iter().zip(&rows).enumerate() {
        let x = centre(timeline, moment.lane);
        let colour = colour(timeline, moment.lane);
        let (middle, width) = (row.middle(), WIDTH - left - 4);
        if let Some(pause) = pause_before(timeline, index) {
            let (x, y) = (WIDTH - 8, row.top - 3);
            let _ = writeln!(
                svg,
                "<text class=\"pause\" x=\"{x}\" y=\"{y}\">{pause}</text>"
            );
        }
        if let Some(after) = moment.after {
            let (from, source) = (&rows[after], centre(timeline, timeline.moments[after].lane));
            let (y, end) = (from.middle(), middle - 7);
            let _ = writeln!(
                svg,
                "<path class=\"arrow\" d=\"M{source} {y} C{source} {0} {x} {0} {x} {end}\" \
                 marker-end=\"url(#{arrow})\"/>",
                (y + end) / 2
            );
        }
        let _ = writeln!(
            svg,
            "<line class=\"level\" x1=\"{x}\" x2=\"{left}\" y1=\"{middle}\" y2=\"{middle}\"/>\
             <circle class=\"dot {colour}\" cx=\"{x}\" cy=\"{middle}\" r=\"5\"/><g class=\"card {}\">\
             <rect x=\"{left}\" y=\"{}\" width=\"{width}\" height=\"{}\" rx=\"8\"/>",
            moment.tone.as_str(),
            row.top,
            row.height
        );
        let head = LINE + row.top + 2;
        let _ = writeln!(
            svg,
            "<text class=\"who {colour}\" x=\"{}\" y=\"{head}\">{}<tspan class=\"when\"> · \
             {}</tspan></text>",
            left + 10,
            moment.lane,
            Ms(moment.at)
        );
        text(
            &mut svg,
            left + 10,
            row.top + HEAD + 4 + LINE,
            "say",
            &row.lines,
        );
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    svg
}

fn centre(timeline: &Timeline, lane: Lane) -> u32 {
    12 + number(timeline, lane) * LANE
}
