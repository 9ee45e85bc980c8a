//! Contend: which way of changing shared state is correct on my database, under my contention, and
//! what does it cost? ARCHITECTURE.md has the map; modules stand in reading order.

pub mod model;
pub mod capability;
pub mod check;
pub mod record;
pub mod backend;
pub mod strategy;
pub mod workload;
pub mod worker;
pub mod plan;
pub mod run_dir;
pub mod report;
pub mod command;
pub mod cli;
