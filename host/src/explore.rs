//! Strategies in the simulated world: one simulation, and many of them.

pub mod case;
