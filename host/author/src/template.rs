//! The folder that an author begins with: a whole strategy, which needs the runner and its language's
//! own tools to be built, and nothing else of this project.
//!
//! In each language it uses the bindings generator itself and no helpers of ours, which in Rust are
//! made for many strategies: so there is nothing to learn but the contract, which lies in the folder.

mod contract;
mod files;
pub mod name;

use super::source::Language;
use crate::wasm::World;

/// A strategy to begin with.
pub struct Template {
    files: Vec<(&'static str, &'static str)>,
    /// The file with the one thing to change.
    pub source: &'static str,
    /// The command that installs in the folder what builds it, where that is done for each folder.
    pub install: Option<&'static str>,
    world: &'static str,
    idea: &'static str,
    /// The options of a run that is short and in which something could go wrong.
    pub contention: &'static str,
}

impl Template {
    /// The one for a world in a language, if there is one.
    pub fn new(world: World, language: Language) -> Option<Self> {
        let (source, texts) = files::files(world, language)?;
        let install = match language {
            Language::Rust | Language::C => None,
            Language::JavaScript => Some("npm install"),
            Language::Python => Some(files::INSTALL_PYTHON),
        };
        let (name, idea, contention) = match world {
            World::State => (
                "state-strategy",
                "Compare-and-swap: one conditional UPDATE",
                "--rows 5 --workers-per-row 4",
            ),
            World::Allocation => (
                "allocation-strategy",
                "Addresses: insert one that is free, and the primary key decides",
                "--workers-per-row 20",
            ),
            World::Access => return None,
        };
        let files = texts.iter().chain(&contract::FILES).copied().collect();
        Some(Self {
            files,
            source,
            install,
            world: name,
            idea,
            contention,
        })
    }

    /// Path and text of each file of the folder, for a strategy of this name and for this kind of
    /// workload.
    pub fn files(&self, name: &str, kind: &str) -> Vec<(&'static str, String)> {
        let all = self.files.iter();
        all.map(|&(path, text)| (path, self.fill(text, name, kind)))
            .collect()
    }

    fn fill(&self, text: &str, name: &str, kind: &str) -> String {
        text.replace("{name}", name)
            .replace("{world}", self.world)
            .replace("{kind}", kind)
            .replace("{idea}", self.idea)
            .replace("{contention}", self.contention)
            .replace("{install}", self.install.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> impl Iterator<Item = (World, Language, Template)> {
        let worlds = [World::State, World::Allocation].into_iter();
        let both = worlds.flat_map(|world| Language::ALL.map(|language| (world, language)));
        both.filter_map(|(world, language)| {
            Some((world, language, Template::new(world, language)?))
        })
    }

    fn line(files: &[(&str, String)], file: &str, word: &str) -> String {
        let (_, text) = files.iter().find(|(path, _)| *path == file).unwrap();
        let mut lines = text.lines().map(str::trim);
        lines.find(|line| line.contains(word)).unwrap().to_owned()
    }

    #[test]
    fn the_generator_of_a_new_folder_is_that_of_our_own_strategies() {
        let guest = include_str!("../../../strategies/guest/Cargo.toml");
        let files = Template::new(World::State, Language::Rust)
            .unwrap()
            .files("mine", "any");
        let guest = [("Cargo.toml", guest.to_owned())];
        let generator = |files: &[_]| line(files, "Cargo.toml", "wit-bindgen");
        assert_eq!(generator(&files), generator(&guest));
    }

    #[test]
    fn the_tools_that_a_new_folder_asks_for_are_those_that_the_tests_have() {
        let makefile = include_str!("../../../Makefile");
        let versions = |variable: &str| {
            let line = makefile.lines().find(|line| line.starts_with(variable));
            let (_, tools) = line.unwrap().split_once(" = ").unwrap();
            tools.split(' ').map(str::to_owned).collect::<Vec<_>>()
        };
        let js = Template::new(World::State, Language::JavaScript).unwrap();
        let js = js.files("mine", "any");
        for tool in versions("JS_TOOLS") {
            let (name, version) = tool.rsplit_once('@').unwrap();
            let asked = line(&js, "package.json", &format!("{name}\""));
            assert!(asked.contains(&format!(": \"{version}\"")), "{asked}");
        }
        let python = Template::new(World::State, Language::Python).unwrap();
        let tool = &versions("PYTHON_TOOLS")[1];
        assert!(python.install.unwrap().ends_with(tool), "{tool}");
        let asked = line(
            &python.files("mine", "any"),
            "pyproject.toml",
            "componentize-py",
        );
        assert!(asked.contains(tool), "{asked}");
    }

    #[test]
    fn nothing_is_left_to_be_filled_in_and_one_thing_is_marked() {
        let mut seen = 0;
        for (world, language, template) in all() {
            let mut marked = 0;
            for (path, text) in template.files("mine", "any") {
                for place in ["name", "world", "kind", "idea", "contention", "install"] {
                    assert!(!text.contains(&format!("{{{place}}}")), "{path}: {place}");
                }
                let marks = text.matches("CHANGE THIS:").count();
                assert!(marks == 0 || path == template.source, "{path}");
                marked += marks;
            }
            assert_eq!(marked, 1, "{world:?} {language:?}");
            seen += 1;
        }
        assert_eq!(seen, 6);
    }

    #[test]
    fn a_new_folder_is_known_as_one_of_its_language_and_says_its_world() {
        for (world, language, template) in all() {
            let folder = tempfile::tempdir().unwrap();
            for (path, text) in template.files("mine", "any") {
                let path = folder.path().join(path);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, text).unwrap();
            }
            assert_eq!(Language::from_folder(folder.path()), Some(language));
            let description = crate::source::description(folder.path());
            assert_eq!(description.as_deref(), Some(template.idea));
            let named = match language {
                Language::Rust => template.source,
                other => other.manifest(),
            };
            let text = std::fs::read_to_string(folder.path().join(named)).unwrap();
            assert!(text.contains(template.world), "{world:?} {language:?}");
        }
    }
}
