//! The simulated cluster, as clients see it.

mod fixture;
mod galera_rules;
