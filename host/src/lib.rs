//! Contend: which way of changing shared state is correct on my database, under my contention, and
//! what does it cost? ARCHITECTURE.md has the map; modules stand in reading order.

#![forbid(unsafe_code)]

pub use contend_author as author;
pub use contend_backend as backend;
pub use contend_capability as capability;
pub use contend_check as check;
pub mod cli;
pub mod command;
pub mod console;
pub mod exit;
pub mod explore;
pub use contend_lab as lab;
pub mod measure;
pub use contend_model as model;
pub mod plan;
pub mod record;
pub mod report;
pub mod run;
pub mod run_dir;
pub use contend_sim as sim;
pub mod trial;
pub use contend_wasm as wasm;
pub mod worker;
pub mod workload;
