//! The language of a source folder, recognised by its manifest.

use std::path::Path;

/// A language that strategies can be built from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Rust,
    C,
    JavaScript,
    Python,
}

impl Language {
    /// All languages, in the order in which their manifests are searched.
    pub const ALL: [Self; 4] = [Self::Rust, Self::C, Self::JavaScript, Self::Python];

    /// Its name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::C => "c",
            Self::JavaScript => "js",
            Self::Python => "python",
        }
    }

    /// Its name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rust => "Rust",
            Self::C => "C",
            Self::JavaScript => "JavaScript",
            Self::Python => "Python",
        }
    }

    /// The file by which its folders are known. C has no manifest, so the runner defines one.
    pub fn manifest(self) -> &'static str {
        match self {
            Self::Rust => "Cargo.toml",
            Self::C => "strategy.toml",
            Self::JavaScript => "package.json",
            Self::Python => "pyproject.toml",
        }
    }

    /// The endings of the files that its components are made from.
    pub(super) fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Rust => &["rs"],
            Self::C => &["c", "h"],
            Self::JavaScript => &["js", "mjs"],
            Self::Python => &["py"],
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
