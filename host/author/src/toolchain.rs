//! Finding a Rust toolchain that compiles to WebAssembly.
//!
//! Many machines have Rust and not its standard library for Wasm. The search goes from what costs
//! nothing to what costs a download, and says which case it took.

mod command;
mod debian;

use command::{answer, run};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The target that guests are compiled for. The linker turns the module into a component.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// The linker, which Rust toolchains bring along.
pub const LINKER: &str = "wasm-component-ld";

/// Forces one case: `active`, `rustup` or `debian`.
pub const FORCE: &str = "CONTEND_WASM_TOOLCHAIN";

/// Timeout of `rustup target add`. It is quick or it has no network.
const RUSTUP_LIMIT: Duration = Duration::from_secs(60);

/// A toolchain for [`TARGET`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toolchain {
    origin: Origin,
    /// The compiler to run; its name alone if it is the active one.
    rustc: PathBuf,
    /// Its version, as it prints it.
    version: String,
    sysroot: PathBuf,
}

crate::model::words! {
    /// The origin of a toolchain.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Origin {
        /// The active toolchain has the target.
        Active = "active",
        /// The active toolchain, to which rustup just added the target.
        Rustup = "rustup",
        /// Debian's packages, unpacked privately; the standard library is built from source.
        Debian = "debian",
    }
}

/// The reason why there is no toolchain.
#[derive(Debug, thiserror::Error)]
pub enum ToolchainError {
    #[error("{FORCE} is {0:?}; it can be active, rustup or debian")]
    UnknownChoice(String),
    #[error("{FORCE} requires {choice}, which is not available: {reason}")]
    Forced {
        choice: &'static str,
        reason: String,
    },
    #[error(
        "no Rust toolchain for WebAssembly ({TARGET}).\n\
         Tried: the active toolchain: {active}\n\
         Tried: rustup: {rustup}\n\
         Tried: Debian's packages: {debian}\n\
         Install one with `rustup target add {TARGET}`, or install your distribution's package of \
         Rust's standard library for that target. A component that was built elsewhere (a \
         .wasm file) needs no toolchain."
    )]
    None {
        active: String,
        rustup: String,
        debian: String,
    },
}

impl Toolchain {
    /// Finds a toolchain; `progress` receives slow steps.
    ///
    /// The order: 1. the active toolchain, which costs nothing; 2. Debian's packages if a former
    /// run has unpacked them, so that a machine on which rustup can't add the target does not wait
    /// for it to fail at every build; 3. `rustup target add`; 4. unpacking Debian's packages.
    pub fn find(progress: &mut dyn FnMut(&str)) -> Result<Self, ToolchainError> {
        let choice = match std::env::var_os(FORCE) {
            Some(word) if !word.is_empty() => Some(parse_choice(word)?),
            _ => None,
        };
        if let Some(origin) = choice {
            let found = match origin {
                Origin::Active => active(Origin::Active),
                Origin::Rustup => rustup(progress),
                Origin::Debian => debian::unpacked().or_else(|_| debian::unpack(progress)),
            };
            let choice = origin.as_str();
            return found.map_err(|reason| ToolchainError::Forced { choice, reason });
        }
        let active = match active(Origin::Active) {
            Ok(found) => return Ok(found),
            Err(reason) => reason,
        };
        if let Ok(found) = debian::unpacked() {
            return Ok(found);
        }
        let rustup = match rustup(progress) {
            Ok(found) => return Ok(found),
            Err(reason) => reason,
        };
        debian::unpack(progress).map_err(|debian| ToolchainError::None {
            active,
            rustup,
            debian,
        })
    }

    /// One line for the user.
    pub fn describe(&self) -> String {
        let version = &self.version;
        match self.origin {
            Origin::Active => format!("the active toolchain, {version}"),
            Origin::Rustup => format!("the active toolchain, target added by rustup, {version}"),
            Origin::Debian => format!(
                "Debian's packages in {}, {version}; std is built from source",
                self.sysroot.display()
            ),
        }
    }

    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// The compiler's version as it prints it, such as `rustc 1.95.0 (59807616e 2026-04-14)`. The bytes of
    /// a component depend on it.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The folder of the compiler's libraries and of the sources of std.
    pub(super) fn sysroot(&self) -> &Path {
        &self.sysroot
    }

    /// Makes a `cargo build` use this toolchain.
    pub(super) fn apply(&self, cargo: &mut Command) {
        cargo.env("RUSTC", &self.rustc);
        if self.origin == Origin::Debian {
            // Building std is an unstable option of cargo; with this variable a stable cargo accepts it.
            cargo.env("RUSTC_BOOTSTRAP", "1");
            cargo.arg("-Zbuild-std=std,panic_abort");
        }
    }

    fn ask(origin: Origin, rustc: PathBuf) -> Result<Self, String> {
        let version = answer(Command::new(&rustc).arg("--version"))?;
        let sysroot = answer(Command::new(&rustc).args(["--print", "sysroot"]))?.into();
        Ok(Self {
            origin,
            rustc,
            version,
            sysroot,
        })
    }
}

fn parse_choice(word: OsString) -> Result<Origin, ToolchainError> {
    Origin::ALL
        .into_iter()
        .find(|origin| word == origin.as_str())
        .ok_or_else(|| ToolchainError::UnknownChoice(word.to_string_lossy().into_owned()))
}

/// The compiler that this process would run: what `RUSTC` says, as cargo does it.
fn active_rustc() -> PathBuf {
    std::env::var_os("RUSTC").map_or_else(|| "rustc".into(), PathBuf::from)
}

/// The active toolchain, if it has the target and the linker.
fn active(origin: Origin) -> Result<Toolchain, String> {
    let rustc = active_rustc();
    let print = ["--print", "target-libdir", "--target", TARGET];
    let libraries = answer(Command::new(&rustc).args(print))?;
    if !Path::new(&libraries).is_dir() {
        return Err(format!("it has no standard library for {TARGET}"));
    }
    linker_folder(&rustc)?;
    Toolchain::ask(origin, rustc)
}

/// The target, added by rustup to the active toolchain.
fn rustup(progress: &mut dyn FnMut(&str)) -> Result<Toolchain, String> {
    answer(Command::new("rustup").arg("--version"))?;
    progress(&format!("rustup target add {TARGET}"));
    run(
        Command::new("rustup").args(["target", "add", TARGET]),
        RUSTUP_LIMIT,
    )?;
    active(Origin::Rustup)
}

/// The folder in which the compiler looks for its linkers, if ours is in it. `None` if ours is on
/// the PATH instead.
fn linker_folder(rustc: &Path) -> Result<Option<PathBuf>, String> {
    let sysroot = answer(Command::new(rustc).args(["--print", "sysroot"]))?;
    let host = host_of(rustc)?;
    let folder = Path::new(&sysroot)
        .join("lib/rustlib")
        .join(host)
        .join("bin");
    if folder.join(LINKER).is_file() {
        return Ok(Some(folder));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    if std::env::split_paths(&path).any(|folder| folder.join(LINKER).is_file()) {
        return Ok(None);
    }
    Err(format!(
        "there is no {LINKER} in {}, nor on the PATH; `cargo install {LINKER}` builds one",
        folder.display()
    ))
}

/// The triple of the machine, as the compiler calls it.
fn host_of(rustc: &Path) -> Result<String, String> {
    let verbose = answer(Command::new(rustc).arg("-vV"))?;
    let host = verbose.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .ok_or_else(|| format!("{} does not name its host", rustc.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_one_of_three_words() {
        for origin in [Origin::Active, Origin::Rustup, Origin::Debian] {
            assert_eq!(parse_choice(origin.as_str().into()).unwrap(), origin);
        }
        let error = parse_choice("windows".into()).unwrap_err().to_string();
        assert!(error.contains("active, rustup or debian"), "{error}");
    }
}
