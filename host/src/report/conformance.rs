//! The report of `runner test`: a line for each part, then each failure with the command that
//! reproduces it.

use super::json::document;
use super::timeline::wrapped;
use serde::Serialize;
use std::fmt::Write;

/// Most printed failures of each part; the JSON has them all.
const MOST_PRINTED: usize = 5;

/// One strategy.
#[derive(Debug, Clone, Serialize)]
pub struct ConformanceReport {
    pub strategy: String,
    /// Digest of the component.
    pub digest: String,
    pub parts: Vec<Part>,
}

/// One part of the test, with its result.
#[derive(Debug, Clone, Serialize)]
pub struct Part {
    pub name: &'static str,
    pub status: Status,
    /// A summary of the part, or the reason why it was not run.
    pub summary: String,
    /// The failed cases, and on request the others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cases: Vec<Case>,
}

crate::model::words! {
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Status {
        Passed = "passed",
        Failed = "failed",
        /// Not applicable to this strategy.
        NotApplicable = "not applicable",
        /// Undecided.
        Unknown = "unknown",
    }
}

/// Something that was tried.
#[derive(Debug, Clone, Serialize)]
pub struct Case {
    pub name: String,
    /// The injected errors and the calls, in a sentence.
    pub done: String,
    /// The broken promise, in prose; `None` if the case passed.
    pub wrong: Option<String>,
    /// The calls of the strategy, one in a line, where they were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<String>,
    /// The command that shows it again.
    pub again: String,
}

impl Part {
    pub fn new(name: &'static str, status: Status, summary: impl Into<String>) -> Self {
        Self {
            name,
            status,
            summary: summary.into(),
            cases: Vec::new(),
        }
    }
}

impl ConformanceReport {
    /// Failed if any part is; else unknown if any is; else passed.
    pub fn status(&self) -> Status {
        let is = |status| self.parts.iter().any(|part| part.status == status);
        match (is(Status::Failed), is(Status::Unknown)) {
            (true, _) => Status::Failed,
            (false, true) => Status::Unknown,
            (false, false) => Status::Passed,
        }
    }
}

/// One JSON object.
pub fn json(report: &ConformanceReport) -> Vec<u8> {
    #[derive(Serialize)]
    struct Whole<'a> {
        status: Status,
        #[serde(flatten)]
        report: &'a ConformanceReport,
    }
    let status = report.status();
    document(None, &Whole { status, report })
}

/// Plain text for a person in lines of at most `width`.
pub fn text(report: &ConformanceReport, width: u16) -> String {
    let mut text = format!("{}: {}\n", report.strategy, report.status().as_str());
    for part in &report.parts {
        let head = format!("  {:<24}{:<16}", part.name, part.status.as_str());
        let _ = writeln!(
            text,
            "{}",
            wrapped(&part.summary, &head, &" ".repeat(42), width)
        );
    }
    for part in &report.parts {
        for case in part.cases.iter().take(MOST_PRINTED) {
            describe(&mut text, part, case, width);
        }
        if let Some(more @ 1..) = part.cases.len().checked_sub(MOST_PRINTED) {
            let _ = writeln!(
                text,
                "\n{}: and {more} more (--json has them all)",
                part.name
            );
        }
    }
    text
}

fn describe(text: &mut String, part: &Part, case: &Case, width: u16) {
    let _ = writeln!(text, "\n{}: {}", part.name, case.name);
    let wrong = case.wrong.as_deref().unwrap_or("no promise was broken");
    for printed in [&*case.done, wrong] {
        if !printed.is_empty() {
            let _ = writeln!(text, "{}", wrapped(&sentence(printed), "  ", "  ", width));
        }
    }
    for call in &case.calls {
        let _ = writeln!(text, "    {call}");
    }
    let _ = writeln!(text, "  reproduce with:\n    {}", case.again);
}

/// Adds a capital and a full stop.
fn sentence(text: &str) -> String {
    let mut chars = text.trim_end_matches('.').chars();
    let first = chars.next().map(char::to_uppercase);
    format!(
        "{}{}.",
        first.into_iter().flatten().collect::<String>(),
        chars.as_str()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(statuses: &[Status]) -> ConformanceReport {
        let parts = statuses.iter().map(|&status| {
            let case = Case {
                name: "acquire 3 commit indefinite-not-done".to_owned(),
                done: "The commit had no effect.".to_owned(),
                wrong: (status == Status::Failed).then(|| "the acquire ended ok".to_owned()),
                calls: Vec::new(),
                again: "runner test x --only 'acquire 3'".to_owned(),
            };
            let mut part = Part::new("faults", status, "6 calls");
            if status == Status::Failed {
                part.cases = vec![case; MOST_PRINTED + 2];
            }
            part
        });
        ConformanceReport {
            strategy: "x".to_owned(),
            digest: "sha256:ab".to_owned(),
            parts: parts.collect(),
        }
    }

    #[test]
    fn status_fails_with_one_failure_and_is_unknown_with_an_undecided_part() {
        use Status::{Failed, NotApplicable, Passed, Unknown};
        assert_eq!(report(&[Passed, NotApplicable]).status(), Passed);
        assert_eq!(report(&[Passed, Unknown]).status(), Unknown);
        assert_eq!(report(&[Unknown, Failed, Passed]).status(), Failed);
    }

    #[test]
    fn failure_has_the_command_that_reproduces_it_and_further_ones_are_counted() {
        let printed = text(&report(&[Status::Passed, Status::Failed]), 120);
        let (head, cases) = printed.split_once("\n\n").unwrap();
        insta::assert_snapshot!(head, @"
        x: failed
          faults                  passed          6 calls
          faults                  failed          6 calls
        ");
        let one = "faults: acquire 3 commit indefinite-not-done\n  The commit had no effect.\n  \
                   The acquire ended ok.\n  reproduce with:\n    runner test x --only 'acquire 3'\n";
        assert!(cases.starts_with(one), "{cases}");
        assert_eq!(cases.matches("reproduce with").count(), MOST_PRINTED);
        assert!(
            printed.ends_with("\nfaults: and 2 more (--json has them all)\n"),
            "{printed}"
        );
    }
}
