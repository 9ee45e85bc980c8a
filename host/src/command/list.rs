//! `runner list`: the strategies that can be named.

use crate::author::source;
use crate::console::Form;
use crate::exit::{CommandError, Exit, Refusal};
use crate::model::component::Freshness;
use crate::plan::home::{Home, Located};
use crate::plan::strategies;
use crate::report::listing::{self, Listed};
use crate::wasm::{WasmFile, short_name};
use crate::workload::kinds;
use std::path::Path;

/// Lists the strategies in `strategies/`, or those that were installed with the program. Builds nothing and compiles
/// nothing, so that it is quick.
pub fn list(form: Form) -> Result<Exit, CommandError> {
    let home = Home::find().ok_or(Refusal::NoStrategies)?;
    let mut all = Vec::new();
    for name in home.strategies() {
        match strategies::locate(&name, Some(&home))? {
            Located::Source { folder, component } => {
                all.push(listed(name, Some(&folder), &component));
            }
            Located::Component(component) => all.push(listed(name, None, &component)),
        }
    }
    let (json, text) = (listing::json, listing::text);
    form.print(|| json(&all), || text(&all))?;
    Ok(Exit::Done)
}

/// One of them; without a source folder it is as it was installed.
fn listed(name: String, folder: Option<&Path>, component: &Path) -> Listed {
    let file = WasmFile::read(component).ok();
    let contents = file.as_ref().map(WasmFile::contents).unwrap_or_default();
    let world = contents.world();
    let needs = |imports: Vec<String>| {
        // The types are no capability, and nearly all import them.
        let names = imports.iter().map(|import| short_name(import).to_owned());
        let mut names: Vec<_> = names.filter(|name| name != "types").collect();
        names.dedup();
        names
    };
    Listed {
        name,
        kind: world.and_then(kinds::of_world).map(|kind| kind.to_string()),
        needs: contents.imports.map(needs),
        component: match component.exists() {
            false => Freshness::Missing,
            true if folder.is_some_and(|it| source::is_stale(it, component)) => Freshness::Stale,
            true => Freshness::Fresh,
        },
        digest: file.map(|file| file.digest().to_owned()),
        description: folder
            .and_then(strategies::description)
            .or(contents.about.description),
    }
}
