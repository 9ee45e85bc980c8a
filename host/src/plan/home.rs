//! Places of strategies and workloads that need no path.

use crate::author::source::Language;
use std::path::{Path, PathBuf};

/// The folder that names of strategies and workloads are looked for in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Home {
    /// A checkout of the project: strategies are source folders, built when they are named.
    Checkout(PathBuf),
    /// The folder that `make install` has put beside the program: strategies are components, taken as
    /// they are.
    Installed(PathBuf),
}

/// The place of a strategy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Located {
    /// A component file, taken as it is.
    Component(PathBuf),
    /// A source folder, and the component that is built from it.
    Source { folder: PathBuf, component: PathBuf },
}

impl Located {
    /// A source folder, and the one place of its component however the folder is named: in `target/` of
    /// the checkout whose `strategies/` it is in, else in its own.
    pub fn source(folder: PathBuf) -> Self {
        let found = folder.canonicalize();
        let canonical = found.as_ref().unwrap_or(&folder);
        let name = canonical.file_name().unwrap_or_default().to_string_lossy();
        let checkout = canonical
            .parent()
            .filter(|parent| parent.file_name().is_some_and(|it| it == "strategies"))
            .and_then(Path::parent)
            .filter(|root| is_checkout(root));
        let target = checkout.unwrap_or(&folder).join("target");
        let component = target.join("strategies").join(format!("{name}.wasm"));
        Self::Source { folder, component }
    }
}

fn is_checkout(folder: &Path) -> bool {
    folder.join("strategies").is_dir() && folder.join("wit").is_dir()
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
            let found = start.ancestors().find(|folder| is_checkout(folder));
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

    /// The path of the component of the strategy of this name, which may not be built yet.
    pub fn component(&self, name: &str) -> PathBuf {
        match self.place(name) {
            Located::Component(component) | Located::Source { component, .. } => component,
        }
    }

    fn place(&self, name: &str) -> Located {
        let folder = self.folder().join("strategies");
        match self {
            Self::Checkout(_) => Located::source(folder.join(name)),
            Self::Installed(_) => Located::Component(folder.join(format!("{name}.wasm"))),
        }
    }

    /// The strategy of this name, if there is one.
    pub fn locate(&self, name: &str) -> Option<Located> {
        let is_known = self.strategies().iter().any(|known| known == name);
        is_known.then(|| self.place(name))
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
    match Language::from_folder(folder) {
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
    fn a_folder_has_one_component_however_it_is_named() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        for folder in ["checkout/strategies/cas/src", "checkout/wit", "mine"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        std::os::unix::fs::symlink(root.join("checkout/strategies"), root.join("link")).unwrap();
        let manifest = root.join("checkout/strategies/cas/Cargo.toml");
        fs::write(manifest, "crate-type = [\"cdylib\"]").unwrap();
        let component = |located: Located| match located {
            Located::Source { component, .. } | Located::Component(component) => component,
        };
        let expected = root.join("checkout/target/strategies/cas.wasm");
        let home = Home::Checkout(root.join("checkout"));
        assert_eq!(component(home.locate("cas").unwrap()), expected);
        for given in ["checkout/strategies/cas", "link/cas", "link/cas/src/.."] {
            assert_eq!(
                component(Located::source(root.join(given))),
                expected,
                "{given}"
            );
        }
        let mine = root.join("mine/target/strategies/mine.wasm");
        assert_eq!(component(Located::source(root.join("mine/."))), mine);
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
