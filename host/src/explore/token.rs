//! Name of one simulation, by which it can be replayed: the seed, and digests of all that must be the
//! same.

use crate::plan::MODEL;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// `SEED-vvvv-ssss-pppp`: of the runner with its model, of the component, and of the plan, which is
/// everything but the seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    pub seed: u64,
    runner: u16,
    component: u16,
    plan: u16,
}

/// The argument of `--replay`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replay {
    Exactly(Token),
    /// The seed alone, whatever else is the same.
    Seed(u64),
}

impl Token {
    /// `component` is the component's digest; the plan is digested as it is written.
    pub fn new(seed: u64, component: &str, plan: &impl Serialize) -> Self {
        let plan = serde_json::to_string(plan).expect("plain data");
        let runner = format!("{} {MODEL}", env!("CARGO_PKG_VERSION"));
        Self {
            seed,
            runner: digest(&runner),
            component: digest(component),
            plan: digest(&plan),
        }
    }

    /// The reason why a simulation with this token is another than the one that is meant; empty if it is the
    /// same.
    pub fn differences(&self, meant: &Self) -> Vec<&'static str> {
        let parts = [
            (
                self.runner,
                meant.runner,
                "it is of another version of the runner",
            ),
            (
                self.component,
                meant.component,
                "the strategy's component is another",
            ),
            (self.plan, meant.plan, "the options are others"),
        ];
        let differs = parts.into_iter().filter(|(one, other, _)| one != other);
        differs.map(|(_, _, text)| text).collect()
    }
}

fn digest(text: &str) -> u16 {
    let bytes = Sha256::digest(text.as_bytes());
    u16::from_be_bytes([bytes[0], bytes[1]])
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.seed)?;
        let digests = [self.runner, self.component, self.plan];
        digests.iter().try_for_each(|it| write!(f, "-{it:04x}"))
    }
}

impl FromStr for Replay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<_> = text.split('-').collect();
        let seed = parts[0].parse().ok();
        let part = |index: usize| {
            let hex = parts.get(index).filter(|hex| hex.len() == 4)?;
            u16::from_str_radix(hex, 16).ok()
        };
        let replay = match parts.len() {
            1 => seed.map(Self::Seed),
            4 => seed.zip(part(1)).zip(part(2)).zip(part(3)).map(
                |(((seed, runner), component), plan)| {
                    Self::Exactly(Token {
                        seed,
                        runner,
                        component,
                        plan,
                    })
                },
            ),
            _ => None,
        };
        replay.ok_or_else(|| {
            "it is a seed, or the token of a violation, as in 17-03f2-9a1c-77e0".to_owned()
        })
    }
}

#[cfg(test)]
mod pinned;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_the_way_to_text_and_back() {
        let token = Token::new(u64::MAX, "sha256:ab", &[1, 2]);
        let text = token.to_string();
        assert_eq!(text.len(), 20 + 15);
        assert_eq!(text.parse(), Ok(Replay::Exactly(token)));
        assert_eq!("17".parse(), Ok(Replay::Seed(17)));
        for wrong in [
            "",
            "x",
            "-1",
            "17-0",
            "17-03f2-9a1c",
            "17-03f2-9a1c-77e",
            "1-2-3-4-5",
        ] {
            let error = wrong.parse::<Replay>().unwrap_err();
            assert!(error.contains("17-03f2-9a1c-77e0"), "{wrong}: {error}");
        }
    }

    #[test]
    fn difference_is_listed() {
        let token = Token::new(7, "one", &"plan");
        let differences = |other: Token| other.differences(&token);
        assert!(differences(Token::new(7, "one", &"plan")).is_empty());
        assert_eq!(
            differences(Token::new(7, "two", &"plan")),
            ["the strategy's component is another"]
        );
        assert_eq!(
            differences(Token::new(7, "one", &"other")),
            ["the options are others"]
        );
        let newer = Token {
            runner: token.runner ^ 1,
            ..token
        };
        assert_eq!(
            differences(newer),
            ["it is of another version of the runner"]
        );
    }
}
