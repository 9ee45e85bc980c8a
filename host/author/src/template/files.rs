//! The files of a new strategy, by language.

use super::super::source::Language;
use crate::wasm::World;

type Files = &'static [(&'static str, &'static str)];

/// The command that installs the tool for Python components into a virtual environment, in the version
/// with which the template is tested.
pub(super) const INSTALL_PYTHON: &str =
    "python3 -m venv .venv && .venv/bin/pip install componentize-py==0.25.1";

macro_rules! files {
    ($folder:literal: $($path:literal = $file:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../templates/", $folder, "/", $file)))),*]
    };
}

const RUST: Files = files!["rust":
    "src/lib.rs" = "state.rs",
    "Cargo.toml" = "manifest.toml",
    "README.md" = "readme.md",
    ".gitignore" = "gitignore",
    "tests/verdict.rs" = "verdict.rs",
];

const RUST_ALLOCATION: Files = files!["rust":
    "src/lib.rs" = "allocation.rs",
    "src/addresses.rs" = "addresses.rs",
    "Cargo.toml" = "manifest.toml",
    "README.md" = "readme.md",
    ".gitignore" = "gitignore",
    "tests/verdict.rs" = "verdict.rs",
];

const C: Files = files!["c":
    "strategy.c" = "state.c",
    "strategy.toml" = "strategy.toml",
    "README.md" = "readme.md",
    ".gitignore" = "gitignore",
    "Makefile" = "Makefile",
];

const JAVASCRIPT: Files = files!["js":
    "strategy.js" = "state.js",
    "package.json" = "package.json",
    "README.md" = "readme.md",
    ".gitignore" = "gitignore",
    "verdict.test.js" = "verdict.test.js",
];

const PYTHON: Files = files!["python":
    "strategy.py" = "state.py",
    "pyproject.toml" = "pyproject.toml",
    "README.md" = "readme.md",
    ".gitignore" = "gitignore",
    "test_verdict.py" = "test_verdict.py",
];

const PYTHON_ALLOCATION: Files = files!["python":
    "strategy.py" = "allocation.py",
    "pyproject.toml" = "pyproject.toml",
    "README.md" = "readme.md",
    ".gitignore" = "gitignore",
    "test_verdict.py" = "test_verdict.py",
];

/// The file that is the strategy, and all files with their texts.
pub(super) fn files(world: World, language: Language) -> Option<(&'static str, Files)> {
    match (world, language) {
        (World::State, Language::Rust) => Some(("src/lib.rs", RUST)),
        (World::Allocation, Language::Rust) => Some(("src/lib.rs", RUST_ALLOCATION)),
        (World::State, Language::C) => Some(("strategy.c", C)),
        (World::State, Language::JavaScript) => Some(("strategy.js", JAVASCRIPT)),
        (World::State, Language::Python) => Some(("strategy.py", PYTHON)),
        (World::Allocation, Language::Python) => Some(("strategy.py", PYTHON_ALLOCATION)),
        (World::Allocation, Language::C | Language::JavaScript) | (World::Access, _) => None,
    }
}
