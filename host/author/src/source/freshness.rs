//! Checks if a component is up to date with its sources.

use super::language::Language;
use crate::write_whole;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Puts a component at `out`, and beside it the list of its sources. Each file appears whole or not at
/// all; the component comes last, so that it never stands beside an older list.
pub(super) fn put(component: &[u8], list: &[u8], out: &Path, made: SystemTime) -> io::Result<()> {
    if let Some(folder) = out.parent() {
        fs::create_dir_all(folder)?;
    }
    write_whole(list, &list_beside(out), made)?;
    write_whole(component, out, made)
}

/// The list of the sources that are in a folder now, where no compiler makes one: the same however the
/// folder is named.
pub(super) fn list(dir: &Path, language: Language, out: &Path) -> Vec<u8> {
    let mut text = format!("{}:", out.display());
    for file in in_folder(&canonical(dir), language) {
        text.push(' ');
        for character in file.to_string_lossy().chars() {
            if character.is_whitespace() || character == '\\' {
                text.push('\\');
            }
            text.push(character);
        }
    }
    text.push('\n');
    text.into_bytes()
}

/// Every file in a folder that a component may be made from, sorted: sources, manifest, the contract.
/// Excludes files of installers and compilers.
pub(super) fn in_folder(dir: &Path, language: Language) -> Vec<PathBuf> {
    let mut found = Vec::new();
    collect(dir, language.endings(), &mut found);
    collect(&dir.join("wit"), &["wit"], &mut found);
    let manifests = [language.manifest(), "package-lock.json"].map(|name| dir.join(name));
    found.extend(manifests.into_iter().filter(|file| file.is_file()));
    found.sort();
    found
}

fn collect(dir: &Path, endings: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        // A folder that is a link may lead back here.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            let is_made = ["target", "node_modules"].contains(&&*name)
                || name.starts_with('.')
                || path.join("pyvenv.cfg").is_file();
            if !is_made {
                collect(&path, endings, found);
            }
        } else if endings
            .iter()
            .any(|ending| path.extension().is_some_and(|it| it == *ending))
        {
            found.push(path);
        }
    }
}

fn canonical(dir: &Path) -> PathBuf {
    dir.canonicalize().unwrap_or_else(|_| dir.to_owned())
}

/// The file that lists a component's sources, in cargo's format.
fn list_beside(out: &Path) -> PathBuf {
    out.with_extension("d")
}

/// True if `wasm` must be rebuilt from the folder `dir`: it is missing, it was not built here, or a
/// source, a manifest or a lock file is newer. Files of other crates on this disk count too (the guest
/// crate, the contract). Without a compiler's list of sources, all files in the folder count, so that
/// an added or removed one counts as well. The compiler does not count: a new one changes the bytes,
/// but not their behaviour.
pub fn is_stale(dir: &Path, wasm: &Path) -> bool {
    let dir = &canonical(dir);
    let (Some(made), Ok(list)) = (modified(wasm), fs::read_to_string(list_beside(wasm))) else {
        return true;
    };
    let mut files = sources(&list);
    let language = Language::from_folder(dir).unwrap_or(Language::Rust);
    if language != Language::Rust {
        let is_newer = |file: &PathBuf| modified(file).is_none_or(|at| at > made);
        return files != in_folder(dir, language) || files.iter().any(is_newer);
    }
    add_manifests(dir, &mut files);
    files.extend(lock_file(dir));
    !list.contains(':')
        || files
            .iter()
            .any(|file| modified(file).is_none_or(|at| at > made))
}

/// Adds the manifests of a Rust folder and of all crates that its sources are of.
fn add_manifests(dir: &Path, files: &mut Vec<PathBuf>) {
    let manifests = files.iter().filter_map(|file| nearest(file, "Cargo.toml"));
    let mut manifests: Vec<_> = manifests.collect();
    manifests.sort();
    manifests.dedup();
    files.append(&mut manifests);
    files.push(dir.join("Cargo.toml"));
}

/// The lock file that cargo reads and writes for a folder, if there is one.
pub(super) fn lock_file(dir: &Path) -> Option<PathBuf> {
    nearest(&canonical(dir), "Cargo.lock")
}

/// The time of a build that began at `start` and has these sources. Cargo writes the lock file itself:
/// where only that is newer than the start, the component is as new as the lock file.
pub(super) fn made(dir: &Path, list: &[u8], start: SystemTime) -> SystemTime {
    let mut files = sources(&String::from_utf8_lossy(list));
    add_manifests(&canonical(dir), &mut files);
    let was_edited = |file: &PathBuf| modified(file).is_none_or(|at| at > start);
    let lock = lock_file(dir).as_deref().and_then(modified);
    match lock {
        Some(written) if written > start && !files.iter().any(was_edited) => written,
        _ => start,
    }
}

fn modified(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).ok()?.modified().ok()
}

/// The file of that name in the path or the closest folder above it.
fn nearest(path: &Path, name: &str) -> Option<PathBuf> {
    path.ancestors()
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// The files after the colon of a rule such as `out: a.rs with\ space.rs`.
fn sources(list: &str) -> Vec<PathBuf> {
    let Some((_, after)) = list.split_once(": ") else {
        return Vec::new();
    };
    let mut files = Vec::new();
    let mut file = String::new();
    let mut characters = after.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => file.extend(characters.next()),
            c if c.is_whitespace() => files.push(std::mem::take(&mut file)),
            c => file.push(c),
        }
    }
    files.push(file);
    files.retain(|file| !file.is_empty());
    files.into_iter().map(PathBuf::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::time::Duration;

    #[test]
    fn sources_are_read_from_cargos_list() {
        let files = sources("/t/cas.wasm: /s/lib.rs /with\\ space/a.wit\n");
        assert_eq!(files, ["/s/lib.rs", "/with space/a.wit"].map(PathBuf::from));
        assert!(sources("").is_empty());
    }

    #[test]
    fn a_component_is_stale_when_anything_under_it_is_newer() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        let made = SystemTime::now() - Duration::from_secs(100);
        let write = |name: &str, text: &str, time: SystemTime| {
            fs::create_dir_all(at(name).parent().unwrap()).unwrap();
            fs::write(at(name), text).unwrap();
            File::options()
                .write(true)
                .open(at(name))
                .unwrap()
                .set_modified(time)
                .unwrap();
        };
        let sources = [
            "s/src/lib.rs",
            "s/Cargo.toml",
            "guest/src/lib.rs",
            "guest/Cargo.toml",
        ];
        let older = made - Duration::from_secs(1);
        for name in sources.iter().chain(&["s/Cargo.lock"]) {
            write(name, "", older);
        }
        let list = format!(
            "{}: {} {}\n",
            at("t/s.wasm").display(),
            at("s/src/lib.rs").display(),
            at("guest/src/lib.rs").display()
        );
        let (dir, out) = (at("s"), at("out/s.wasm"));
        assert!(is_stale(&dir, &out), "it is not there");

        put(b"wasm", list.as_bytes(), &out, made).unwrap();
        assert!(!is_stale(&dir, &out));
        for name in sources.iter().chain(&["s/Cargo.lock"]) {
            write(name, "", made + Duration::from_secs(1));
            assert!(is_stale(&dir, &out), "{name} is newer");
            write(name, "", older);
        }
        fs::remove_file(at("guest/src/lib.rs")).unwrap();
        assert!(is_stale(&dir, &out), "a source is gone");
        let files: Vec<_> = fs::read_dir(at("out")).unwrap().collect();
        assert_eq!(files.len(), 2, "nothing is left aside");
    }

    #[test]
    fn a_lock_file_that_the_build_has_written_makes_no_component_stale() {
        let root = tempfile::tempdir().unwrap();
        let start = SystemTime::now() - Duration::from_secs(100);
        let (older, newer) = (
            start - Duration::from_secs(1),
            start + Duration::from_secs(1),
        );
        let write = |name: &str, time: SystemTime| {
            fs::write(root.path().join(name), "").unwrap();
            let file = File::options().write(true).open(root.path().join(name));
            file.unwrap().set_modified(time).unwrap();
        };
        write("lib.rs", older);
        write("Cargo.toml", older);
        write("Cargo.lock", newer);
        let (dir, out) = (root.path(), root.path().join("out/s.wasm"));
        let list = format!("s.wasm: {}\n", root.path().join("lib.rs").display());
        let build = || {
            let made = made(dir, list.as_bytes(), start);
            put(b"wasm", list.as_bytes(), &out, made).unwrap();
        };
        build();
        assert!(!is_stale(dir, &out), "cargo wrote the lock file");
        write("Cargo.lock", newer + Duration::from_secs(1));
        assert!(is_stale(dir, &out), "the lock file changed");
        write("lib.rs", newer);
        build();
        assert!(is_stale(dir, &out), "a source was edited during the build");
    }

    #[test]
    fn list_of_sources_does_not_depend_on_the_path_of_the_folder() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("mine");
        fs::create_dir_all(dir.join("part")).unwrap();
        for name in ["strategy.toml", "strategy.c", "part/helper.h"] {
            fs::write(dir.join(name), "").unwrap();
        }
        let out = dir.join("out.wasm");
        let built = list(&dir.join("part/.."), Language::C, &out);
        put(
            b"wasm",
            &built,
            &out,
            SystemTime::now() + Duration::from_secs(1),
        )
        .unwrap();
        assert!(!is_stale(&dir, &out));
    }

    #[test]
    fn a_component_of_a_folder_is_stale_when_a_source_changes_comes_or_goes() {
        let root = tempfile::tempdir().unwrap();
        let made = SystemTime::now() - Duration::from_secs(100);
        let dir = root.path().join("a folder");
        let write = |name: &str, time: SystemTime| {
            let path = dir.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "").unwrap();
            let file = File::options().write(true).open(&path).unwrap();
            file.set_modified(time).unwrap();
        };
        let sources = ["strategy.toml", "strategy.c", "part/helper.h", "wit/db.wit"];
        let (older, newer) = (made - Duration::from_secs(1), made + Duration::from_secs(1));
        sources.iter().for_each(|name| write(name, older));
        let out = dir.join("target/strategies/x.wasm");
        let build = || put(b"wasm", &list(&dir, Language::C, &out), &out, made).unwrap();
        build();
        assert!(!is_stale(&dir, &out));
        for name in sources {
            write(name, newer);
            assert!(is_stale(&dir, &out), "{name} is newer");
            write(name, older);
        }
        for name in [
            "target/made.c",
            "node_modules/x.c",
            ".venv/x.c",
            "results/table.csv",
        ] {
            write(name, newer);
        }
        assert!(!is_stale(&dir, &out), "what is no source does not count");
        write("other.c", older);
        assert!(is_stale(&dir, &out), "one came");
        build();
        fs::remove_file(dir.join("other.c")).unwrap();
        assert!(is_stale(&dir, &out), "one went");
    }
}
