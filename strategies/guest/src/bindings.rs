//! Generated from `wit/`: the only file that knows the generator.

wit_bindgen::generate!({
    path: "../../wit",
    world: "state-strategy",
    pub_export_macro: true,
    default_bindings_module: "contend_guest::bindings",
    additional_derives: [PartialEq],
});
