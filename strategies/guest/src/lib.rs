wit_bindgen::generate!({
    path: "../../wit",
    world: "state-strategy",
    pub_export_macro: true,
});
