//! The pages of the contract say what the WIT says.

#[path = "../../examples/reference/pages.rs"]
mod pages;
#[path = "../../examples/reference/signature.rs"]
mod signature;

use std::collections::BTreeMap;
use std::path::Path;

#[test]
fn the_reference_is_made_of_the_wit_as_it_is() {
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit");
    let folder = wit.join("reference");
    let entries = std::fs::read_dir(&folder).unwrap().flatten();
    let there: BTreeMap<String, String> = entries
        .map(|entry| {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            (entry.file_name().into_string().unwrap(), text)
        })
        .collect();
    let expected = pages::of(&wit).unwrap();
    assert!(expected.len() > 8, "{:?}", expected.keys());
    for (name, page) in &expected {
        let is_there = there.get(name) == Some(page);
        assert!(
            is_there,
            "{name} is old: cargo run --example reference -- wit wit/reference"
        );
    }
    assert_eq!(there.len(), expected.len(), "a page too many");
}
