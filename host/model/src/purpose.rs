//! The purpose of a visit to a document.

use serde::{Deserialize, Serialize};

crate::words! {
    /// Readers may be at a document together; a writer must be alone.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Purpose {
        Read = "read",
        Write = "write",
    }
}
