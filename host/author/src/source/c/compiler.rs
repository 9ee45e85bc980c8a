//! Finding a C compiler for WebAssembly.

use super::super::tool::{answer, find};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Folders with a compiler inside a strategy's folder: Zig's, from PyPI's `ziglang`.
const FOLDERS: [&str; 2] = [".venv/bin", "venv/bin"];

/// Clang's names of the target WebAssembly with a C library, now and formerly.
const TARGETS: [&str; 2] = ["wasm32-wasip1", "wasm32-wasi"];

/// The Wasm SDK of the WASI project, where its own variable says that it is.
const SDK: &str = "WASI_SDK_PATH";

/// A compiler, and how it is called.
pub(super) struct Compiler {
    program: PathBuf,
    arguments: Vec<String>,
    /// Its version, as it prints it.
    pub(super) version: String,
}

impl Compiler {
    /// The first that is there of: the SDK, clang, Zig. If there is none, says why and what installs
    /// one.
    pub(super) fn find(dir: &Path) -> Result<Self, String> {
        let sdk = match std::env::var_os(SDK) {
            Some(home) => clang(&Path::new(&home).join("bin/clang")),
            None => Err(format!("{SDK} is not set")),
        };
        let sdk = match sdk {
            Ok(found) => return Ok(found),
            Err(why) => why,
        };
        let clang = find(dir, &[], "clang").ok_or_else(|| "there is none".to_owned());
        let clang = match clang.and_then(|program| self::clang(&program)) {
            Ok(found) => return Ok(found),
            Err(why) => why,
        };
        zig(dir).ok_or_else(|| {
            format!(
                "there is no C compiler for WebAssembly.\n\
                 Tried: the WASI SDK: {sdk}\n\
                 Tried: clang: {clang}\n\
                 Tried: zig: there is none\n\
                 Install one: in that folder, `python3 -m venv .venv && .venv/bin/pip install ziglang`; \
                 or on Debian and Ubuntu, `sudo apt-get install clang lld wasi-libc \
                 libclang-rt-dev-wasm32`; or the WASI SDK, and set {SDK} to its folder"
            )
        })
    }

    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        command
    }
}

/// Clang, if it has what it takes: a C library, its own run-time library and the linker.
fn clang(program: &Path) -> Result<Compiler, String> {
    let version = answer(program, &["--version"])
        .ok_or_else(|| format!("{} does not run", program.display()))?;
    let mut lacks = "it has no C library for WebAssembly".to_owned();
    for target in TARGETS {
        let target = format!("--target={target}");
        let has = |question: &str| {
            let file = answer(program, &[&target, question]);
            file.is_some_and(|file| Path::new(&file).is_file())
        };
        if !has("-print-file-name=libc.a") {
            continue;
        }
        if !has("-print-libgcc-file-name") {
            lacks = "it has no run-time library (compiler-rt) for WebAssembly".to_owned();
        } else if !has("-print-prog-name=wasm-ld") {
            lacks = "it has no linker for WebAssembly, wasm-ld".to_owned();
        } else {
            // A stack overflow then traps, instead of overwriting data.
            let arguments = vec![target, "-Wl,--stack-first".to_owned()];
            return Ok(Compiler {
                program: program.to_owned(),
                arguments,
                version,
            });
        }
    }
    Err(format!("{version}: {lacks}"))
}

/// Zig, which brings everything along. It puts the stack first by itself, and knows no option for that.
fn zig(dir: &Path) -> Option<Compiler> {
    let program = ["zig", "python-zig"]
        .into_iter()
        .find_map(|name| find(dir, &FOLDERS, name))?;
    let version = answer(&program, &["version"])?;
    Some(Compiler {
        program,
        arguments: ["cc", "-target", "wasm32-wasi"].map(str::to_owned).to_vec(),
        version: format!("zig {version}"),
    })
}
