//! Bindings that wasmtime generates from the contract: the imports and one world here, and the other
//! world, with the same imports, in a submodule.

pub mod allocation;

pub use super::host::{LockHandle, LockSessionHandle, SessionHandle};

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "contend:strategy/state-strategy",
    imports: {
        "contend:strategy/db.dialect": trappable,
        "contend:strategy/lock.traits": trappable,
        "contend:strategy/timing.now": trappable,
        "contend:strategy/timing.random": trappable,
        "contend:strategy/replication.nodes": trappable,
        "contend:strategy/settings": trappable,
        default: async | trappable,
    },
    exports: { default: async },
    with: {
        "contend:strategy/db.session": SessionHandle,
        "contend:strategy/lock.session": LockSessionHandle,
        "contend:strategy/lock.lock": LockHandle,
    },
});
