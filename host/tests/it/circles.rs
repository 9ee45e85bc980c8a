//! Circles of files: files of which each uses, by way of others, each other. A small circle is a
//! thing in two or three pieces; a large one is a thing that can only be read whole.
//!
//! A file uses another where a `use` line or a path in its code leads to something that is defined
//! in the other. What leads there by a re-export (`pub use`) uses the file of the definition; the
//! re-export is no use, nor is the declaration of a module, nor what a file's tests name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The number of files that a circle may have.
const MOST: usize = 4;

/// A module of a crate, from the root down: `["sim", "sql", "value"]` is `src/sim/sql/value.rs`.
type Module = Vec<String>;

#[test]
fn circles_of_files_are_small() {
    let mut large = Vec::new();
    for folder in crates() {
        let uses = uses(&files(&folder));
        assert!(!uses.is_empty(), "{} has no sources", folder.display());
        let circles = circles(&uses).into_iter();
        let circles = circles.filter(|circle| circle.len() > MOST);
        large.extend(circles.map(|circle| {
            let lines = circle.iter().map(|file| {
                let others = uses[file].iter().filter(|used| circle.contains(*used));
                let others: Vec<_> = others.map(|used| used.join("::")).collect();
                format!("  {} uses {}\n", file.join("::"), others.join(", "))
            });
            format!("{} files:\n{}", circle.len(), lines.collect::<String>())
        }));
    }
    assert!(large.is_empty(), "large circles:\n{}", large.join("\n"));
}

#[test]
fn circles_are_found_through_every_form_of_use() {
    let texts = [
        (
            "",
            "mod a;\nmod b;\nmod c;\nmod d;\nuse another as other;\nuse a::A;",
        ),
        ("a", "mod one;\nuse super::{b::B, c};\nfn f() { one::f() }"),
        ("a::one", "use crate::d::D;"),
        ("b", "fn f() -> super::a::A {}"),
        (
            "c",
            "// crate::a\n#[cfg(test)]\nmod tests { use crate::a::A; }\n",
        ),
        ("d", "#[cfg(test)]\nmod tests;\nuse crate::a::one as other;"),
        ("e", "mod in_e;\npub use in_e::{self as f, In};\n"),
        ("e::in_e", "use crate::g::G;"),
        ("g", "use crate::e::In;"),
        ("h", "use crate::other::O;\nuse super::i::I;"),
        ("i", "fn f() -> super::h::H {}"),
    ];
    let texts = texts.map(|(name, text)| {
        let segments = name.split("::").filter(|segment| !segment.is_empty());
        (segments.map(str::to_owned).collect(), text.to_owned())
    });
    let uses = uses(&texts.into_iter().collect());
    let circles = circles(&uses).into_iter().map(|circle| {
        let names: Vec<_> = circle.iter().map(|file| file.join("::")).collect();
        names.join(" ")
    });
    let circles: Vec<_> = circles.filter(|names| names.contains(' ')).collect();
    assert_eq!(circles, ["a b", "a::one d", "e::in_e g", "h i"]);
}

/// The source folders of our crates.
fn crates() -> Vec<std::path::PathBuf> {
    let host = Path::new(env!("CARGO_MANIFEST_DIR"));
    let entries = fs::read_dir(host).unwrap();
    let inner = entries.map(|entry| entry.unwrap().path().join("src"));
    let inner = inner.filter(|src| src.join("lib.rs").exists());
    let found: Vec<_> = inner.chain([host.join("src")]).collect();
    assert!(found.len() > 1, "the crates were not found");
    found
}

/// The files of a crate with their texts. The root of the library is the module without a name; a
/// binary's root can't be used by others.
fn files(root: &Path) -> BTreeMap<Module, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let name = path.strip_prefix(root).unwrap().with_extension("");
                let segments = name.iter().map(|part| part.to_str().unwrap().to_owned());
                let module = segments.filter(|name| name != "lib").collect();
                found.insert(module, fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

/// The files that each file uses. Files that only tests have are left out.
fn uses(files: &BTreeMap<Module, String>) -> BTreeMap<Module, BTreeSet<Module>> {
    let of_tests = files.iter().flat_map(|(module, text)| {
        let items = text.split("#[cfg(test)]").skip(1);
        let names = items.filter_map(|item| declared(item.lines().nth(1)?));
        names.map(|name| [module.as_slice(), &[name.to_owned()]].concat())
    });
    let of_tests: BTreeSet<Module> = of_tests.collect();
    let is_test = |module: &Module| (0..=module.len()).any(|n| of_tests.contains(&module[..n]));
    let code = files.iter().filter(|(module, _)| !is_test(module));
    let mut exports = BTreeMap::new();
    let mut named = Vec::new();
    for (module, text) in code {
        for (is_export, name, path) in paths(module, &without_tests(text)) {
            match is_export {
                true => _ = exports.insert([module.as_slice(), &[name]].concat(), Some(path)),
                false => named.push((module, path)),
            }
        }
        for name in text.lines().filter_map(other_crate) {
            exports.insert([module.as_slice(), &[name.to_owned()]].concat(), None);
        }
    }
    let modules = files.keys().map(|module| (module.clone(), BTreeSet::new()));
    let mut uses: BTreeMap<Module, BTreeSet<Module>> = modules.collect();
    uses.retain(|module, _| !is_test(module));
    for (module, path) in named {
        let used = definition(path, files, &exports);
        let others = used.filter(|used| used != module);
        uses.get_mut(module).unwrap().extend(others);
    }
    uses
}

/// The file in which the thing of this path is defined; `None` if that is another crate's.
fn definition(
    path: Module,
    files: &BTreeMap<Module, String>,
    exports: &BTreeMap<Module, Option<Module>>,
) -> Option<Module> {
    let mut depths = (0..=path.len()).rev();
    let deepest = depths.find(|n| files.contains_key(&path[..*n]));
    let deepest = deepest.unwrap_or(0);
    match path.get(..=deepest).and_then(|name| exports.get(name)) {
        Some(None) => None,
        Some(Some(to)) => definition([to, &path[deepest + 1..]].concat(), files, exports),
        None => Some(path[..deepest].to_vec()),
    }
}

/// The paths in a file that lead to something of its crate: whether each is a re-export, the name
/// that it gets here, and the path from the root.
fn paths(module: &Module, text: &str) -> Vec<(bool, String, Module)> {
    let children: BTreeSet<&str> = text.lines().filter_map(declared).collect();
    let mut found = Vec::new();
    for (at, _) in text.match_indices("::") {
        let before = &text[..at];
        let start = before.rfind(|c| !is_of_a_name(c)).map_or(0, |n| n + 1);
        let base = match &before[start..] {
            "crate" => Vec::new(),
            "self" => module.clone(),
            "super" => module[..module.len().saturating_sub(1)].to_vec(),
            child if children.contains(child) => [module.as_slice(), &[child.to_owned()]].concat(),
            _ => continue,
        };
        let line = before[..start].rsplit('\n').next().unwrap_or_default();
        let is_export = line.starts_with("pub") && line.ends_with(" use ");
        let is_visibility = before[..start].ends_with("(in ");
        if !is_visibility && !before[..start].ends_with("::") {
            name_all(&base, &text[at + 2..], &mut |name, path| {
                found.push((is_export, name.to_owned(), path.to_vec()));
            });
        }
    }
    found
}

/// Calls `each` with every path that a tree of names stands for and the name that it gets, and returns
/// what is behind the tree.
fn name_all<'a>(base: &[String], tree: &'a str, each: &mut impl FnMut(&str, &[String])) -> &'a str {
    let tree = tree.trim_start();
    if let Some(mut rest) = tree.strip_prefix('{') {
        loop {
            rest = rest.trim_start();
            match rest.chars().next() {
                None => return rest,
                Some('}') => return &rest[1..],
                Some(c) if is_of_a_name(c) => rest = name_all(base, rest, each),
                Some(c) => rest = &rest[c.len_utf8()..],
            }
        }
    }
    let end = tree.find(|c| !is_of_a_name(c)).unwrap_or(tree.len());
    let (name, rest) = tree.split_at(end);
    let mut path = base.to_vec();
    match name {
        "self" => {}
        "super" => path.truncate(path.len().saturating_sub(1)),
        _ => path.push(name.to_owned()),
    }
    if let Some(deeper) = rest.strip_prefix("::") {
        return name_all(&path, deeper, each);
    }
    let renamed = rest.strip_prefix(" as ");
    let new = renamed.map_or(name, |new| new.split(|c| !is_of_a_name(c)).next().unwrap());
    each(new, &path);
    renamed.map_or(rest, |renamed| &renamed[new.len()..])
}

fn is_of_a_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The name that a line gives to another crate: `use contend_model as model;`.
fn other_crate(line: &str) -> Option<&str> {
    let (from, name) = line.strip_suffix(';')?.split_once(" as ")?;
    let from = from.trim_start_matches("pub ").strip_prefix("use ")?;
    from.chars().all(is_of_a_name).then_some(name)
}

/// The module that a line declares: `pub mod name;`.
fn declared(line: &str) -> Option<&str> {
    let (_, name) = line.trim().strip_suffix(';')?.rsplit_once("mod ")?;
    name.chars().all(is_of_a_name).then_some(name)
}

/// The code of a file, without comments and without the items that only tests have.
fn without_tests(text: &str) -> String {
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let code = lines.collect::<Vec<_>>().join("\n");
    let mut parts = code.split("#[cfg(test)]");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find([';', '{']).unwrap_or(part.len());
        let rest = &part[end..];
        // rustfmt closes an item with a brace at the depth of its first line.
        let indent = part
            .trim_start_matches('\n')
            .chars()
            .take_while(|c| *c == ' ');
        let close = format!("\n{}}}", indent.collect::<String>());
        kept += match rest.starts_with('{') {
            true => rest.find(&close).map_or("", |n| &rest[n + close.len()..]),
            false => rest,
        };
    }
    kept
}

/// The strongly connected components.
fn circles(uses: &BTreeMap<Module, BTreeSet<Module>>) -> BTreeSet<BTreeSet<Module>> {
    let reached = |from: &Module| {
        let mut seen = BTreeSet::from([from.clone()]);
        let mut next = vec![from.clone()];
        while let Some(module) = next.pop() {
            let used = uses.get(&module).into_iter().flatten();
            next.extend(used.filter(|used| seen.insert((*used).clone())).cloned());
        }
        seen
    };
    let all: BTreeMap<_, _> = uses
        .keys()
        .map(|module| (module, reached(module)))
        .collect();
    let circle = |module: &Module| {
        let back = all[module].iter().filter(|other| {
            all.get(other)
                .is_some_and(|reached| reached.contains(module))
        });
        back.cloned().collect()
    };
    uses.keys().map(circle).collect()
}
