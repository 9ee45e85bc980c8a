//! The kinds of faults that a schedule can be drawn from.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

crate::words! {
    /// One kind of fault of the simulator.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum FaultClass {
        Pause = "pause",
        CrashWorker = "crash-worker",
        CrashNode = "crash-node",
        Partition = "partition",
        Cut = "cut",
        DelayApply = "delay-apply",
        BlindProxy = "blind-proxy",
        LockRestart = "lock-restart",
        LockFailover = "lock-failover",
        LockSkew = "lock-skew",
        Promote = "promote",
    }
}

impl FaultClass {
    /// Says whether the fault hits the lock service.
    pub fn is_of_locks(self) -> bool {
        matches!(
            self,
            Self::LockRestart | Self::LockFailover | Self::LockSkew
        )
    }
}

/// Some of them, sorted, each once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FaultClasses(Vec<FaultClass>);

impl FaultClasses {
    pub fn all() -> Self {
        Self(FaultClass::ALL.to_vec())
    }

    pub fn as_slice(&self) -> &[FaultClass] {
        &self.0
    }

    /// Those for which this is true.
    pub fn filtered(&self, keep: impl Fn(FaultClass) -> bool) -> Self {
        Self(
            self.0
                .iter()
                .copied()
                .filter(|&class| keep(class))
                .collect(),
        )
    }
}

/// `none`, `all`, or the words with commas between them.
impl FromStr for FaultClasses {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" => return Ok(Self(Vec::new())),
            "all" => return Ok(Self::all()),
            _ => {}
        }
        let class = |word: &str| {
            word.parse::<FaultClass>().map_err(|_| {
                let words = FaultClass::ALL.map(FaultClass::as_str).join(", ");
                format!("there is no kind of fault {word:?}; there are none, all, {words}")
            })
        };
        let mut classes = text
            .split(',')
            .map(|word| class(word.trim()))
            .collect::<Result<Vec<_>, _>>()?;
        classes.sort();
        classes.dedup();
        Ok(Self(classes))
    }
}

impl fmt::Display for FaultClasses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            0 => f.write_str("none"),
            n if n == FaultClass::ALL.len() => f.write_str("all"),
            _ => {
                let words: Vec<_> = self.0.iter().map(|class| class.as_str()).collect();
                f.write_str(&words.join(","))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_text_is_written_the_same() {
        for text in ["none", "all", "pause", "pause,cut,lock-skew"] {
            assert_eq!(text.parse::<FaultClasses>().unwrap().to_string(), text);
        }
        let unsorted: FaultClasses = "cut, pause,cut".parse().unwrap();
        assert_eq!(unsorted.to_string(), "pause,cut");
        let json = serde_json::to_value(&unsorted).unwrap();
        assert_eq!(json, serde_json::json!(["pause", "cut"]));
    }

    #[test]
    fn a_kind_that_is_not_there_is_reported_with_those_that_are() {
        let error = "pause,burn".parse::<FaultClasses>().unwrap_err();
        assert!(
            error.contains("\"burn\"; there are none, all, pause, crash-worker"),
            "{error}"
        );
        assert!("".parse::<FaultClasses>().is_err());
    }
}
