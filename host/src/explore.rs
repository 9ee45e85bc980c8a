//! Strategies in the simulated world: one simulation, and many of them.

pub mod case;
pub mod conformance;
pub mod examine;
pub mod outcome;
pub mod search;
pub mod shape;
pub mod shrink;
pub mod simulate;
pub mod simulation;
pub mod token;
pub mod witness;
