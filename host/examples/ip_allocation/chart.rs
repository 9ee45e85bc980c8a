//! Allocations a second of each strategy as a multiple of those of `ip-for-update`, by the number of
//! workers, both on logarithmic scales.

use super::spread::{Runs, mean};
use std::fmt::Write;

const RIVAL: &str = "ip-for-update";

/// Of the drawing, and within it of the axes, in pixels.
const SIZE: (f64, f64) = (940.0, 420.0);
const AXES: (f64, f64, f64, f64) = (60.0, 40.0, 560.0, 360.0);

const COLOURS: [&str; 9] = [
    "#1b6ca8", "#c0392b", "#27864b", "#8e44ad", "#b9770e", "#117a65", "#5d6d7e", "#a04000",
    "#2e4053",
];

struct Line<'a> {
    strategy: &'a str,
    /// Workers and ratio.
    points: Vec<(f64, f64)>,
}

/// An SVG that stands alone. An error if the table has nothing to compare with.
pub fn write(runs: &Runs) -> Result<String, String> {
    let lines = lines(runs);
    let points = || lines.iter().flat_map(|line| &line.points);
    let most_workers = points().map(|point| point.0).fold(1.0, f64::max);
    let least = points().map(|point| point.1).fold(1.0, f64::min);
    let most = points().map(|point| point.1).fold(1.0, f64::max);
    if points().next().is_none() {
        return Err(format!("there are no figures of {RIVAL} to compare with"));
    }
    let (low, high) = (least.log2().floor(), most.log2().ceil().max(1.0));
    let (left, top, right, bottom) = AXES;
    let x = |workers: f64| left + (right - left) * workers.log10() / most_workers.log10().max(1.0);
    let y = |ratio: f64| bottom - (bottom - top) * (ratio.log2() - low) / (high - low);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"{left}\" y=\"22\">allocations per second, as a multiple of {RIVAL}</text>\n",
        SIZE.0, SIZE.1
    );
    for power in low as i32..=high as i32 {
        let ratio = 2f64.powi(power);
        let at = y(ratio);
        let _ = writeln!(
            svg,
            "<line x1=\"{left}\" x2=\"{right}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#ddd\"/>\
             <text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{ratio}</text>",
            left - 6.0,
            at + 4.0
        );
    }
    let mut workers: Vec<f64> = points().map(|point| point.0).collect();
    workers.sort_by(f64::total_cmp);
    workers.dedup();
    for count in workers {
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.0}\" text-anchor=\"middle\">{count}</text>",
            x(count),
            bottom + 18.0
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"middle\">workers</text>",
        (left + right) / 2.0,
        bottom + 38.0
    );
    for (number, (line, colour)) in lines.iter().zip(COLOURS.iter().cycle()).enumerate() {
        let place = |(workers, ratio): &(f64, f64)| format!("{:.1},{:.1}", x(*workers), y(*ratio));
        let path: Vec<_> = line.points.iter().map(place).collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            path.join(" ")
        );
        for point in &line.points {
            let _ = writeln!(
                svg,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"{colour}\"/>",
                x(point.0),
                y(point.1)
            );
        }
        let at = top + 10.0 + 20.0 * number as f64;
        let _ = writeln!(
            svg,
            "<rect x=\"{:.0}\" y=\"{:.0}\" width=\"12\" height=\"4\" fill=\"{colour}\"/>\
             <text x=\"{:.0}\" y=\"{at:.0}\">{}</text>",
            right + 24.0,
            at - 6.0,
            right + 42.0,
            line.strategy
        );
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}

/// A strategy has a point where each of its runs was valid and it made what it was asked for: a silent
/// failure is no throughput, and giving up is none either.
fn lines(runs: &Runs) -> Vec<Line<'_>> {
    let of = |workload: &str, strategy: &str| {
        let of = runs.of(workload, strategy);
        let is_right = |verdict: &str| matches!(verdict, "valid" | "unknown");
        let all = of
            .iter()
            .all(|run| is_right(&run.verdict) && run.ok == run.workers);
        let workers = of.first()?.workers;
        all.then(|| Some((workers, mean(&of, |run| run.per_second)?.mean)))?
    };
    let strategies = runs.strategies();
    let lines = strategies.into_iter().map(|strategy| Line {
        strategy,
        points: runs
            .workloads()
            .into_iter()
            .filter_map(|workload| {
                let (workers, own) = of(workload, strategy)?;
                let (_, rival) = of(workload, RIVAL)?;
                Some((workers, own / rival))
            })
            .collect(),
    });
    lines.filter(|line| !line.points.is_empty()).collect()
}
