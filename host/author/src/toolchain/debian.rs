//! Debian's own Rust for web code, unpacked privately.
//!
//! `rustc-web` can build std from source for Wasm, but conflicts with Debian's `rustc` and with
//! rustup, so it is never installed: its packages are downloaded and unpacked into a folder of the
//! user's cache. No root is needed, and nothing of the system changes.

use super::command::{answer, run};
use super::{Origin, Toolchain, active_rustc, host_of, linker_folder};
use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const NAME: &str = "wasm-toolchain";
const DOWNLOAD_LIMIT: Duration = Duration::from_secs(900);
const UNPACK_LIMIT: Duration = Duration::from_secs(300);

/// The compiler's packages whose names carry no version. Their dependencies name the others.
const COMPILER: &str = "rustc-web";
const HOST_STD: &str = "libstd-rust-web-dev";
const SOURCES: &str = "rust-web-src";

/// The compiler's library; Rust's version stands behind it.
const LIBRARY: &str = "libstd-rust-web-";

/// The oldest version that the guests' dependencies accept.
const OLDEST: (u32, u32) = (1, 88);

/// The toolchain that a former run has unpacked.
pub(super) fn unpacked() -> Result<Toolchain, String> {
    let home = cache()?.join(NAME);
    let wrapper = home.join("rustc");
    if !wrapper.is_file() {
        return Err(format!("nothing in {}", home.display()));
    }
    link_linkers(&home, &wrapper)?;
    Toolchain::ask(Origin::Debian, wrapper)
}

/// Downloads and unpacks it.
///
/// All is put together in a sibling folder that gets its name when it is whole, so an interrupted
/// download leaves no half toolchain. A lock makes a second run wait for the first and then use
/// what it finds; the system frees it if its holder dies.
pub(super) fn unpack(progress: &mut dyn FnMut(&str)) -> Result<Toolchain, String> {
    for tool in ["apt-get", "apt-cache", "dpkg"] {
        answer(Command::new(tool).arg("--version"))?;
    }
    linker_folder(&active_rustc())?;
    let cache = cache()?;
    fs::create_dir_all(&cache).map_err(at(&cache))?;
    let lock_path = cache.join(format!("{NAME}.lock"));
    let lock = File::create(&lock_path).map_err(at(&lock_path))?;
    lock.lock().map_err(at(&lock_path))?;
    if let Ok(found) = unpacked() {
        return Ok(found);
    }
    let part = cache.join(format!("{NAME}.part"));
    remove(&part)?;
    let done = put_together(&part, progress).and_then(|()| {
        let home = cache.join(NAME);
        // What is there is no whole toolchain: `unpacked` has just looked.
        remove(&home)?;
        fs::rename(&part, &home).map_err(at(&home))
    });
    if let Err(reason) = done {
        let _ = fs::remove_dir_all(&part);
        return Err(reason);
    }
    unpacked()
}

/// `$XDG_CACHE_HOME/contend`, or `~/.cache/contend`.
fn cache() -> Result<PathBuf, String> {
    crate::user_cache().ok_or_else(|| "neither XDG_CACHE_HOME nor HOME is set".to_owned())
}

fn put_together(part: &Path, progress: &mut dyn FnMut(&str)) -> Result<(), String> {
    let deb = part.join("deb");
    let unpack = part.join("unpack");
    for folder in [&deb, &unpack] {
        fs::create_dir_all(folder).map_err(at(folder))?;
    }
    download(&deb, progress)?;
    progress("unpacking Debian's Rust for WebAssembly (850 MB)");
    for entry in fs::read_dir(&deb).map_err(at(&deb))?.flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            let mut dpkg = Command::new("dpkg");
            run(dpkg.arg("-x").arg(path).arg(&unpack), UNPACK_LIMIT)?;
        }
    }
    remove(&deb)?;
    write_wrapper(part)
}

/// Downloads the packages by fresh lists of packages, which go to a private folder: `apt-get update`
/// without root. The system's own may be empty, or so old that they know only an older Rust. They
/// have to do where fresh ones can't be had.
fn download(deb: &Path, progress: &mut dyn FnMut(&str)) -> Result<(), String> {
    progress("downloading Debian's Rust for WebAssembly (140 MB)");
    let lists = deb.join("lists");
    let archives = deb.join("cache");
    for folder in [lists.join("partial"), archives.join("archives/partial")] {
        fs::create_dir_all(&folder).map_err(at(&folder))?;
    }
    let private = [
        format!("-oDir::State::Lists={}", lists.display()),
        format!("-oDir::Cache={}", archives.display()),
    ];
    let mut update = Command::new("apt-get");
    update.args(&private).args(["-qq", "update"]);
    match run(&mut update, DOWNLOAD_LIMIT) {
        Ok(_) => download_by(&private, deb),
        Err(reason) => {
            progress(&format!(
                "{reason}; going by the package lists of the system"
            ));
            download_by(&[], deb).map_err(|error| format!("{reason}; {error}"))
        }
    }
}

fn download_by(options: &[String], deb: &Path) -> Result<(), String> {
    let packages = packages(options)?;
    let mut apt = Command::new("apt-get");
    apt.args(options).args(["-qq", "download"]);
    run(apt.args(packages).current_dir(deb), DOWNLOAD_LIMIT).map(drop)
}

/// The names of today: the compiler, its library (whose name has Rust's version), the library's
/// LLVM with what a bare system lacks for it, std for this machine (which builds the macros), and
/// std's sources.
fn packages(options: &[String]) -> Result<Vec<String>, String> {
    let host_std = dependencies(options, HOST_STD)?;
    let library = starting_with(&host_std, LIBRARY, HOST_STD)?;
    new_enough(&library)?;
    let library_needs = dependencies(options, &library)?;
    let llvm = starting_with(&library_needs, "libllvm", &library)?;
    let mut apt = Command::new("apt-cache");
    let all = answer(
        apt.args(options)
            .args(["depends", "--important", "--recurse", &llvm]),
    )?;
    let lacking = packages_of(&all).filter(|name| *name != llvm && !is_installed(name));
    let mut packages: Vec<_> = lacking.map(str::to_owned).collect();
    packages.extend([COMPILER, HOST_STD, SOURCES].map(str::to_owned));
    packages.extend([library, llvm]);
    Ok(packages)
}

/// An older compiler would be unpacked, kept, and fail at every build.
fn new_enough(library: &str) -> Result<(), String> {
    let version = library.strip_prefix(LIBRARY).unwrap_or_default();
    let numbers = version
        .split_once('.')
        .and_then(|(major, minor)| Some((major.parse::<u32>().ok()?, minor.parse::<u32>().ok()?)));
    if numbers.is_some_and(|numbers| numbers >= OLDEST) {
        return Ok(());
    }
    let (major, minor) = OLDEST;
    Err(format!(
        "apt offers Rust {version} for WebAssembly, and {major}.{minor} is needed: are Debian's \
         security updates among its sources?"
    ))
}

/// The packages of a recursive listing: what they need is indented, and `<name>` is no package.
fn packages_of(listing: &str) -> impl Iterator<Item = &str> {
    listing
        .lines()
        .filter(|line| line.starts_with(|first: char| first.is_ascii_alphanumeric()))
}

fn is_installed(package: &str) -> bool {
    let mut query = Command::new("dpkg-query");
    query.args(["--show", "--showformat=${db:Status-Status}", package]);
    answer(&mut query).is_ok_and(|status| status.contains("installed") && !status.contains("not-"))
}

fn dependencies(options: &[String], package: &str) -> Result<String, String> {
    let mut apt = Command::new("apt-cache");
    let needs = answer(apt.args(options).args(["depends", "--important", package]))?;
    if needs.contains("Depends:") {
        return Ok(needs);
    }
    Err(format!("apt knows of no {package}"))
}

fn starting_with(needs: &str, start: &str, package: &str) -> Result<String, String> {
    needs
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Depends: "))
        .find(|name| name.starts_with(start))
        .map(str::to_owned)
        .ok_or_else(|| format!("{package} does not depend on a {start}…"))
}

/// A script that runs the private compiler with its private libraries. It finds them by its own
/// place, so that the folder can be renamed.
fn write_wrapper(home: &Path) -> Result<(), String> {
    let libraries = home.join("unpack/usr/lib");
    let folder = library_folder(&libraries).ok_or("no compiler in Debian's packages")?;
    let script = format!(
        "#!/bin/sh\n\
         usr=${{0%/*}}/unpack/usr\n\
         LD_LIBRARY_PATH=$usr/lib/{folder}${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}\n\
         export LD_LIBRARY_PATH\n\
         exec \"$usr/bin/rustc\" \"$@\"\n"
    );
    let wrapper = home.join("rustc");
    fs::write(&wrapper, script).map_err(at(&wrapper))?;
    fs::set_permissions(&wrapper, PermissionsExt::from_mode(0o755)).map_err(at(&wrapper))
}

/// The name of the folder that holds the compiler's library, such as `x86_64-linux-gnu`.
fn library_folder(libraries: &Path) -> Option<String> {
    let holds_compiler = |folder: &Path| {
        let files = fs::read_dir(folder).into_iter().flatten().flatten();
        files
            .map(|file| file.file_name())
            .any(|name| name.to_string_lossy().starts_with("librustc_driver"))
    };
    fs::read_dir(libraries)
        .ok()?
        .flatten()
        .find(|folder| holds_compiler(&folder.path()))
        .map(|folder| folder.file_name().to_string_lossy().into_owned())
}

/// Debian's packages bring no linker for components: the active toolchain's are used, by a link
/// that is made anew when that toolchain has moved.
fn link_linkers(home: &Path, wrapper: &Path) -> Result<(), String> {
    let Some(linkers) = linker_folder(&active_rustc())? else {
        return Ok(());
    };
    let host = host_of(wrapper)?;
    let link = home.join("unpack/usr/lib/rustlib").join(host).join("bin");
    if fs::read_link(&link).is_ok_and(|target| target == linkers) {
        return Ok(());
    }
    // Made aside and renamed, so that a build beside this one always finds a link.
    let aside = link.with_extension(std::process::id().to_string());
    symlink(&linkers, &aside).map_err(at(&aside))?;
    fs::rename(&aside, &link).map_err(at(&link))
}

fn remove(folder: &Path) -> Result<(), String> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(at(folder)(error)),
        _ => Ok(()),
    }
}

fn at(path: &Path) -> impl Fn(std::io::Error) -> String {
    move |error| format!("{}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_carry_a_version_are_asked_of_apt() {
        let needs = "libstd-rust-web-dev\n  Depends: libstd-rust-web-1.96\n";
        let name = starting_with(needs, LIBRARY, HOST_STD);
        assert_eq!(name.unwrap(), "libstd-rust-web-1.96");
        starting_with(needs, "libllvm", HOST_STD).unwrap_err();
    }

    #[test]
    fn a_compiler_that_is_too_old_is_not_downloaded() {
        new_enough("libstd-rust-web-1.96").unwrap();
        new_enough("libstd-rust-web-1.88").unwrap();
        let why = new_enough("libstd-rust-web-1.85").unwrap_err();
        assert!(why.contains("1.85") && why.contains("security"), "{why}");
        new_enough("libstd-rust-web-x").unwrap_err();
    }

    #[test]
    fn a_recursive_listing_names_each_package_once() {
        let listing = "libllvm22\n  Depends: libc6\n  Depends: <virtual>\n<virtual>\nlibc6\n";
        let names: Vec<_> = packages_of(listing).collect();
        assert_eq!(names, ["libllvm22", "libc6"]);
    }

    #[test]
    fn wrapper_finds_its_compiler_after_the_folder_moved() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("before");
        let usr = home.join("unpack/usr");
        for (path, text) in [
            ("lib/rustlib/etc/x", ""),
            ("lib/some-linux-gnu/librustc_driver-1.so", ""),
            ("bin/rustc", "#!/bin/sh\necho $1 ${LD_LIBRARY_PATH%%:*}\n"),
        ] {
            let path = usr.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        }
        write_wrapper(&home).unwrap();
        let moved = folder.path().join("after");
        fs::rename(&home, &moved).unwrap();
        let said = answer(Command::new(moved.join("rustc")).arg("hello")).unwrap();
        let libraries = moved.join("unpack/usr/lib/some-linux-gnu");
        assert_eq!(said, format!("hello {}", libraries.display()));
    }
}
