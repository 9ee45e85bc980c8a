//! Checks that a component fits the contract. Reports every mismatch, with the wanted and the provided
//! type side by side.

use super::convert::clean;
use super::host::wasi;
use wasmtime::Engine;
use wasmtime::component::Component;

/// The package of the contract.
pub const PACKAGE: &str = "contend:strategy";

/// Its version; `wit/` has the same (a test holds them together).
pub const CONTRACT_VERSION: &str = "0.2.0";

/// The interfaces that the host offers.
const OFFERED: &[&str] = &[
    "types",
    "db",
    "lock",
    "group",
    "timing",
    "replication",
    "settings",
];

/// The name that stands for all imports of the virtual WASI.
pub const WASI: &str = "wasi";

/// The worlds of the contract. A strategy exports one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum World {
    State,
    Allocation,
    Access,
}

impl World {
    const ALL: [Self; 3] = [Self::State, Self::Allocation, Self::Access];

    /// The interface that a strategy of this world exports.
    pub fn interface(self) -> &'static str {
        match self {
            Self::State => "state-change",
            Self::Allocation => "allocation",
            Self::Access => "access",
        }
    }

    /// Its name in full, with the version of the contract.
    pub fn full_name(self) -> String {
        full_name(match self {
            Self::State => "state-strategy",
            Self::Allocation => "allocation-strategy",
            Self::Access => "access-strategy",
        })
    }

    /// The world of a component that has these exports.
    pub(super) fn exported<T: AsRef<str>>(exports: &[T]) -> Option<Self> {
        let has = |name: String| exports.iter().any(|export| export.as_ref() == name);
        let mut worlds = Self::ALL.into_iter();
        worlds.find(|world| has(full_name(world.interface())))
    }
}

/// The world that the component is for; or, if it does not fit, what it wants beside what there is, a
/// line each.
pub fn fit(engine: &Engine, component: &Component) -> Result<World, String> {
    let component_type = component.component_type();
    let imports = component_type.imports(engine).map(|(name, _)| name);
    let exports = component_type.exports(engine).map(|(name, _)| name);
    compare(imports, exports).map_err(|lines| lines.join("\n"))
}

/// The names of the interfaces of ours that the component imports, sorted, and `wasi` if it imports any
/// of the virtual one.
pub fn imports(engine: &Engine, component: &Component) -> Vec<String> {
    let component_type = component.component_type();
    let names = component_type.imports(engine).map(|(name, _)| name);
    let of_either = |name| interface(name).or(wasi::interface(name).map(|_| WASI));
    let mut interfaces: Vec<String> = names.filter_map(of_either).map(str::to_owned).collect();
    interfaces.sort();
    interfaces.dedup();
    interfaces
}

/// `db` of `contend:strategy/db@0.2.0`: an interface that this runner has by its name alone, `wasi` for
/// one of the virtual WASI, and any other in full.
pub fn short_name(import: &str) -> &str {
    if wasi::interface(import).is_some() {
        return WASI;
    }
    let ours = interface(import).filter(|interface| import == full_name(interface));
    ours.unwrap_or(import)
}

fn compare<'a>(
    imports: impl Iterator<Item = &'a str>,
    exports: impl Iterator<Item = &'a str>,
) -> Result<World, Vec<String>> {
    let mut lines: Vec<String> = imports.filter_map(unfit_import).collect();
    let exports: Vec<&str> = exports.collect();
    let world = World::exported(&exports);
    if world.is_none() {
        let given = match exports.as_slice() {
            [] => "nothing".to_owned(),
            some => clean(&some.join(", ")),
        };
        let known = World::ALL.map(|world| full_name(world.interface()));
        lines.push(format!(
            "  it exports {given}; a strategy exports {}",
            known.join(" or ")
        ));
    }
    match world {
        Some(world) if lines.is_empty() => Ok(world),
        _ => Err(lines),
    }
}

fn unfit_import(name: &str) -> Option<String> {
    if wasi::interface(name).is_some() {
        return None;
    }
    match interface(name).filter(|interface| OFFERED.contains(interface)) {
        Some(interface) if name == full_name(interface) => None,
        Some(interface) => Some(format!(
            "  it wants {}; this runner has {}",
            clean(name),
            full_name(interface)
        )),
        None => Some(format!(
            "  it wants {}; this runner has nothing of that name, only {} and a virtual WASI 0.2",
            clean(name),
            OFFERED.join(", ")
        )),
    }
}

/// `db`, of `contend:strategy/db@0.2.0`.
fn interface(name: &str) -> Option<&str> {
    let rest = name.strip_prefix(PACKAGE)?.strip_prefix('/')?;
    rest.split('@').next()
}

fn full_name(interface: &str) -> String {
    format!("{PACKAGE}/{interface}@{CONTRACT_VERSION}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_that_of_the_wit_folder() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit");
        let expected = format!("package {PACKAGE}@{CONTRACT_VERSION};");
        let mut interfaces = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            assert_eq!(text.lines().next(), Some(expected.as_str()), "{path:?}");
            interfaces.extend(text.lines().filter_map(|line| {
                let name = line.strip_prefix("interface ")?;
                Some(name.trim_end_matches(" {").to_owned())
            }));
        }
        interfaces.sort();
        let mut known: Vec<_> = OFFERED.iter().map(|&name| name.to_owned()).collect();
        known.extend(World::ALL.map(|world| world.interface().to_owned()));
        known.sort();
        assert_eq!(interfaces, known);
    }

    #[test]
    fn mismatch_report_lists_only_the_imports_that_do_not_fit() {
        let fits = ["contend:strategy/state-change@0.2.0"];
        let imports = [
            "contend:strategy/db@0.2.0",
            "contend:strategy/lock@0.1.0",
            "wasi:cli/stdout@0.2.0",
            "wasi:cli/stdout@0.3.0",
        ];
        let lines = compare(imports.into_iter(), fits.into_iter()).unwrap_err();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].contains("lock@0.1.0") && lines[0].contains("lock@0.2.0"));
        assert!(lines[1].contains("wasi:cli/stdout@0.3.0"));
        let lines = compare(std::iter::empty(), std::iter::empty()).unwrap_err();
        assert!(lines[0].contains("exports nothing"));
    }
}
