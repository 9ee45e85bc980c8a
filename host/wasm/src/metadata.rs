//! Writing the standard facts into a component, each at the place where others look for it: the name
//! in `component-name`, languages in `producers`, and every other one in a custom section of its own.
//!
//! docs/decisions.md says why the crate wasm-metadata does not do it.

use crate::model::component::About;
use std::collections::BTreeMap;
use wasm_encoder::{Component, CustomSection, Encode, RawSection, Section};
use wasm_encoder::{ProducersField, ProducersSection};
use wasmparser::{ComponentName, CustomSectionReader, KnownCustom, Parser, Payload, Result};

/// Producers by field, and their versions by name.
type Producers = BTreeMap<String, BTreeMap<String, String>>;

/// The component with these facts in it, in place of what it said before of the same. What is absent
/// is left as it is; the same component and facts give the same bytes.
pub fn write(component: &[u8], about: &About) -> Result<Vec<u8>> {
    // A part that is said to be longer than the file is found out when its end is looked for.
    for payload in Parser::new(0).parse_all(component) {
        payload?;
    }
    let facts = facts(about);
    let mut written = Component::HEADER.to_vec();
    let (mut names, mut producers) = (Vec::new(), Producers::new());
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload?;
        let is_outermost = depth == 0;
        match &payload {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            _ => {}
        }
        if !is_outermost {
            continue;
        }
        match &payload {
            Payload::CustomSection(section) if section.name() == "component-name" => {
                names = match about.name {
                    Some(_) => names_of_parts(section)?.to_vec(),
                    None => section.data().to_vec(),
                };
            }
            Payload::CustomSection(section) if section.name() == "producers" => {
                read_producers(section, &mut producers)?;
            }
            Payload::CustomSection(section)
                if facts.iter().any(|(name, _)| *name == section.name()) => {}
            payload => {
                let section = payload.as_section();
                // One that claims more than there is: the parser's next step is the error.
                let data = |(id, range)| Some((id, component.get(range)?));
                if let Some((id, data)) = section.and_then(data) {
                    RawSection { id, data }.append_to(&mut written);
                }
            }
        }
    }
    for language in about.languages.iter().flatten() {
        let version = language.version.clone().unwrap_or_default();
        let languages = producers.entry("language".to_owned()).or_default();
        languages.insert(language.name.clone(), version);
    }
    append(&mut written, "component-name", &named(about, &names));
    append_producers(&mut written, &producers);
    for (name, fact) in facts {
        append(&mut written, name, fact.as_bytes());
    }
    Ok(written)
}

/// The fields with their own section, by its name, in the order in which they are written.
fn facts(about: &About) -> Vec<(&'static str, &str)> {
    let facts = [
        ("authors", about.authors.as_deref()),
        ("description", about.description.as_deref()),
        ("licenses", about.licenses.as_deref()),
        ("source", about.source.as_deref()),
        ("homepage", about.homepage.as_deref()),
        ("revision", about.revision.as_deref()),
        ("version", about.version.as_deref()),
    ];
    let given = |(name, fact)| Some((name, fact?));
    facts.into_iter().filter_map(given).collect()
}

/// The rest of the section after the name of the whole, which comes first.
fn names_of_parts<'a>(section: &CustomSectionReader<'a>) -> Result<&'a [u8]> {
    let KnownCustom::ComponentName(names) = section.as_known() else {
        return Ok(&[]);
    };
    for name in names {
        if let ComponentName::Component { name_range, .. } = name? {
            let end = name_range.end - section.data_offset();
            return Ok(&section.data()[end..]);
        }
    }
    Ok(section.data())
}

fn named(about: &About, names: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    if let Some(name) = &about.name {
        let mut encoded = Vec::new();
        name.encode(&mut encoded);
        // The part with the number 0 is the name of the whole.
        data.push(0);
        encoded.len().encode(&mut data);
        data.extend(encoded);
    }
    data.extend(names);
    data
}

fn read_producers(section: &CustomSectionReader, producers: &mut Producers) -> Result<()> {
    let KnownCustom::Producers(fields) = section.as_known() else {
        return Ok(());
    };
    for field in fields {
        let field = field?;
        let values = producers.entry(field.name.to_owned()).or_default();
        for value in field.values {
            let value = value?;
            values.insert(value.name.to_owned(), value.version.to_owned());
        }
    }
    Ok(())
}

fn append_producers(written: &mut Vec<u8>, producers: &Producers) {
    let mut section = ProducersSection::new();
    for (name, values) in producers {
        let mut field = ProducersField::new();
        for (name, version) in values {
            field.value(name, version);
        }
        section.field(name, &field);
    }
    if !producers.is_empty() {
        section.append_to(written);
    }
}

fn append(written: &mut Vec<u8>, name: &str, data: &[u8]) {
    if !data.is_empty() {
        let (name, data) = (name.into(), data.into());
        CustomSection { name, data }.append_to(written);
    }
}

#[cfg(test)]
mod tests {
    use super::super::contents::Contents;
    use super::*;
    use crate::model::component::Tool;

    fn about(name: &str) -> About {
        let fact = |what: &str| Some(format!("{what} of {name}"));
        About {
            name: Some(name.to_owned()),
            version: fact("version"),
            description: fact("description"),
            authors: fact("authors"),
            licenses: fact("licenses"),
            source: fact("source"),
            homepage: fact("homepage"),
            revision: fact("revision"),
            languages: Some(vec![Tool {
                name: "Rust".to_owned(),
                version: None,
            }]),
            ..About::default()
        }
    }

    #[test]
    fn written_metadata_replaces_the_old_and_reads_back() {
        let text = r#"(component (core module $part) (@custom "kept" "as it is"))"#;
        let bare = wat::parse_str(text).unwrap();
        let first = write(&bare, &about("first")).unwrap();
        assert_eq!(Contents::read(&first).about, about("first"));
        let second = write(&first, &about("second")).unwrap();
        assert_eq!(Contents::read(&second).about, about("second"));
        assert_eq!(second, write(&bare, &about("second")).unwrap());
        let third = write(&second, &About::default()).unwrap();
        assert_eq!(Contents::read(&third).about, about("second"));
        let parts = String::from_utf8_lossy(&second).into_owned();
        assert!(parts.contains("part") && parts.contains("as it is"));
    }

    #[test]
    fn a_component_that_ends_too_early_is_an_error() {
        let whole = wat::parse_str("(component (core module (func)) (component))").unwrap();
        for length in 9..whole.len() {
            assert!(write(&whole[..length], &about("x")).is_err() || ends_well(&whole[..length]));
        }
    }

    fn ends_well(bytes: &[u8]) -> bool {
        Parser::new(0)
            .parse_all(bytes)
            .all(|payload| payload.is_ok())
    }

    #[test]
    fn producers_stay() {
        let text = r#"(component (@producers (processed-by "wit-component" "0.1")))"#;
        let written = write(&wat::parse_str(text).unwrap(), &about("x")).unwrap();
        let made = Contents::read(&written).about.processed_by.unwrap();
        assert_eq!(made[0].name, "wit-component");
    }
}
