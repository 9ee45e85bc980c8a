//! The end of a step, which is always one of three.

use super::error::{CallError, ErrorKind};
use serde::{Deserialize, Serialize};

/// The end of acquire or release, as the worker received it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The strategy says that it happened.
    Ok,
    /// The strategy says that it certainly did not happen.
    Failed(Box<Reason>),
    /// The answer leaves it open: an indefinite error, a trap, a time-out.
    Indeterminate(Box<Reason>),
}

/// The reason why a step did not end ok.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// An error's code, or one of the runner's own: `trap`, `computing-limit`, `memory-limit`,
    /// `change-timeout`, `run-stopped`, …
    pub code: String,
    pub message: String,
}

impl Outcome {
    pub fn indeterminate(code: &str, message: impl Into<String>) -> Self {
        Self::Indeterminate(Box::new(Reason {
            code: code.to_owned(),
            message: message.into(),
        }))
    }

    pub fn is_ok(&self) -> bool {
        matches!(self, Self::Ok)
    }

    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed(_) => "failed",
            Self::Indeterminate(_) => "indeterminate",
        }
    }

    pub fn reason(&self) -> Option<&Reason> {
        match self {
            Self::Ok => None,
            Self::Failed(reason) | Self::Indeterminate(reason) => Some(reason),
        }
    }
}

impl From<Result<(), CallError>> for Outcome {
    fn from(answer: Result<(), CallError>) -> Self {
        let Err(error) = answer else { return Self::Ok };
        let reason = Box::new(Reason {
            code: error.code,
            message: error.message,
        });
        match error.kind {
            ErrorKind::Indefinite => Self::Indeterminate(reason),
            ErrorKind::Conflict | ErrorKind::Unavailable | ErrorKind::Rejected => {
                Self::Failed(reason)
            }
        }
    }
}
