//! The manifest of a strategy's folder. Cargo reads that of Rust, and prints the same facts.

use super::error::BuildError;
use super::language::Language;
use crate::model::component::{About, Tool};
use serde_json::Value;
use std::path::Path;

/// The fields that the runner uses.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Manifest {
    pub(super) about: About,
    /// The world of the contract that the strategy is of.
    pub(super) world: String,
    /// The file that is the strategy, where the manifest names it.
    pub(super) main: Option<String>,
}

/// Reads the manifest of a folder.
pub(super) fn read(dir: &Path, language: Language) -> Result<Manifest, BuildError> {
    let path = dir.join(language.manifest());
    let wrong = |why: String| BuildError::Manifest {
        path: path.clone(),
        why,
    };
    let text = std::fs::read_to_string(&path).map_err(|error| wrong(error.to_string()))?;
    let value = parse(&text, language).map_err(wrong)?;
    manifest(&value, language).map_err(wrong)
}

/// The description in the manifest of a folder of any language.
pub fn description(dir: &Path) -> Option<String> {
    let language = Language::from_folder(dir)?;
    let text = std::fs::read_to_string(dir.join(language.manifest())).ok()?;
    let value = parse(&text, language).ok()?;
    fact(match language {
        Language::Rust => &value["package"]["description"],
        Language::Python => &value["project"]["description"],
        Language::C | Language::JavaScript => &value["description"],
    })
}

fn parse(text: &str, language: Language) -> Result<Value, String> {
    match language {
        Language::JavaScript => serde_json::from_str(text).map_err(|error| error.to_string()),
        _ => toml::from_str(text).map_err(|error| error.to_string()),
    }
}

fn manifest(value: &Value, language: Language) -> Result<Manifest, String> {
    // Where the facts of the package are, and where what is only for us.
    let (package, ours, place) = match language {
        Language::JavaScript => (value, &value["contend"], "\"contend\": {\"world\": …}"),
        Language::Python => (
            &value["project"],
            &value["tool"]["contend"],
            "[tool.contend] world = …",
        ),
        Language::C | Language::Rust => (value, value, "world = …"),
    };
    let world = ours["world"].as_str().ok_or_else(|| {
        format!(
            "it does not name the strategy's world of the contract; it needs {place}, with \
             \"state-strategy\" or \"allocation-strategy\""
        )
    })?;
    Ok(Manifest {
        about: about(package, language),
        world: world.to_owned(),
        main: fact(&package["main"]),
    })
}

/// The facts that a component has a place for, each where the language's own manifests have it. The
/// revision is not among them: the same sources would come out otherwise after each commit.
pub(super) fn about(package: &Value, language: Language) -> About {
    let lists = [&package["authors"], &package["contributors"]];
    let listed = lists.into_iter().filter_map(Value::as_array).flatten();
    let people = [&package["author"]].into_iter().chain(listed);
    let people: Vec<String> = people.filter_map(person).collect();
    let urls = &package["urls"];
    let first = |places: &[&Value]| places.iter().find_map(|place| fact(place));
    About {
        name: fact(&package["name"]),
        version: fact(&package["version"]),
        description: fact(&package["description"]),
        authors: (!people.is_empty()).then(|| people.join(", ")),
        licenses: first(&[&package["license"], &package["license"]["text"]]),
        source: first(&[
            &package["repository"],
            &package["repository"]["url"],
            &urls["Repository"],
            &urls["Source"],
        ]),
        homepage: first(&[&package["homepage"], &urls["Homepage"]]),
        languages: Some(vec![Tool {
            name: language.name().to_owned(),
            version: None,
        }]),
        ..About::default()
    }
}

fn fact(value: &Value) -> Option<String> {
    let text = value.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// `Name <address>`, or a table of the two.
fn person(value: &Value) -> Option<String> {
    let email = fact(&value["email"]).map(|email| format!("<{email}>"));
    match (fact(value).or_else(|| fact(&value["name"])), email) {
        (Some(name), Some(email)) => Some(format!("{name} {email}")),
        (name, email) => name.or(email),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, language: Language) -> Result<Manifest, String> {
        manifest(&parse(text, language)?, language)
    }

    #[test]
    fn each_language_has_the_same_facts_in_its_own_places() {
        let c = r#"
            name = "mine"
            version = "1.2.3"
            description = " A way of my own "
            authors = ["One <one@example.org>", "Two"]
            license = "MIT"
            repository = "https://example.org/source"
            world = "state-strategy"
        "#;
        let js = r#"{
            "name": "mine", "version": "1.2.3", "description": " A way of my own ",
            "author": {"name": "One", "email": "one@example.org"}, "contributors": ["Two"],
            "license": "MIT", "repository": {"type": "git", "url": "https://example.org/source"},
            "contend": {"world": "state-strategy"}
        }"#;
        let python = r#"
            [project]
            name = "mine"
            version = "1.2.3"
            description = " A way of my own "
            authors = [{name = "One", email = "one@example.org"}, {name = "Two"}]
            license = {text = "MIT"}
            urls = {Repository = "https://example.org/source"}
            [tool.contend]
            world = "state-strategy"
        "#;
        let texts = [
            (Language::C, c),
            (Language::JavaScript, js),
            (Language::Python, python),
        ];
        for (language, text) in texts {
            let found = read(text, language).unwrap();
            let given = |text: &str| Some(text.to_owned());
            let expected = About {
                name: given("mine"),
                version: given("1.2.3"),
                description: given("A way of my own"),
                authors: given("One <one@example.org>, Two"),
                licenses: given("MIT"),
                source: given("https://example.org/source"),
                languages: Some(vec![Tool {
                    name: language.name().to_owned(),
                    version: None,
                }]),
                ..About::default()
            };
            assert_eq!(
                (found.about, found.world.as_str()),
                (expected, "state-strategy")
            );
        }
    }

    #[test]
    fn manifest_without_a_field_has_none_and_requires_a_world() {
        let bare = read("world = 'w'\ndescription = ''", Language::C).unwrap();
        assert_eq!(
            (bare.about.name, bare.about.description, bare.about.authors),
            (None, None, None)
        );
        for (language, text) in [
            (Language::C, ""),
            (Language::JavaScript, "{}"),
            (Language::Python, "[project]"),
        ] {
            let why = read(text, language).unwrap_err();
            assert!(
                why.contains("needs") && why.contains("state-strategy"),
                "{why}"
            );
        }
        assert!(read("{", Language::JavaScript).is_err());
    }
}
