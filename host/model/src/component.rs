//! Metadata in a component's file.

use serde::Serialize;

/// The standard facts, as the author gave them; what was not given is absent. They are not checked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct About {
    pub name: Option<String>,
    pub version: Option<String>,
    pub description: Option<String>,
    pub authors: Option<String>,
    /// An SPDX expression, such as `Apache-2.0`.
    pub licenses: Option<String>,
    /// The address of the source code.
    pub source: Option<String>,
    pub homepage: Option<String>,
    /// Which state of the source code it was made of.
    pub revision: Option<String>,
    /// The language that it was written in; several where it is linked from several.
    pub languages: Option<Vec<Tool>>,
    /// The compilers, linkers and generators that had a part in it.
    pub processed_by: Option<Vec<Tool>>,
    pub sdk: Option<Vec<Tool>>,
}

/// A language, or a program, with its version where the component names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Tool {
    pub name: String,
    pub version: Option<String>,
}

crate::words! {
    /// Says whether a strategy's component exists, and is as new as its sources.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
    #[serde(rename_all = "lowercase")]
    pub enum Freshness {
        Fresh = "fresh",
        /// Older than a source; the next run builds it again.
        Stale = "stale",
        /// Not built yet; the next run builds it.
        Missing = "missing",
    }
}
