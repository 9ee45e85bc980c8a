//! A kind of workload is one folder: outside of it, its name stands in the registry and hardly anywhere.
//!
//! Counted are the sources of the runner, of the crates beneath it, of the contract and of what strategies
//! share, comments included; tests are not. A type of a kind can only be used by a path with its folder in
//! it, so a file that knows anything of a kind names it.

use crate::arrows::{sources, texts, used_modules, without_tests};
use std::path::Path;

const REGISTRY: &str = "workload/kinds.rs";

/// Declares the folders.
const ROOM: &str = "workload.rs";

/// Files beside its folder and the registry that may name a kind.
const MOST_OTHERS: usize = 4;

/// A kind by its folder: `ip_allocation`.
struct Kind {
    folder: String,
    text: String,
}

impl Kind {
    /// Every spelling of its name: `ip_allocation`, `ip-allocation`, `IpAllocation`.
    fn spellings(&self) -> [String; 3] {
        let words = self.folder.split('_');
        let camel = words.map(|word| word[..1].to_uppercase() + &word[1..]);
        [
            self.folder.clone(),
            self.folder.replace('_', "-"),
            camel.collect(),
        ]
    }

    /// The lines that name it; `ip_allocations` is another word.
    fn named_in<'a>(&self, text: &'a str) -> Vec<&'a str> {
        let is_word = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        let names = |line: &&str| {
            let spellings = self.spellings();
            let mut ends = spellings.iter().flat_map(|it| line.split(&**it).skip(1));
            ends.any(is_word)
        };
        text.lines().filter(names).collect()
    }

    fn owns(&self, path: &str) -> bool {
        let own = format!("workload/{}", self.folder);
        let rest = path.strip_prefix(&own);
        rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
    }
}

/// Each folder of `workload` with an implementation, whether it is registered or not.
fn kinds(product: &[(String, String)]) -> Vec<Kind> {
    let implements = |text: &str| without_tests(text).contains("WorkloadKind for ");
    let found = product.iter().filter(|(_, text)| implements(text));
    let kinds = found.map(|(path, text)| {
        let folder = path
            .strip_prefix("workload/")
            .and_then(|it| it.strip_suffix(".rs"));
        let folder = folder.filter(|folder| !folder.contains('/'));
        Kind {
            folder: folder
                .unwrap_or_else(|| panic!("{path} is no folder of a kind"))
                .to_owned(),
            text: text.clone(),
        }
    });
    kinds.collect()
}

/// Path and text of every file that is counted, without its tests.
fn product() -> Vec<(String, String)> {
    let mut all = sources();
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for folder in ["wit", "strategies/guest/src"] {
        let folder = repository.join(folder);
        let own = texts(&folder, repository).into_iter();
        all.extend(own.filter(|(path, _)| !path.contains("/reference/")));
    }
    let is_test = |path: &str| path.ends_with("tests.rs") || path.contains("/tests/");
    all.retain(|(path, _)| !is_test(path));
    for (_, text) in &mut all {
        text.truncate(text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len()));
    }
    all
}

#[test]
fn kind_is_named_in_its_folder_the_registry_and_four_other_files_at_most() {
    let product = product();
    let kinds = kinds(&product);
    assert!(kinds.len() > 1, "the kinds were not found");
    for kind in kinds {
        let Kind { folder, text } = &kind;
        let name = format!("{:?}", folder.replace('_', "-"));
        assert!(text.contains(&name), "{folder} is not called {name}");
        let naming = product.iter().filter(|(path, _)| !kind.owns(path));
        let naming = naming.filter(|(_, text)| !kind.named_in(text).is_empty());
        let (registry, others): (Vec<_>, Vec<_>) = naming
            .map(|(path, _)| path)
            .partition(|path| *path == REGISTRY);
        assert_eq!(registry, [REGISTRY], "{folder} is not registered");
        assert!(
            others.len() <= MOST_OTHERS,
            "{folder} is named in {others:?}"
        );
    }
}

#[test]
fn no_type_of_a_kind_is_given_another_path() {
    let product = product();
    let (_, room) = product.iter().find(|(path, _)| path == ROOM).unwrap();
    for kind in kinds(&product) {
        let lines = kind.named_in(room);
        let declares = |line: &&str| line.starts_with("pub mod ") || line.starts_with("mod ");
        assert!(lines.iter().all(declares), "{lines:?}");
    }
}

#[test]
fn checkers_of_a_kind_use_the_nouns_and_the_parts_of_checkers_only() {
    let product = product();
    for kind in kinds(&product) {
        let is_checker = |path: &str| kind.owns(path) && path.contains("/checkers");
        for (path, text) in product.iter().filter(|(path, _)| is_checker(path)) {
            for used in used_modules(text) {
                let may = ["check", "model", "workload"].contains(&&*used);
                assert!(may, "{path} uses {used}");
            }
        }
    }
}

#[test]
fn spellings_of_a_kind_are_found_as_whole_words() {
    let kind = Kind {
        folder: "ip_allocation".to_owned(),
        text: String::new(),
    };
    let text =
        "ip_allocation::USUAL\nip_allocations\n/// ip-allocation.\nIpAllocation {\nIpAllocations\n";
    let named = [
        "ip_allocation::USUAL",
        "/// ip-allocation.",
        "IpAllocation {",
    ];
    assert_eq!(kind.named_in(text), named);
    assert!(kind.owns("workload/ip_allocation/life.rs") && kind.owns("workload/ip_allocation.rs"));
    assert!(!kind.owns("workload/ip_allocations.rs"));
}
