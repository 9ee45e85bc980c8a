//! The commands of the runner: one file for each, named after it, and nothing else. A command connects the
//! rooms beneath it, and uses no other command; what two of them need is in a room.

pub mod batch;
pub mod build;
pub mod bundle;
pub mod check;
pub mod compare;
pub mod inspect;
pub mod lab;
pub mod list;
pub mod locks;
pub mod man;
pub mod new;
pub mod pull;
pub mod push;
pub mod report;
pub mod rerun;
pub mod run;
pub mod test;
