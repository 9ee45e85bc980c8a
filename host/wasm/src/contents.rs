//! Reads the metadata of a file without compiling it. The file is untrusted: nothing in it is believed,
//! each text is sanitised, and a broken part ends the reading and nothing else.

use super::contract::World;
use super::convert::clean;
use crate::model::component::{About, Tool};
use std::collections::BTreeSet;
use wasmparser::{
    ComponentName, ComponentType, CustomSectionReader, KnownCustom, Name, Parser, Payload,
    ProducersSectionReader, Result,
};

/// The metadata, imports and exports of a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Contents {
    pub about: About,
    /// The names of what it imports and exports, sorted; unknown of a core module, and of a file that
    /// is broken.
    pub imports: Option<Vec<String>>,
    pub exports: Option<Vec<String>>,
    /// The bytes of memory that its largest part begins with.
    pub least_memory: u64,
    /// True if it, or a part of it, defines resource types.
    pub defines_resources: bool,
}

const PAGE: u64 = 64 * 1024;

#[derive(Default)]
struct Reading {
    about: About,
    imports: BTreeSet<String>,
    exports: BTreeSet<String>,
    languages: BTreeSet<Tool>,
    processed_by: BTreeSet<Tool>,
    sdk: BTreeSet<Tool>,
    least_memory: u64,
    defines_resources: bool,
}

impl Contents {
    pub(super) fn read(bytes: &[u8]) -> Self {
        let mut reading = Reading::default();
        let is_whole = reading.read(bytes).is_ok() && Parser::is_component(bytes);
        let list = |names: BTreeSet<String>| is_whole.then(|| names.into_iter().collect());
        let tools = |tools: BTreeSet<Tool>| {
            let tools: Vec<_> = tools.into_iter().collect();
            (!tools.is_empty()).then_some(tools)
        };
        Self {
            about: About {
                languages: tools(reading.languages),
                processed_by: tools(reading.processed_by),
                sdk: tools(reading.sdk),
                ..reading.about
            },
            imports: list(reading.imports),
            exports: list(reading.exports),
            least_memory: reading.least_memory,
            defines_resources: reading.defines_resources,
        }
    }

    /// The world that it is for, by what it exports.
    pub fn world(&self) -> Option<World> {
        World::exported(self.exports.as_ref()?)
    }
}

impl Reading {
    fn read(&mut self, bytes: &[u8]) -> Result<()> {
        // What is nested imports and exports nothing of the whole's, but knows what it was made with.
        let mut depth = 0;
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth -= 1,
                Payload::ComponentImportSection(section) if depth == 0 => {
                    for import in section {
                        self.imports.insert(clean(import?.name.name));
                    }
                }
                Payload::ComponentExportSection(section) if depth == 0 => {
                    for export in section {
                        self.exports.insert(clean(export?.name.name));
                    }
                }
                Payload::ComponentTypeSection(section) => {
                    for defined in section {
                        let is_resource = matches!(defined?, ComponentType::Resource { .. });
                        self.defines_resources |= is_resource;
                    }
                }
                Payload::MemorySection(section) => {
                    for memory in section {
                        let bytes = memory?.initial.saturating_mul(PAGE);
                        self.least_memory = self.least_memory.max(bytes);
                    }
                }
                Payload::CustomSection(section) => self.custom(&section, depth == 0),
                _ => {}
            }
        }
        Ok(())
    }

    fn custom(&mut self, section: &CustomSectionReader, is_outermost: bool) {
        match section.as_known() {
            KnownCustom::Producers(producers) => self.producers(producers),
            _ if !is_outermost => {}
            KnownCustom::ComponentName(names) => {
                for name in names.into_iter().map_while(Result::ok) {
                    if let ComponentName::Component { name, .. } = name {
                        self.about.name = text(name);
                    }
                }
            }
            KnownCustom::Name(names) => {
                for name in names.into_iter().map_while(Result::ok) {
                    if let Name::Module { name, .. } = name {
                        self.about.name = text(name);
                    }
                }
            }
            _ => {
                let about = &mut self.about;
                let fact = match section.name() {
                    "version" => &mut about.version,
                    "description" => &mut about.description,
                    "authors" => &mut about.authors,
                    "licenses" => &mut about.licenses,
                    "source" => &mut about.source,
                    "homepage" => &mut about.homepage,
                    "revision" => &mut about.revision,
                    _ => return,
                };
                *fact = text(&String::from_utf8_lossy(section.data()));
            }
        }
    }

    fn producers(&mut self, section: ProducersSectionReader) {
        for field in section.into_iter().map_while(Result::ok) {
            let tools = match field.name {
                "language" => &mut self.languages,
                "processed-by" => &mut self.processed_by,
                "sdk" => &mut self.sdk,
                _ => continue,
            };
            for value in field.values.into_iter().map_while(Result::ok) {
                tools.extend(text(value.name).map(|name| Tool {
                    name,
                    version: text(value.version),
                }));
            }
        }
    }
}

fn text(given: &str) -> Option<String> {
    let text = clean(given.trim());
    (!text.trim().is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_component_adds_its_producers_but_no_metadata() {
        let inner = r#"(core module $m
            (@custom "authors" "inner")
            (@producers (language "C" "17") (processed-by "clang" "19")))"#;
        let text = format!(
            r#"(component $whole {inner}
                (component (import "nested" (func)))
                (@custom "version" "1.2") (@custom "homepage" "  ")
                (import "a:b/c@0.1.0" (instance)))"#
        );
        let contents = Contents::read(&wat::parse_str(text).unwrap());
        let tool = |name: &str, version: &str| Tool {
            name: name.to_owned(),
            version: Some(version.to_owned()),
        };
        let about = About {
            name: Some("whole".to_owned()),
            version: Some("1.2".to_owned()),
            languages: Some(vec![tool("C", "17")]),
            processed_by: Some(vec![tool("clang", "19")]),
            ..About::default()
        };
        assert_eq!(contents.about, about);
        assert_eq!(contents.imports, Some(vec!["a:b/c@0.1.0".to_owned()]));
        assert_eq!(contents.exports, Some(Vec::new()));
        assert_eq!(contents.world(), None);
    }

    #[test]
    fn of_a_file_that_ends_too_early_nothing_is_claimed_that_could_be_half() {
        let text = r#"(component (import "a:b/c@0.1.0" (instance)) (@custom "version" "1.2")
            (core module (func)))"#;
        let bytes = wat::parse_str(text).unwrap();
        let contents = Contents::read(&bytes[..bytes.len() - 3]);
        assert_eq!(contents.about.version.as_deref(), Some("1.2"));
        assert_eq!((contents.imports, contents.exports), (None, None));
    }
}
