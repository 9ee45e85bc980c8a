//! The kernel of this simulation: `contend_dst` with our events, log entries and actors.

use super::cluster::event::ClusterEvent;
use super::locks::event::LockEvent;
use super::random::Purpose;
use crate::event::{self, Actor, What};
use crate::model::topology::Spread;
use contend_dst::{ActorId, LogEntry, Times};

/// An event: the part of the world that handles it, and its content.
#[derive(Debug)]
pub enum Event {
    Cluster(ClusterEvent),
    Locks(LockEvent),
    /// The n-th fault of the schedule begins.
    FaultBegins(u32),
    /// The effect of the n-th fault ends.
    FaultEnds(u32),
}

pub type Kernel = contend_dst::Kernel<Event, What>;
pub type Executor = contend_dst::Executor<Event, What>;
pub type Sleep = contend_dst::Sleep<Event, What>;
pub type Log = contend_dst::Log<What>;

const WORKERS: u64 = 1 << 32;
const GENERATORS: u64 = 2 << 32;

impl From<Actor> for ActorId {
    fn from(actor: Actor) -> Self {
        Self(match actor {
            Actor::Host => 0,
            Actor::Worker(number) => WORKERS | u64::from(number),
            Actor::Generator(number) => GENERATORS | u64::from(number),
        })
    }
}

impl From<ActorId> for Actor {
    fn from(ActorId(id): ActorId) -> Self {
        let number = (id & 0xffff_ffff) as u32;
        match id & !0xffff_ffff {
            WORKERS => Self::Worker(number),
            GENERATORS => Self::Generator(number),
            _ => Self::Host,
        }
    }
}

impl From<LogEntry<What>> for event::Event {
    fn from(LogEntry { at, what }: LogEntry<What>) -> Self {
        Self { at, what }
    }
}

/// The distribution of a duration of the topology.
pub fn times(spread: Spread) -> Times {
    Times::new(spread.p50_us, spread.p99_us)
}

impl From<Purpose> for u8 {
    fn from(purpose: Purpose) -> Self {
        purpose as Self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actor_survives_the_way_through_its_id() {
        for actor in [
            Actor::Host,
            Actor::Worker(0),
            Actor::Worker(u32::MAX),
            Actor::Generator(7),
        ] {
            assert_eq!(Actor::from(ActorId::from(actor)), actor);
        }
    }
}
