//! The world `allocation-strategy`. Its imports are those of the other world, types and all.

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "contend:strategy/allocation-strategy",
    exports: { default: async },
    with: {
        "contend:strategy/types": super::contend::strategy::types,
        "contend:strategy/db": super::contend::strategy::db,
        "contend:strategy/lock": super::contend::strategy::lock,
        "contend:strategy/group": super::contend::strategy::group,
        "contend:strategy/timing": super::contend::strategy::timing,
        "contend:strategy/replication": super::contend::strategy::replication,
        "contend:strategy/settings": super::contend::strategy::settings,
    },
});
