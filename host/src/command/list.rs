//! `runner list`: the strategies that can be named.

use super::CommandError;
use super::components::kind;
use super::output::print;
use crate::model::component::Freshness;
use crate::plan::strategies::{self, Located};
use crate::report::listing::{self, Listed};
use crate::strategy::source;
use crate::strategy::wasm::{WasmFile, short_name};
use std::path::Path;
use std::process::ExitCode;

/// How to tell it.
pub struct ListOptions {
    pub json: bool,
}

/// Tells what is in `strategies/`. Builds nothing and compiles nothing, so that it is quick.
pub fn list(options: &ListOptions) -> Result<ExitCode, CommandError> {
    let home = strategies::home().ok_or(CommandError::NoStrategies)?;
    let mut all = Vec::new();
    for name in strategies::all(&home) {
        if let Located::Source { folder, component } = strategies::locate(&name, Some(&home))? {
            all.push(listed(name, &folder, &component));
        }
    }
    if options.json {
        print(&listing::json(&all))?;
    } else {
        print(listing::text(&all).as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn listed(name: String, folder: &Path, component: &Path) -> Listed {
    let file = WasmFile::read(component).ok();
    let contents = file.as_ref().map(WasmFile::contents).unwrap_or_default();
    let world = contents.world();
    let needs = |imports: Vec<String>| {
        // The types are no capability, and nearly all import them.
        let names = imports.iter().map(|import| short_name(import).to_owned());
        names.filter(|name| name != "types").collect()
    };
    Listed {
        name,
        kind: world.map(|world| kind(world).to_string()),
        needs: contents.imports.map(needs),
        component: match component.exists() {
            false => Freshness::Missing,
            true if source::is_stale(folder, component) => Freshness::Stale,
            true => Freshness::Fresh,
        },
        digest: file.map(|file| file.digest().to_owned()),
        description: strategies::description(folder).or(contents.about.description),
    }
}
