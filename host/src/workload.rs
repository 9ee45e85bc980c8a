//! What is contended and how. One folder for each kind, with its schema and its operations; the
//! checkers that judge it are in `check`.

pub mod ip_allocation;
mod kind;
mod numbers;
mod reading;
mod tables;
pub mod volume_state;

pub use self::kind::Kind;
pub use self::numbers::{CheckConnections, Workload};
