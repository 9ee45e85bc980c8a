//! The timeline for a wide screen: a lane beside the other, cards on them, arrows between.

use super::drawing::{LINE, Row, both_hold, colour, number, pause_before, rows, span, text};
use super::escaped;
use crate::model::prose::Ms;
use crate::model::timeline::{Lane, StretchKind, Timeline};
use std::fmt::Write;

const GUTTER: u32 = 112;
const TOP: u32 = 64;
const GAP: u32 = 14;
/// All lanes together, where there are few.
const LANES: u32 = 1080;
const MOST: u32 = 300;
const LEAST: u32 = 186;
/// Between a card and the borders of its lane.
const MARGIN: u32 = 14;
/// Width of a character, on average and a little more.
const CHARACTER: f64 = 7.5;

struct Page<'a> {
    timeline: &'a Timeline,
    lane: u32,
    rows: Vec<Row>,
    width: u32,
    height: u32,
}

/// One SVG; `number` keeps its names apart from those of others on the page.
pub fn draw(timeline: &Timeline, witness: usize) -> String {
    let lanes = timeline.lanes.len().max(1) as u32;
    let lane = (LANES / lanes).clamp(LEAST, MOST);
    let columns = (f64::from(lane - 2 * MARGIN - 20) / CHARACTER) as usize;
    let rows = rows(timeline, TOP, columns, 0, GAP);
    let page = Page {
        timeline,
        lane,
        width: GUTTER + lanes * lane + 8,
        height: rows.last().map_or(TOP, Row::bottom) + 24,
        rows,
    };
    page.draw(witness)
}

impl Page<'_> {
    fn draw(&self, witness: usize) -> String {
        let (width, height) = (self.width, self.height);
        let arrow = format!("wide-arrow-{witness}");
        let mut svg = format!(
            "<svg viewBox=\"0 0 {width} {height}\" style=\"max-width:{width}px\" role=\"img\" \
             aria-label=\"Timeline\">\n<defs><marker id=\"{arrow}\" viewBox=\"0 0 8 8\" refX=\"7\" \
             refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path class=\"head\" \
             d=\"M0 0 L8 4 L0 8 z\"/></marker></defs>\n"
        );
        self.lanes(&mut svg);
        self.overlaps(&mut svg);
        self.stretches(&mut svg);
        self.arrows(&mut svg, &arrow);
        self.cards(&mut svg);
        svg.push_str("</svg>\n");
        svg
    }

    fn left(&self, lane: Lane) -> u32 {
        GUTTER + number(self.timeline, lane) * self.lane
    }

    fn centre(&self, lane: Lane) -> u32 {
        self.left(lane) + self.lane / 2
    }

    fn lanes(&self, svg: &mut String) {
        for &lane in &self.timeline.lanes {
            let (left, centre, colour) = (
                self.left(lane),
                self.centre(lane),
                colour(self.timeline, lane),
            );
            let (pill, bottom) = (left + MARGIN, self.height - 10);
            let width = self.lane - 2 * MARGIN;
            let _ = writeln!(
                svg,
                "<line class=\"lane {colour}\" x1=\"{centre}\" x2=\"{centre}\" y1=\"40\" \
                 y2=\"{bottom}\"/><rect class=\"pill {colour}\" x=\"{pill}\" y=\"8\" \
                 width=\"{width}\" height=\"32\" rx=\"16\"/><text class=\"name\" x=\"{centre}\" \
                 y=\"29\">{lane}</text>"
            );
        }
    }

    /// A band across everything while two have the row at once.
    fn overlaps(&self, svg: &mut String) {
        for (from, to) in both_hold(self.timeline) {
            let (top, bottom) = span(self.timeline, &self.rows, from, to);
            let (height, right) = (bottom - top, self.width - GUTTER);
            let _ = writeln!(
                svg,
                "<rect class=\"both\" x=\"{GUTTER}\" y=\"{top}\" width=\"{right}\" \
                 height=\"{height}\" rx=\"6\"><title>two workers hold the row at once, from {} to \
                 {}</title></rect>",
                Ms(from),
                Ms(to)
            );
            // Beside a thin band where it has no room within.
            let y = match height >= LINE {
                true => top + height / 2 + 4,
                false => top.saturating_sub(4),
            };
            let x = self.width - 16;
            let _ = writeln!(
                svg,
                "<text class=\"holders\" x=\"{x}\" y=\"{y}\">two holders</text>"
            );
        }
    }

    fn stretches(&self, svg: &mut String) {
        for stretch in &self.timeline.stretches {
            let (top, bottom) = span(self.timeline, &self.rows, stretch.from, stretch.to);
            let (left, colour) = (self.left(stretch.lane), colour(self.timeline, stretch.lane));
            let (class, x, width) = match stretch.kind {
                StretchKind::Holds => (format!("holds {colour}"), left + 3, 7),
                StretchKind::Fault => ("shade".to_owned(), left + 4, self.lane - 8),
            };
            let height = bottom - top;
            let _ = writeln!(
                svg,
                "<rect class=\"{class}\" x=\"{x}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" \
                 rx=\"3\"><title>{}, from {} to {}</title></rect>",
                escaped(&stretch.text),
                Ms(stretch.from),
                Ms(stretch.to)
            );
        }
    }

    /// From the side of a card across to the lane of the other, and down to it.
    fn arrows(&self, svg: &mut String, arrow: &str) {
        for (index, moment) in self.timeline.moments.iter().enumerate() {
            let Some(after) = moment.after else { continue };
            let source = &self.timeline.moments[after];
            let (from, to) = (&self.rows[after], &self.rows[index]);
            let (x, target) = (self.centre(source.lane), self.centre(moment.lane));
            let path = if x == target {
                format!("M{x} {} V{}", from.bottom(), to.top - 1)
            } else {
                let half = self.lane / 2 - MARGIN;
                let (start, turn) = match x < target {
                    true => (x + half, target - 12),
                    false => (x - half, target + 12),
                };
                let y = from.middle();
                format!(
                    "M{start} {y} H{turn} Q{target} {y} {target} {} V{}",
                    y + 12,
                    to.top - 1
                )
            };
            let _ = writeln!(
                svg,
                "<path class=\"arrow\" d=\"{path}\" marker-end=\"url(#{arrow})\"/>"
            );
        }
    }

    fn cards(&self, svg: &mut String) {
        for (index, (moment, row)) in self.timeline.moments.iter().zip(&self.rows).enumerate() {
            let (left, width) = (self.left(moment.lane) + MARGIN, self.lane - 2 * MARGIN);
            let (at, middle, edge) = (Ms(moment.at), row.middle() + 4, GUTTER - 14);
            let dots = self.width - 8;
            let _ = writeln!(
                svg,
                "<line class=\"level\" x1=\"{GUTTER}\" x2=\"{dots}\" y1=\"{0}\" y2=\"{0}\"/>\
                 <text class=\"time\" x=\"{edge}\" y=\"{middle}\">{at}</text>",
                row.middle()
            );
            if let Some(pause) = pause_before(self.timeline, index) {
                let y = row.top - GAP / 2 + 2;
                let _ = writeln!(
                    svg,
                    "<text class=\"pause\" x=\"{edge}\" y=\"{y}\">{pause}</text>"
                );
            }
            let _ = writeln!(
                svg,
                "<g class=\"card {}\"><title>{}, {at}: {}</title><rect x=\"{left}\" y=\"{}\" \
                 width=\"{width}\" height=\"{}\" rx=\"8\"/>",
                moment.tone.as_str(),
                moment.lane,
                escaped(&moment.text),
                row.top,
                row.height
            );
            text(svg, left + 11, row.top + 5 + LINE, "say", &row.lines);
            svg.push_str("</g>\n");
        }
    }
}
