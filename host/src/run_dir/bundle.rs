//! A run in one file, to be kept, sent and run again: a tar archive, compressed with gzip.
//!
//! ```text
//! manifest.json               the format, and size and digest of every other entry, in their order
//! components/<sha256>.wasm    the strategies' components, where they are in it
//! run/…                       the files of the run's folder, the embedded database left out
//! ```
//!
//! Entries are sorted and have no times and no owners, so the same run makes the same bytes. A bundle may
//! come from anywhere: what is not exactly as the manifest says, and what no run could have, is refused.

mod error;
mod manifest;
mod pack;
mod unpack;

pub use self::error::BundleError;
pub use self::manifest::Manifest;
pub use self::pack::{Component, pack};
pub use self::unpack::unpack;

use std::path::{Path, PathBuf};

/// The format's version in `manifest.json`. A runner reads this one and those before it.
const FORMAT: u64 = 1;

const MANIFEST: &str = "manifest.json";
const RUN: &str = "run";
const COMPONENTS: &str = "components";

/// The most entries beside the manifest.
pub const MAX_FILES: usize = 10_000;

/// The most that a manifest takes: some 800 bytes for each of its entries.
const MAX_MANIFEST_BYTES: u64 = 8 << 20;

/// The most that the entries of a bundle may take together when it is unpacked, and the files of a
/// run's folder, unless the user says otherwise: a run of more than a million changes.
pub const DEFAULT_UNPACKED_MIB: u64 = 1024;

/// The path of the run's folder in that of an unpacked bundle.
pub fn run_of(unpacked: &Path) -> PathBuf {
    unpacked.join(RUN)
}

/// The path of the component with this digest in the folder of an unpacked bundle, if it is there.
pub fn component_of(unpacked: &Path, digest: &str) -> Option<PathBuf> {
    let path = unpacked.join(manifest::component_path(digest)?);
    path.is_file().then_some(path)
}
