//! Contend: which way of changing shared state is correct on my database, under my contention, and
//! what does it cost? ARCHITECTURE.md has the map; modules stand in reading order.

pub mod backend;
pub mod capability;
pub mod check;
pub mod cli;
pub mod command;
pub mod explore;
pub mod lab;
pub mod model;
pub mod plan;
pub mod record;
pub mod registry;
pub mod report;
pub mod run_dir;
pub mod sim;
pub mod strategy;
pub mod worker;
pub mod workload;
