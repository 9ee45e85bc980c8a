//! Generated from `wit/`: the only file that knows the generator.
//!
//! The imports of strategies are generated once, and each world's exports beside it, so that
//! `Session`, `Error` and the rest are the same types in all worlds. The generator describes the
//! imports in a section of this crate, and a world's exports in the macro `export!` of its module:
//! a component exports only what it names with that macro.

wit_bindgen::generate!({
    path: "../../wit",
    world: "capabilities",
    additional_derives: [PartialEq],
});

/// The world of strategies that change states.
pub mod state {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "state-strategy",
        pub_export_macro: true,
        default_bindings_module: "contend_guest::bindings::state",
        additional_derives: [PartialEq],
        with: {
            "contend:strategy/types@0.2.0": crate::bindings::contend::strategy::types,
            "contend:strategy/db@0.2.0": crate::bindings::contend::strategy::db,
            "contend:strategy/lock@0.2.0": crate::bindings::contend::strategy::lock,
            "contend:strategy/group@0.2.0": crate::bindings::contend::strategy::group,
            "contend:strategy/timing@0.2.0": crate::bindings::contend::strategy::timing,
            "contend:strategy/replication@0.2.0": crate::bindings::contend::strategy::replication,
            "contend:strategy/settings@0.2.0": crate::bindings::contend::strategy::settings,
        },
    });
}

/// The world of strategies that allocate addresses.
pub mod allocation {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "allocation-strategy",
        pub_export_macro: true,
        default_bindings_module: "contend_guest::bindings::allocation",
        additional_derives: [PartialEq],
        with: {
            "contend:strategy/types@0.2.0": crate::bindings::contend::strategy::types,
            "contend:strategy/db@0.2.0": crate::bindings::contend::strategy::db,
            "contend:strategy/lock@0.2.0": crate::bindings::contend::strategy::lock,
            "contend:strategy/group@0.2.0": crate::bindings::contend::strategy::group,
            "contend:strategy/timing@0.2.0": crate::bindings::contend::strategy::timing,
            "contend:strategy/replication@0.2.0": crate::bindings::contend::strategy::replication,
            "contend:strategy/settings@0.2.0": crate::bindings::contend::strategy::settings,
        },
    });
}

/// The world of strategies that visit documents.
pub mod access {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "access-strategy",
        pub_export_macro: true,
        default_bindings_module: "contend_guest::bindings::access",
        additional_derives: [PartialEq],
        with: {
            "contend:strategy/types@0.2.0": crate::bindings::contend::strategy::types,
            "contend:strategy/db@0.2.0": crate::bindings::contend::strategy::db,
            "contend:strategy/lock@0.2.0": crate::bindings::contend::strategy::lock,
            "contend:strategy/group@0.2.0": crate::bindings::contend::strategy::group,
            "contend:strategy/timing@0.2.0": crate::bindings::contend::strategy::timing,
            "contend:strategy/replication@0.2.0": crate::bindings::contend::strategy::replication,
            "contend:strategy/settings@0.2.0": crate::bindings::contend::strategy::settings,
        },
    });
}
