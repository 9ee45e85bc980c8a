//! Where the strategies and workloads are that need no path.

use crate::strategy::source::Language;
use std::path::{Path, PathBuf};

/// The folder that names of strategies and workloads are looked for in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Home {
    /// A checkout of the project: strategies are source folders, built when they are named.
    Checkout(PathBuf),
    /// What `make install` has put beside the program: strategies are components, taken as they are.
    Installed(PathBuf),
}

/// Where a strategy is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Located {
    /// A component file, taken as it is.
    Component(PathBuf),
    /// A source folder, and the component that is built from it.
    Source { folder: PathBuf, component: PathBuf },
}

impl Home {
    /// The nearest checkout above the current folder; else what was installed with the running program;
    /// else the nearest checkout above the program, so that a built runner finds its own from anywhere.
    pub fn find() -> Option<Self> {
        let current = std::env::current_dir().ok();
        let program = std::env::current_exe().ok();
        Self::search(current.as_deref(), program.as_deref())
    }

    fn search(current: Option<&Path>, program: Option<&Path>) -> Option<Self> {
        let above = |start: &Path| {
            let is_checkout =
                |folder: &&Path| folder.join("strategies").is_dir() && folder.join("wit").is_dir();
            let found = start.ancestors().find(is_checkout);
            found.map(|folder| Self::Checkout(folder.to_owned()))
        };
        let installed = |program: &Path| {
            let share = program.parent()?.parent()?.join("share").join("contend");
            let is_whole = share.join("strategies").is_dir() && share.join("workloads").is_dir();
            is_whole.then_some(Self::Installed(share))
        };
        current
            .and_then(above)
            .or_else(|| program.and_then(installed))
            .or_else(|| program.and_then(above))
    }

    /// The folder of the workload files.
    pub fn workloads(&self) -> PathBuf {
        self.folder().join("workloads")
    }

    /// The names of all strategies, sorted.
    pub fn strategies(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder().join("strategies"));
        let mut names: Vec<String> = entries
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| match self {
                Self::Checkout(_) if makes_component(&entry.path()) => {
                    entry.file_name().into_string().ok()
                }
                Self::Checkout(_) => None,
                Self::Installed(_) => {
                    let name = entry.file_name().into_string().ok()?;
                    name.strip_suffix(".wasm").map(str::to_owned)
                }
            })
            .collect();
        names.sort();
        names
    }

    /// Where the component of the strategy of this name is, or will be when it is built.
    pub fn component(&self, name: &str) -> PathBuf {
        let folder = match self {
            Self::Checkout(folder) => folder.join("target").join("strategies"),
            Self::Installed(folder) => folder.join("strategies"),
        };
        folder.join(format!("{name}.wasm"))
    }

    /// The strategy of this name, if there is one.
    pub fn locate(&self, name: &str) -> Option<Located> {
        if !self.strategies().iter().any(|known| known == name) {
            return None;
        }
        let component = self.component(name);
        Some(match self {
            Self::Checkout(folder) => Located::Source {
                folder: folder.join("strategies").join(name),
                component,
            },
            Self::Installed(_) => Located::Component(component),
        })
    }

    fn folder(&self) -> &Path {
        match self {
            Self::Checkout(folder) | Self::Installed(folder) => folder,
        }
    }
}

/// A strategy is a source folder in any language; of crates, only one that makes a component, which the
/// shared guest crate does not.
fn makes_component(folder: &Path) -> bool {
    match Language::of(folder) {
        Some(Language::Rust) => std::fs::read_to_string(folder.join(Language::Rust.manifest()))
            .is_ok_and(|text| text.contains("cdylib")),
        language => language.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_checkout_one_stands_in_comes_first_and_then_what_came_with_the_program() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        for folder in [
            "checkout/strategies",
            "checkout/wit",
            "prefix/bin",
            "prefix/share/contend/strategies",
            "empty/bin",
        ] {
            fs::create_dir_all(at(folder)).unwrap();
        }
        let (inside, outside) = (at("checkout/strategies"), at("empty"));
        let built = at("checkout/target/debug/runner");
        let program = at("prefix/bin/runner");
        let checkout = Some(Home::Checkout(at("checkout")));
        let search = |current: &Path, program: &Path| Home::search(Some(current), Some(program));

        assert_eq!(search(&outside, &program), None, "half an installation");
        fs::create_dir(at("prefix/share/contend/workloads")).unwrap();
        let installed = Some(Home::Installed(at("prefix/share/contend")));
        assert_eq!(search(&outside, &program), installed);
        assert_eq!(search(&inside, &program), checkout);
        assert_eq!(search(&outside, &built), checkout);
        assert_eq!(search(&outside, &at("empty/bin/runner")), None);
        assert_eq!(Home::search(None, None), None);
    }

    #[test]
    fn an_installed_strategy_is_its_component_and_has_no_source() {
        let root = tempfile::tempdir().unwrap();
        let strategies = root.path().join("strategies");
        fs::create_dir(&strategies).unwrap();
        for name in ["b.wasm", "a.wasm", "a.d"] {
            fs::write(strategies.join(name), "").unwrap();
        }
        let home = Home::Installed(root.path().to_owned());
        assert_eq!(home.strategies(), ["a", "b"]);
        let component = strategies.join("a.wasm");
        assert_eq!(home.locate("a"), Some(Located::Component(component)));
        assert_eq!(home.locate("c"), None);
    }

    #[test]
    fn a_source_folder_of_any_language_is_a_strategy_and_a_plain_library_is_none() {
        let root = tempfile::tempdir().unwrap();
        let strategies = root.path().join("strategies");
        for (name, file, text) in [
            ("in-c", "strategy.toml", ""),
            ("in-js", "package.json", ""),
            ("in-rust", "Cargo.toml", "crate-type = [\"cdylib\"]"),
            ("library", "Cargo.toml", "[lib]"),
            ("examples", "README.md", ""),
        ] {
            fs::create_dir_all(strategies.join(name)).unwrap();
            fs::write(strategies.join(name).join(file), text).unwrap();
        }
        let home = Home::Checkout(root.path().to_owned());
        assert_eq!(home.strategies(), ["in-c", "in-js", "in-rust"]);
    }
}
