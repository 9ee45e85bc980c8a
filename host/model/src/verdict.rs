//! Verdicts of the checkers.

use super::contention::Contention;
use super::marker::Marker;
use serde::{Deserialize, Serialize};

/// The answer to one question, or to all of them together. Files have it as two fields, `verdict` with
/// the word and `why` with the witness or the reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", content = "why", rename_all = "kebab-case")]
pub enum Verdict {
    /// It held, and it could have been otherwise.
    Valid,
    /// It did not hold; the smallest witness, in prose.
    Violated(String),
    /// It can't be decided, for this reason.
    Unknown(String),
}

impl Verdict {
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Violated(_) => "violated",
            Self::Unknown(_) => "unknown",
        }
    }

    /// Violated if any is; else unknown if any is, or if there is none; else valid. The first of the
    /// worst is returned: checkers stand in the order in which their prose helps most.
    pub fn worst<'a>(verdicts: impl DoubleEndedIterator<Item = &'a Self>) -> Self {
        let rank = |verdict: &&Self| match verdict {
            Self::Violated(_) => 2,
            Self::Unknown(_) => 1,
            Self::Valid => 0,
        };
        let worst = verdicts.rev().max_by_key(rank);
        worst.map_or_else(
            || Self::Unknown("nothing was checked".to_owned()),
            Self::clone,
        )
    }

    /// The witness or the reason.
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Valid => None,
            Self::Violated(why) | Self::Unknown(why) => Some(why),
        }
    }
}

/// The reason of an unknown answer, where more than prose depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Doubt {
    /// No two workers were ever rivals: nothing could have gone wrong.
    Uncontended,
    /// The run was cut before its planned end.
    Cut,
}

/// The answer of one checker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub checker: String,
    pub question: String,
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Only where unknown, and only for the reasons that have a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Doubt>,
    /// Something to know beside the verdict, such as that it was trivial.
    pub remark: Option<String>,
    /// The number of violations beside the witness; 0 unless violated.
    pub further: u64,
    /// The subject of the witness, where that is a row and changes of it; only where violated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<Subject>,
}

/// The row and the changes that a witness is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    pub row: u32,
    /// In the order in which the prose names them.
    pub markers: Vec<Marker>,
}

/// All answers, and what they come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    #[serde(flatten)]
    pub verdict: Verdict,
    pub answers: Vec<Answer>,
    /// Absent in verdicts of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contention: Option<Contention>,
}

impl Judgement {
    /// Violated if any answer is; else unknown if any answer is; else valid.
    pub fn of(answers: Vec<Answer>) -> Self {
        let verdict = Verdict::worst(answers.iter().map(|answer| &answer.verdict));
        Self {
            verdict,
            answers,
            contention: None,
        }
    }

    /// With what was counted of the contention.
    #[must_use]
    pub fn and_contention(mut self, contention: Contention) -> Self {
        self.contention = Some(contention);
        self
    }

    /// Adds that the run was cut, and why. A cut run is never valid; what it violated stays.
    pub fn cut(mut self, why: String) -> Self {
        let answer = Answer {
            checker: "whole-run".to_owned(),
            question: "did the run come to its planned end?".to_owned(),
            verdict: Verdict::Unknown(why),
            doubt: Some(Doubt::Cut),
            remark: None,
            further: 0,
            about: None,
        };
        self.answers.insert(0, answer);
        Self {
            contention: self.contention,
            ..Self::of(self.answers)
        }
    }

    /// Returns true if nothing is violated, and lack of contention is all that keeps it from being
    /// valid.
    pub fn is_only_uncontended(&self) -> bool {
        let is_fine = |answer: &Answer| match answer.verdict {
            Verdict::Valid => true,
            Verdict::Unknown(_) => answer.doubt == Some(Doubt::Uncontended),
            Verdict::Violated(_) => false,
        };
        matches!(self.verdict, Verdict::Unknown(_))
            && !self.answers.is_empty()
            && self.answers.iter().all(is_fine)
    }

    /// The same with one answer more, which stands before the others.
    pub fn with(self, answer: Answer) -> Self {
        Self::of(std::iter::once(answer).chain(self.answers).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(verdict: Verdict) -> Answer {
        Answer {
            checker: "a".into(),
            question: "b".into(),
            verdict,
            doubt: None,
            remark: None,
            further: 0,
            about: None,
        }
    }

    #[test]
    fn a_cut_run_is_unknown_unless_it_is_violated() {
        let judged = |verdict| Judgement::of(vec![answer(verdict)]).cut("cut".into());
        assert_eq!(judged(Verdict::Valid).verdict.why(), Some("cut"));
        let unknown = Verdict::Unknown("why".into());
        assert_eq!(judged(unknown).verdict.why(), Some("cut"));
        let violated = Verdict::Violated("why".into());
        assert_eq!(judged(violated.clone()).verdict, violated);
    }

    #[test]
    fn lack_of_contention_is_distinguished_from_every_other_doubt() {
        let doubtful = |doubt| Answer {
            doubt,
            ..answer(Verdict::Unknown("why".into()))
        };
        let uncontended = || doubtful(Some(Doubt::Uncontended));
        let of = |answers| Judgement::of(answers).is_only_uncontended();
        assert!(of(vec![uncontended(), answer(Verdict::Valid)]));
        assert!(!of(vec![answer(Verdict::Valid)]));
        assert!(!of(vec![uncontended(), doubtful(None)]));
        assert!(!of(vec![uncontended(), doubtful(Some(Doubt::Cut))]));
        assert!(!of(vec![
            uncontended(),
            answer(Verdict::Violated("x".into()))
        ]));
        assert!(!of(vec![]));
        assert!(
            !Judgement::of(vec![uncontended()])
                .cut("cut".into())
                .is_only_uncontended()
        );
    }

    #[test]
    fn one_violation_outweighs_the_rest_and_the_first_is_shown() {
        let violated = |why: &str| Verdict::Violated(why.into());
        let unknown = Verdict::Unknown("why".into());
        let judge = |verdicts: Vec<Verdict>| {
            Judgement::of(verdicts.into_iter().map(answer).collect()).verdict
        };
        assert_eq!(judge(vec![Verdict::Valid, Verdict::Valid]), Verdict::Valid);
        assert_eq!(judge(vec![Verdict::Valid, unknown.clone()]), unknown);
        assert_eq!(
            judge(vec![unknown, violated("one"), violated("two")]),
            violated("one")
        );
        assert_eq!(judge(vec![]).as_str(), "unknown");
    }

    #[test]
    fn a_verdict_is_a_word_and_its_reason_side_by_side() {
        for (verdict, json) in [
            (Verdict::Valid, r#"{"verdict":"valid"}"#),
            (
                Verdict::Violated("a and b".into()),
                r#"{"verdict":"violated","why":"a and b"}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&verdict).unwrap(), json);
            let judgement = Judgement::of(vec![answer(verdict.clone())]);
            let text = serde_json::to_string(&judgement).unwrap();
            assert!(text.starts_with(json.trim_end_matches('}')), "{text}");
            let read: Judgement = serde_json::from_str(&text).unwrap();
            assert_eq!(read, judgement);
        }
    }
}
