//! Bindings that wasmtime generates from the contract: the imports and one world here, and each other
//! world, with the same imports, in a submodule.

pub mod access;
pub mod allocation;

/// The types of a guest's handles; each is an index into a slab of the host's state.
pub struct SessionHandle;
pub struct StatementHandle;
pub struct LockSessionHandle;
pub struct LockHandle;
pub struct MemberHandle;

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "contend:strategy/state-strategy",
    imports: {
        "contend:strategy/db.dialect": trappable,
        "contend:strategy/db.[method]session.prepare": trappable,
        "contend:strategy/db.[drop]statement": trappable,
        "contend:strategy/lock.[method]lock.current-grant": trappable,
        "contend:strategy/lock.traits": trappable,
        "contend:strategy/group.[method]member.name": trappable,
        "contend:strategy/group.[method]member.current-leadership": trappable,
        "contend:strategy/group.[method]member.is-member": trappable,
        "contend:strategy/timing.now": trappable,
        "contend:strategy/timing.random": trappable,
        "contend:strategy/replication.nodes": trappable,
        "contend:strategy/settings": trappable,
        default: async | trappable,
    },
    exports: { default: async },
    with: {
        "contend:strategy/db.session": SessionHandle,
        "contend:strategy/db.statement": StatementHandle,
        "contend:strategy/lock.session": LockSessionHandle,
        "contend:strategy/lock.lock": LockHandle,
        "contend:strategy/group.member": MemberHandle,
    },
});
