//! Whether a component is as new as what it was made from.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Puts a component at `out`, and beside it the list of its sources that cargo made. Each file appears
/// whole or not at all; the component comes last, so that it never stands beside an older list.
pub(super) fn put(component: &[u8], list: &Path, out: &Path, made: SystemTime) -> io::Result<()> {
    if let Some(folder) = out.parent() {
        fs::create_dir_all(folder)?;
    }
    write_whole(&fs::read(list)?, &list_beside(out), made)?;
    write_whole(component, out, made)
}

fn write_whole(bytes: &[u8], to: &Path, made: SystemTime) -> io::Result<()> {
    let mut aside = to.as_os_str().to_owned();
    aside.push(format!(".{}", std::process::id()));
    let aside = PathBuf::from(aside);
    let written = fs::write(&aside, bytes)
        .and_then(|()| File::options().write(true).open(&aside)?.set_modified(made))
        .and_then(|()| fs::rename(&aside, to));
    written.inspect_err(|_| drop(fs::remove_file(&aside)))
}

/// The file that lists a component's sources, in cargo's format.
fn list_beside(out: &Path) -> PathBuf {
    out.with_extension("d")
}

/// Whether `wasm` has to be built again from the folder `dir`: it is not there, it was not built
/// here, or a source, a manifest or a lock file is newer. Also a file of another crate on this disk
/// counts (the guest crate, the contract). A lock file that the first build has written counts once
/// too; the build that it causes finds nothing to do. The compiler does not count: a new one changes
/// the bytes, but not what they do.
pub fn is_stale(dir: &Path, wasm: &Path) -> bool {
    let (Some(made), Ok(list)) = (modified(wasm), fs::read_to_string(list_beside(wasm))) else {
        return true;
    };
    let mut files = sources(&list);
    let mut manifests: Vec<PathBuf> = files
        .iter()
        .filter_map(|file| nearest(file, "Cargo.toml"))
        .collect();
    manifests.sort();
    manifests.dedup();
    files.append(&mut manifests);
    files.push(dir.join("Cargo.toml"));
    files.extend(
        dir.canonicalize()
            .ok()
            .and_then(|dir| nearest(&dir, "Cargo.lock")),
    );
    !list.contains(':')
        || files
            .iter()
            .any(|file| modified(file).is_none_or(|at| at > made))
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

        write("t/s.d", &list, made);
        put(b"wasm", &at("t/s.d"), &out, made).unwrap();
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
}
