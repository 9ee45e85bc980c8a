//! `runner inspect`: what a strategy is, and whether this runner can run it.

use crate::author::registry::reference::Reference;
use crate::console::{Form, Screen, print};
use crate::exit::{CommandError, Exit};
use crate::plan::options::default_limits;
use crate::plan::strategies::find_one;
use crate::plan::variant::Variant;
use crate::report::inspection::{self, Inspection};
use crate::wasm::{Engine, WasmFile, World, wasi_interface};
use crate::workload::kinds;

/// Describes a component, named as a file, a strategy, its source folder or a reference to a registry; with `wit`
/// prints its interface alone. The exit code is 0 if a run with the usual limits could load it; with `wit`, if its
/// interface could be read.
pub fn inspect(given: &str, wit: bool, form: Form) -> Result<Exit, CommandError> {
    // Settings are given to a run: they change nothing of what a component is.
    let strategy = Variant::parse(given)?.strategy;
    let reference = Reference::meant(&strategy)?;
    let file = WasmFile::read(&find_one(&strategy, &Screen::new(false))?)?;
    if wit {
        print(file.wit()?.as_bytes())?;
        return Ok(Exit::Done);
    }
    let mut inspection = inspection(&file)?;
    inspection.reference = reference.map(|reference| reference.to_string());
    let (json, text) = (inspection::json, inspection::text);
    form.print(|| json(&inspection), || text(&inspection))?;
    Ok(match inspection.runs {
        true => Exit::Done,
        false => Exit::CouldNotRun,
    })
}

/// Inspects a file.
fn inspection(file: &WasmFile) -> Result<Inspection, CommandError> {
    let loaded = Engine::new(default_limits(), 1)?.load_file(file);
    let contents = file.contents();
    let world = contents.world();
    Ok(Inspection {
        reference: None,
        file: file.path().to_owned(),
        format: if file.is_component() {
            "component"
        } else {
            "core module"
        },
        digest: file.digest().to_owned(),
        bytes: file.bytes().len() as u64,
        about: contents.about,
        world: world.map(World::full_name),
        kind: world.and_then(kinds::of_world).map(|kind| kind.to_string()),
        wasi: wasi(contents.imports.as_deref()),
        imports: contents.imports,
        exports: contents.exports,
        runs: loaded.is_ok(),
        why_not: loaded.err().map(|error| error.to_string()),
    })
}

/// Describes the WASI that a component gets which imports it, if nothing of it is missing.
fn wasi(imports: Option<&[String]>) -> Option<&'static str> {
    let mut wanted = imports?.iter().filter(|name| name.starts_with("wasi:"));
    let is_virtual = |name: &String| wasi_interface(name).is_some();
    let there_is = wanted.clone().next().is_some() && wanted.all(is_virtual);
    there_is.then_some("virtual: the run's clock and randomness, no files, no network")
}
