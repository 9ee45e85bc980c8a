//! The purposes of a simulation's random numbers.

/// A purpose of random numbers. Each has a stream of its own, so that one more draw for one of them
/// changes nothing for the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Network,
    Servers,
    Locks,
    Faults,
    /// The time when each worker begins.
    Start,
    /// The size of the simulation.
    Shape,
}
