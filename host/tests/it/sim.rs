//! The simulated cluster, as clients see it.

mod failures;
mod fixture;
mod galera_rules;
mod overlaps;
mod postgres;
