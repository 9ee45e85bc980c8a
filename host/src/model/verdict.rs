//! What the checkers say.

use super::marker::Marker;
use serde::{Deserialize, Serialize};

/// The answer to one question, or to all of them together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It held, and it could have been otherwise.
    Valid,
    /// It did not hold; the smallest witness, in prose.
    Violated(String),
    /// It can't be told; why.
    Unknown(String),
}

impl Verdict {
    pub fn word(&self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Violated(_) => "violated",
            Self::Unknown(_) => "unknown",
        }
    }

    /// The witness or the reason.
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Valid => None,
            Self::Violated(why) | Self::Unknown(why) => Some(why),
        }
    }
}

/// What one checker answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub checker: String,
    pub question: String,
    pub verdict: Verdict,
    /// Something to know beside the verdict, such as that it was trivial.
    pub remark: Option<String>,
    /// How many violations there are beside the witness; 0 unless violated.
    pub further: u64,
    /// What the witness is about, where that is a row and changes of it; only where violated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<Subject>,
}

/// The row and the changes that a witness tells of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    pub row: u32,
    /// In the order in which the prose names them.
    pub markers: Vec<Marker>,
}

/// All answers, and what they come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    pub verdict: Verdict,
    pub answers: Vec<Answer>,
}

impl Judgement {
    /// Violated if any answer is; else unknown if any answer is; else valid.
    pub fn of(answers: Vec<Answer>) -> Self {
        let rank = |answer: &Answer| match answer.verdict {
            Verdict::Violated(_) => 2,
            Verdict::Unknown(_) => 1,
            Verdict::Valid => 0,
        };
        // The first of the worst: checkers stand in the order in which their prose helps most.
        let worst = answers.iter().rev().max_by_key(|answer| rank(answer));
        let verdict = match worst {
            Some(answer) => answer.verdict.clone(),
            None => Verdict::Unknown("nothing was checked".to_owned()),
        };
        Self { verdict, answers }
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
            remark: None,
            further: 0,
            about: None,
        }
    }

    #[test]
    fn one_violation_outweighs_the_rest_and_the_first_is_told() {
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
        assert_eq!(judge(vec![]).word(), "unknown");
    }
}
