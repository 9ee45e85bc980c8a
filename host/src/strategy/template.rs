//! The folder that an author begins with: a whole strategy in Rust, which needs the runner to be built
//! and nothing else of this project.
//!
//! It uses the bindings generator itself and not our guest crate, whose helpers are made for many
//! strategies: so there is nothing to learn but the contract, which lies in the folder.

mod contract;
pub mod name;

use super::wasm::World;

/// What every folder has, beside its sources and the contract.
const COMMON: [(&str, &str); 4] = [
    (
        "Cargo.toml",
        include_str!("../../templates/rust/manifest.toml"),
    ),
    ("README.md", include_str!("../../templates/rust/readme.md")),
    (".gitignore", include_str!("../../templates/rust/gitignore")),
    (
        "tests/verdict.rs",
        include_str!("../../templates/rust/verdict.rs"),
    ),
];

const STATE: [(&str, &str); 1] = [("src/lib.rs", include_str!("../../templates/rust/state.rs"))];

const ALLOCATION: [(&str, &str); 2] = [
    (
        "src/lib.rs",
        include_str!("../../templates/rust/allocation.rs"),
    ),
    (
        "src/addresses.rs",
        include_str!("../../templates/rust/addresses.rs"),
    ),
];

/// A strategy to begin with.
pub struct Template {
    sources: &'static [(&'static str, &'static str)],
    kind: &'static str,
    idea: &'static str,
    /// The options of a run that is short and in which something could go wrong.
    pub contention: &'static str,
}

impl Template {
    /// The one for a world.
    pub fn of(world: World) -> Self {
        match world {
            World::State => Self {
                sources: &STATE,
                kind: "volume-state",
                idea: "Compare-and-swap: one conditional UPDATE",
                contention: "--rows 5 --workers-per-row 4",
            },
            World::Allocation => Self {
                sources: &ALLOCATION,
                kind: "ip-allocation",
                idea: "Addresses: insert one that is free, and the primary key decides",
                contention: "--workers-per-row 20",
            },
        }
    }

    /// Path and text of each file of the folder, for a strategy of this name.
    pub fn files(&self, name: &str) -> Vec<(&'static str, String)> {
        let all = COMMON.iter().chain(self.sources).chain(&contract::FILES);
        all.map(|&(path, text)| (path, self.fill(text, name)))
            .collect()
    }

    fn fill(&self, text: &str, name: &str) -> String {
        text.replace("{name}", name)
            .replace("{kind}", self.kind)
            .replace("{idea}", self.idea)
            .replace("{contention}", self.contention)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_of_a_new_folder_is_that_of_our_own_strategies() {
        let guest = include_str!("../../../strategies/guest/Cargo.toml");
        let files = Template::of(World::State).files("mine");
        let (_, manifest) = files
            .iter()
            .find(|(path, _)| *path == "Cargo.toml")
            .unwrap();
        let generator = |text: &str| {
            let mut lines = text.lines();
            let line = lines.find(|line| line.starts_with("wit-bindgen"));
            line.unwrap().to_owned()
        };
        assert_eq!(generator(manifest), generator(guest));
    }

    #[test]
    fn nothing_is_left_to_be_filled_in_and_one_thing_is_marked() {
        for world in [World::State, World::Allocation] {
            let files = Template::of(world).files("mine");
            let mut marked = 0;
            for (path, text) in &files {
                for place in ["{name}", "{kind}", "{idea}", "{contention}"] {
                    assert!(!text.contains(place), "{path}: {place}");
                }
                marked += text.matches("// CHANGE THIS").count();
            }
            assert_eq!(marked, 1);
        }
    }
}
