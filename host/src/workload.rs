//! Workloads: the kinds, one folder for each, and what they share.

mod background;
pub mod final_state;
pub mod ip_allocation;
mod key;
mod kind;
pub mod kinds;
mod look;
mod nodes;
mod numbers;
pub mod read_write;
mod reading;
pub mod settle;
pub mod site;
pub mod stop;
mod tables;
pub mod turn;
pub mod volume_state;

pub use self::background::BackgroundAccess;
pub use self::key::Key;
pub use self::kind::{Chosen, FinalFile, Kind, Picture, WorkloadKind};
pub use self::look::at_nodes;
pub use self::nodes::Answers;
pub use self::numbers::{CheckConnections, Workload};
pub use self::reading::each_node;
pub use self::tables::{define, definition, fill};
