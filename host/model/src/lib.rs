//! The nouns of a run: plain data, no I/O, no clock, and nothing else of ours.

#![forbid(unsafe_code)]

pub mod background;
pub mod change;
pub mod component;
pub mod conditions;
pub mod contention;
pub mod counters;
pub mod data;
pub mod end;
pub mod endpoint;
pub mod error;
pub mod fault_class;
pub mod injection;
pub mod lab_fault;
pub mod lateness;
pub mod marker;
pub mod membership;
pub mod nodes;
pub mod outcome;
pub mod pool;
pub mod prose;
pub mod purpose;
pub mod resource_usage;
pub mod schedule;
pub mod seen;
pub mod shape;
pub mod sim_fault;
pub mod sim_locks;
pub mod statements;
pub mod stuck;
pub mod timeline;
pub mod topology;
pub mod value;
pub mod verdict;
mod words;
