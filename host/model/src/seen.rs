//! A look at the data right after a step that ended ok.

use super::change::Nanos;
use super::data::RowState;
use serde::{Deserialize, Serialize};

/// One node's answer to a causal reading: it shows everything that was committed on any node before
/// `began`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    pub node: String,
    pub began: Nanos,
    pub ended: Nanos,
    pub found: Sight,
}

/// The state that the node had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sight {
    /// The state of the row; `None` if the row is gone.
    Row(Option<RowState>),
    /// The address that is ALLOCATED with the change's marker, if there is one.
    Address(Option<String>),
}
