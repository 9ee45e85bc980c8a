//! Reasons why a file can't be loaded.

use super::contract::{CONTRACT_VERSION, PACKAGE};
use std::io;
use std::path::PathBuf;

/// A reason why a file is not a strategy that this runner can run.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("{path}: {source}")]
    Unreadable { path: PathBuf, source: io::Error },
    #[error(
        "{path} is not WebAssembly; a strategy is a component, as `runner build DIR` makes it of a \
         source folder"
    )]
    NotWasm { path: PathBuf },
    #[error(
        "{path} is a core WebAssembly module, not a component; build it with `runner build DIR`, or \
         link it with wasm-component-ld"
    )]
    CoreModule { path: PathBuf },
    #[error(
        "{path} does not fit this runner, which has {PACKAGE}@{CONTRACT_VERSION}:\n{difference}\nBuild it again against the wit/ folder of this runner."
    )]
    OtherContract { path: PathBuf, difference: String },
    #[error(
        "{path} begins with {mib} MiB of memory, and an instance may have {limit_mib}; raise \
         --memory-mib"
    )]
    TooLittleMemory {
        path: PathBuf,
        mib: u64,
        limit_mib: u64,
    },
    #[error(
        "{path} defines resource types of its own. The host would keep a list of their handles without \
         a limit, and no strategy needs them: build it without"
    )]
    OwnResources { path: PathBuf },
    #[error("{path} can't be compiled: {why}")]
    Invalid { path: PathBuf, why: String },
    #[error("the interface of {path} can't be printed as WIT: {why}")]
    NoWit { path: PathBuf, why: String },
    #[error(
        "the WebAssembly engine can't be set up for {instances} instances; run fewer workers or lower \
         --memory-mib: {why}"
    )]
    Engine { instances: u32, why: String },
}
