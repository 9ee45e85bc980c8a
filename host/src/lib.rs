//! Contend: which way of changing shared state is correct on my database, under my contention, and
//! what does it cost? ARCHITECTURE.md has the map; modules stand in reading order.

pub mod capability;
pub mod model;
pub mod strategy;
