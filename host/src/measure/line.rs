//! The answers about one service.

use crate::model::error::CallError;
use serde::Serialize;

/// Everything that was measured of one service.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measured {
    /// Its URL, without a password.
    pub service: String,
    pub lines: Vec<Line>,
}

/// The answer to one question about a service.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    pub question: String,
    /// The claim of the service (its traits), or of the contract, which is `yes`; `None` where there
    /// is no claim.
    pub claim: Option<String>,
    /// `yes`, `no`, a number, or a sentence; `None` if it could not be measured.
    pub found: Option<String>,
    /// The unit of a number.
    pub unit: Option<&'static str>,
    /// The event that refutes the claim, if it does not hold.
    pub witness: Option<String>,
    /// The reason why nothing was found, or what to know beside it.
    pub note: Option<String>,
}

impl Measured {
    /// True if no claim was refuted.
    pub fn holds(&self) -> bool {
        self.lines.iter().all(|line| line.witness.is_none())
    }

    /// True if every question has an answer.
    pub fn is_complete(&self) -> bool {
        self.lines.iter().all(|line| line.found.is_some())
    }
}

impl Line {
    fn of(question: impl Into<String>, found: Option<String>) -> Self {
        Self {
            question: question.into(),
            claim: None,
            found,
            unit: None,
            witness: None,
            note: None,
        }
    }

    /// A sentence about what happened.
    pub fn said(question: impl Into<String>, found: impl Into<String>) -> Self {
        Self::of(question, Some(found.into()))
    }

    /// A number with a unit.
    pub fn number(question: impl Into<String>, number: f64, unit: &'static str) -> Self {
        let found = match number {
            large if large >= 1000.0 => format!("{large:.0}"),
            number => format!("{number:.2}"),
        };
        Self {
            unit: Some(unit),
            ..Self::said(question, found)
        }
    }

    /// The answer yes or no. For no, `found` has the witness: it refutes the claim `yes`, and no other.
    pub fn judged(
        question: impl Into<String>,
        claim: Option<String>,
        found: Result<(), String>,
    ) -> Self {
        let word = if found.is_ok() { "yes" } else { "no" };
        let is_claimed = claim.as_deref() == Some("yes");
        let (witness, note) = match found.err() {
            Some(seen) if is_claimed => (Some(seen), None),
            seen => (None, seen),
        };
        Self {
            claim,
            witness,
            note,
            ..Self::said(question, word)
        }
    }

    /// A question that could not be answered.
    pub fn failed(question: impl Into<String>, error: &CallError) -> Self {
        Self::of(question, None).noted(error.to_string())
    }

    #[must_use]
    pub fn noted(self, note: impl Into<String>) -> Self {
        Self {
            note: Some(note.into()),
            ..self
        }
    }

    #[must_use]
    pub fn claimed(self, claim: Option<String>) -> Self {
        Self { claim, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_claim_yes_is_refuted_and_the_reason_is_kept_in_any_case() {
        let judged = |claim: Option<&str>| {
            let claim = claim.map(str::to_owned);
            Line::judged("fair", claim, Err("2 came before 1".to_owned()))
        };
        let refuted = judged(Some("yes"));
        assert_eq!(refuted.witness.as_deref(), Some("2 came before 1"));
        assert_eq!(refuted.note, None);
        for other in [Some("no"), Some("only on one server"), None] {
            let line = judged(other);
            assert_eq!((line.witness, line.found.as_deref()), (None, Some("no")));
            assert_eq!(line.note.as_deref(), Some("2 came before 1"));
        }
        let kept = Line::judged("fair", Some("yes".to_owned()), Ok(()));
        assert_eq!((kept.witness, kept.found.as_deref()), (None, Some("yes")));
    }
}
