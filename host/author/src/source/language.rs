//! The language of a source folder, recognised by its manifest.

use std::path::Path;

crate::model::words! {
    /// A language that strategies can be built from, with its name on the command line; in the order in which their
    /// manifests are searched.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Language {
        Rust = "rust",
        C = "c",
        JavaScript = "js",
        Python = "python",
    }
}

impl Language {
    /// Its name in messages.
    pub fn name(self) -> &'static str {
        self.facts().0
    }

    /// The file by which its folders are known. C has no manifest, so the runner defines one.
    pub fn manifest(self) -> &'static str {
        self.facts().1
    }

    /// The endings of the files that its components are made from.
    pub(super) fn endings(self) -> &'static [&'static str] {
        self.facts().2
    }

    fn facts(self) -> (&'static str, &'static str, &'static [&'static str]) {
        match self {
            Self::Rust => ("Rust", "Cargo.toml", &["rs"]),
            Self::C => ("C", "strategy.toml", &["c", "h"]),
            Self::JavaScript => ("JavaScript", "package.json", &["js", "mjs"]),
            Self::Python => ("Python", "pyproject.toml", &["py"]),
        }
    }

    /// The language of a folder; `None` if it has no known manifest.
    pub fn from_folder(dir: &Path) -> Option<Self> {
        let has = |language: &Self| dir.join(language.manifest()).is_file();
        Self::ALL.into_iter().find(has)
    }

    /// All manifests, for a message.
    pub fn manifests() -> String {
        let each = |language: Self| format!("{} ({})", language.manifest(), language.name());
        Self::ALL.map(each).join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_known_by_its_manifest() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Language::from_folder(folder.path()), None);
        for language in Language::ALL.into_iter().rev() {
            std::fs::write(folder.path().join(language.manifest()), "").unwrap();
            assert_eq!(Language::from_folder(folder.path()), Some(language));
        }
    }
}
