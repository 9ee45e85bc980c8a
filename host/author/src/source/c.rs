//! C: bindings made of the contract, any clang that compiles to WebAssembly, and the packing of its
//! module into a component. The first and the last are done here, so that an author needs a compiler
//! and nothing else.

mod bindings;
mod compiler;

use super::error::BuildError;
use super::freshness;
use super::job::{Build, Job};
use super::language::Language;
use compiler::Compiler;
use std::path::PathBuf;
use wasi_preview1_component_adapter_provider as wasi;
use wit_component::ComponentEncoder;

/// Small, as a guest in Rust; no paths of this machine. A stack of one page with what data there is,
/// for the same reason as there.
const FLAGS: [&str; 7] = [
    "-std=c11",
    "-Os",
    "-Wall",
    "-Wextra",
    "-mexec-model=reactor",
    "-s",
    "-Wl,-z,stack-size=57344",
];

pub(super) fn build(job: &Job, progress: &mut dyn FnMut(&str)) -> Result<(), BuildError> {
    let build = Build::begin(job, Language::C)?;
    let compiler = Compiler::find(&job.dir).map_err(|what| BuildError::Missing {
        dir: job.dir.clone(),
        what,
    })?;
    let dir = job.dir.display();
    progress(&format!("building {dir} with {}", compiler.version));
    let bindings = bindings::write(&job.dir, &build.manifest.world)?;
    let made = job.aside()?;
    let mut command = compiler.command();
    command.current_dir(&job.dir).args(FLAGS);
    command.arg("-I").arg(&bindings.folder);
    command.args(c_files(job)?).args(&bindings.files);
    command.arg("-o").arg(&made);
    let module = build.compile(&mut command, &made, progress)?;
    let component = component(&module).map_err(|why| BuildError::Compile {
        names: dir.to_string(),
        messages: why,
    })?;
    build.put(&component)
}

/// The sources to compile, as they are seen from their folder.
fn c_files(job: &Job) -> Result<Vec<PathBuf>, BuildError> {
    let all = freshness::in_folder(&job.dir, Language::C);
    let of_c = |file: &PathBuf| file.extension().is_some_and(|ending| ending == "c");
    let files: Vec<_> = all
        .into_iter()
        .filter(of_c)
        .map(|file| match file.strip_prefix(&job.dir) {
            Ok(inside) => inside.to_owned(),
            Err(_) => file,
        })
        .collect();
    match files.is_empty() {
        true => Err(BuildError::Manifest {
            path: job.dir.clone(),
            why: "there is no .c file in it".to_owned(),
        }),
        false => Ok(files),
    }
}

/// The module, whose types the bindings have put into it, as a component.
fn component(module: &[u8]) -> Result<Vec<u8>, String> {
    let encoder = || ComponentEncoder::default().validate(true).module(module);
    let encoded = encoder().and_then(|mut alone| alone.encode());
    // A C library that prints imports an older WASI than components have. The adapter between the two
    // is larger than a strategy, so it is added only where needed.
    let encoded = encoded.or_else(|_| {
        let name = wasi::WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME;
        let adapter = wasi::WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER;
        encoder()?.adapter(name, adapter)?.encode()
    });
    encoded.map_err(|error| format!("{error:#}"))
}
