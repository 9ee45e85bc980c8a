//! Violations found by a checker: the earliest one in prose, and the number of the others.

use crate::model::change::{Change, Nanos};
use crate::model::data::{AuditEntry, RowState};
use crate::model::marker::Marker;
pub use crate::model::prose::Ms;
use crate::model::verdict::{Answer, Doubt, Subject, Verdict};
use std::fmt;

/// Collects violations. The prose of all but the earliest is never made, so a run in which
/// everything went wrong is judged as quickly as another.
#[derive(Default)]
pub struct Findings {
    earliest: Option<(Nanos, Witness)>,
    count: u64,
}

/// The description of a violation, and its subject.
#[derive(Debug)]
pub struct Witness {
    prose: String,
    about: Option<Subject>,
}

impl Witness {
    /// Of this row, and of these changes so far as there are any.
    pub fn about(
        prose: String,
        row: u32,
        markers: impl IntoIterator<Item = Option<Marker>>,
    ) -> Self {
        let mut known: Vec<Marker> = Vec::new();
        for marker in markers.into_iter().flatten() {
            if !known.contains(&marker) {
                known.push(marker);
            }
        }
        let about = Some(Subject {
            row,
            markers: known,
        });
        Self { prose, about }
    }
}

impl From<String> for Witness {
    fn from(prose: String) -> Self {
        Self { prose, about: None }
    }
}

/// The reason why a checker that found nothing can't say that all is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unknown<'a> {
    pub why: &'a str,
    pub doubt: Option<Doubt>,
}

impl<'a> From<&'a str> for Unknown<'a> {
    fn from(why: &'a str) -> Self {
        Self { why, doubt: None }
    }
}

impl<'a> Unknown<'a> {
    /// Nothing was contended, and nothing else was wrong.
    pub fn uncontended(why: &'a str) -> Self {
        Self {
            why,
            doubt: Some(Doubt::Uncontended),
        }
    }
}

impl Findings {
    pub fn has_any(&self) -> bool {
        self.count > 0
    }

    /// `at` orders the witnesses; a violation of unknown time comes last. Of equal ones the
    /// first is kept.
    pub fn add(&mut self, at: Option<Nanos>, describe: impl FnOnce() -> Witness) {
        self.count += 1;
        let at = at.unwrap_or(Nanos::MAX);
        if self.earliest.as_ref().is_none_or(|(first, _)| at < *first) {
            self.earliest = Some((at, describe()));
        }
    }

    /// The answer: violated if anything was found; else unknown if there is a reason why nothing
    /// could have been; else valid.
    pub fn answer<'a>(
        self,
        checker: &str,
        question: &str,
        unknown: Option<impl Into<Unknown<'a>>>,
    ) -> Answer {
        let mut doubt = None;
        let (verdict, about) = match (self.earliest, unknown.map(Into::into)) {
            (Some((_, witness)), _) => (Verdict::Violated(witness.prose), witness.about),
            (None, Some(unknown)) => {
                doubt = unknown.doubt;
                (Verdict::Unknown(unknown.why.to_owned()), None)
            }
            (None, None) => (Verdict::Valid, None),
        };
        Answer {
            checker: checker.to_owned(),
            question: question.to_owned(),
            verdict,
            doubt,
            remark: None,
            further: self.count.saturating_sub(1),
            about,
        }
    }
}

/// A net change for people: `row 2 went from available (no marker) to deleting (3_0)`.
pub struct Went<'a>(pub &'a AuditEntry);

impl Went<'_> {
    /// A state, or that there is none.
    pub fn state(state: &Option<RowState>) -> String {
        match state {
            Some(state) => state.to_string(),
            None => "no row at all".to_owned(),
        }
    }
}

impl fmt::Display for Went<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(entry) = self;
        match &entry.keys {
            // Written by a strategy: whatever it is, it must not speak to the terminal.
            Some(keys) if entry.row == AuditEntry::FOREIGN => write!(f, "the row {:?}", keys.key)?,
            _ => write!(f, "row {}", entry.row)?,
        }
        let (from, to) = (Self::state(&entry.from), Self::state(&entry.to));
        write!(f, " went from {from} to {to}")
    }
}

/// The time when the transition that wrote `change`'s marker was over, as far as its step reported.
pub fn acquired(change: &Change) -> Nanos {
    change.acquire.returned
}

/// As [`acquired`], of the way back.
pub fn released(change: &Change) -> Nanos {
    change.release.as_ref().unwrap_or(&change.acquire).returned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_is_reported_and_the_others_are_counted() {
        let mut findings = Findings::default();
        findings.add(None, || "timeless".to_owned().into());
        findings.add(Some(7), || "seven".to_owned().into());
        findings.add(Some(3), || "three".to_owned().into());
        findings.add(Some(3), || unreachable!("no earlier than the first"));
        let answer = findings.answer("a", "b", Some("uncontended"));
        assert_eq!(answer.verdict, Verdict::Violated("three".into()));
        assert_eq!(answer.further, 3);
    }

    #[test]
    fn without_findings_the_reason_decides() {
        let verdict = |unknown| Findings::default().answer("a", "b", unknown).verdict;
        assert_eq!(verdict(None), Verdict::Valid);
        assert_eq!(verdict(Some("why")), Verdict::Unknown("why".into()));
    }

    #[test]
    fn times_are_in_milliseconds() {
        assert_eq!(Ms(12_345_678).to_string(), "12.345 ms");
        assert_eq!(Ms(1_000).to_string(), "0.001 ms");
    }
}
