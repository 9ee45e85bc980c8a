//! The report of `runner check` as one self-contained page: no script, no font, no network.

mod drawing;
mod narrow;
mod wide;

use super::check::{CheckReport, Checked, Witness};
use super::timeline;
use crate::model::verdict::Verdict;
use std::fmt::Write;

const STYLE: &str = include_str!("html/style.css");

/// Columns of the timeline as text in the page.
const PAGE_COLUMNS: u16 = 120;

/// The policy allows only inline styles, so that texts of a strategy can't load anything.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// The page: a section for each strategy.
pub fn write(report: &CheckReport) -> String {
    let names: Vec<_> = report
        .checked
        .iter()
        .map(|c| escaped(&c.strategy))
        .collect();
    let sections: String = report
        .checked
        .iter()
        .zip(0..)
        .map(|(c, n)| section(c, n))
        .collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>runner check: {}</title>\n<style>\n{STYLE}</style>\n</head>\n\
         <body>\n<main>\n{sections}</main>\n</body>\n</html>\n",
        names.join(", ")
    )
}

fn section(checked: &Checked, number: usize) -> String {
    let word = checked.verdict.as_str();
    let mut html = format!(
        "<section>\n<header>\n<p class=\"verdict {word}\">{word}</p>\n<h1>{}</h1>\n",
        escaped(&checked.strategy)
    );
    match (&checked.witness, &checked.verdict) {
        (Some(witness), _) => {
            let _ = write!(
                html,
                "<p class=\"checker\">{}</p>\n</header>\n{}",
                escaped(&witness.checker),
                describe(witness, number)
            );
        }
        (None, Verdict::Unknown(why)) => {
            let _ = writeln!(html, "</header>\n<p class=\"prose\">{}</p>", escaped(why));
        }
        (None, _) => html.push_str("</header>\n"),
    }
    html.push_str(&figures(checked));
    html.push_str("</section>\n");
    html
}

fn describe(witness: &Witness, number: usize) -> String {
    let timeline = &witness.timeline;
    let mut html = format!(
        "<p class=\"prose\">{}</p>\n<p class=\"case\">{}</p>\n",
        escaped(&witness.prose),
        escaped(&witness.case),
    );
    for how in &witness.weaker {
        let how = escaped(how);
        let _ = writeln!(html, "<p class=\"case\">It relies on the model: {how}</p>");
    }
    let _ = write!(
        html,
        "<figure class=\"wide\">\n{}</figure>\n<figure class=\"narrow\">\n{}</figure>\n",
        wide::draw(timeline, number),
        narrow::draw(timeline, number)
    );
    if !timeline.aborts.is_empty() {
        html.push_str("<h2>Who aborted whom</h2>\n<ul>\n");
        for abort in &timeline.aborts {
            let _ = writeln!(html, "<li>{}</li>", escaped(abort));
        }
        html.push_str("</ul>\n");
    }
    let _ = write!(
        html,
        "<h2>Replay with</h2>\n<pre class=\"replay\"><code>{}</code></pre>\n\
         <details>\n<summary>The same as text</summary>\n<pre>{}</pre>\n</details>\n",
        escaped(&witness.replay),
        escaped(&timeline::write(timeline, PAGE_COLUMNS))
    );
    html
}

fn figures(checked: &Checked) -> String {
    let tally = &checked.tally;
    let seconds = |ns: u64| format!("{:.1} s", ns as f64 / 1e9);
    let figures = [
        ("seeds", tally.seeds.to_string()),
        ("simulated", seconds(tally.simulated_ns)),
        ("took", seconds(checked.took_ns)),
        ("changes", tally.changes.to_string()),
        ("indeterminate", tally.indeterminate.to_string()),
        ("statements", tally.statements.to_string()),
    ];
    let figures =
        figures.map(|(name, value)| format!("<div><dt>{name}</dt><dd>{value}</dd></div>\n"));
    format!("<dl>\n{}</dl>\n", figures.concat())
}

/// Text that means nothing to a browser.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests;
