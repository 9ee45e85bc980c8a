//! Tools for authors of strategies: templates for each language,
//! builds with the language's own tools, Wasm toolchains on this machine, OCI registries.

#![forbid(unsafe_code)]

pub mod registry;
pub mod source;
pub mod template;
pub mod toolchain;

use contend_model as model;
use contend_wasm as wasm;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Our folder among the user's caches, by the rules of XDG; `None` if no variable says where that is.
fn user_cache() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let cache = set("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.filter(|path| path.is_absolute());
    let home = || set("HOME").map(|home| Path::new(&home).join(".cache"));
    Some(cache.or_else(home)?.join("contend"))
}

/// Writes a file that appears whole or not at all, with this time of its last change.
fn write_whole(bytes: &[u8], to: &Path, made: SystemTime) -> io::Result<()> {
    let mut aside = to.as_os_str().to_owned();
    aside.push(format!(".{}", std::process::id()));
    let aside = PathBuf::from(aside);
    let written = fs::write(&aside, bytes)
        .and_then(|()| File::options().write(true).open(&aside)?.set_modified(made))
        .and_then(|()| fs::rename(&aside, to));
    written.inspect_err(|_| drop(fs::remove_file(&aside)))
}
