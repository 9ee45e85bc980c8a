//! A virtual WASI 0.2, for guests whose toolchain can't do without one. Its clocks and its randomness
//! are those of `timing`, what is printed goes where the run keeps it, and there is nothing else: no
//! arguments, no environment, no files, no network. So whatever a strategy is written in, a simulation
//! of it replays exactly, and what it can touch is what the contract says.
//!
//! Only what a component imports is linked. Nearly all of WASI is files and network: each function of
//! these is made when it is asked for, and says that access is denied.

mod clocks;
mod held;
mod linking;
mod poll;
mod printing;
mod process;
mod random;
mod refusal;
mod streams;

pub use self::held::Wasi;
pub use self::printing::Printing;
pub use self::refusal::Refusals;

use self::held::{Nothing, OutputStream, Pollable};
use self::linking::Interface;
use super::HostState;
use std::sync::Arc;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker, ResourceType};
use wasmtime::{Engine, Result};

/// The packages of WASI that are provided; others are refused like any unknown import.
const PACKAGES: &[&str] = &[
    "cli",
    "clocks",
    "filesystem",
    "http",
    "io",
    "random",
    "sockets",
];

/// `clocks/wall-clock`, of `wasi:clocks/wall-clock@0.2.9`; nothing of what is not in the virtual WASI.
pub fn interface(import: &str) -> Option<&str> {
    let (name, version) = import.strip_prefix("wasi:")?.split_once('@')?;
    let patch = version.strip_prefix("0.2.")?;
    let is_release = !patch.is_empty() && patch.bytes().all(|byte| byte.is_ascii_digit());
    let (package, _) = name.split_once('/')?;
    (is_release && PACKAGES.contains(&package)).then_some(name)
}

/// Gives the component what it imports of WASI.
pub fn link(
    engine: &Engine,
    component: &Component,
    linker: &mut Linker<HostState>,
    refusals: &Arc<Refusals>,
) -> Result<()> {
    for (import, item) in component.component_type().imports(engine) {
        let (Some(name), ComponentItem::ComponentInstance(wanted)) = (interface(import), item.ty)
        else {
            continue;
        };
        let mut given = linker.instance(import)?;
        for (export, item) in wanted.exports(engine) {
            let is_function = matches!(item.ty, ComponentItem::ComponentFunc(_));
            if matches!(item.ty, ComponentItem::Resource(_)) {
                resource(&mut given, export)?;
            } else if is_function && !function(&mut given, name, export)? {
                refusal::link(&mut given, name, export, refusals.clone())?;
            }
        }
    }
    Ok(())
}

/// A function that there really is. Says whether there is.
fn function(given: &mut Interface, interface: &str, name: &str) -> Result<bool> {
    Ok(clocks::link(given, interface, name)?
        || poll::link(given, interface, name)?
        || process::link(given, interface, name)?
        || random::link(given, interface, name)?
        || streams::link(given, interface, name)?)
}

/// Resources that are provided have types of their own; no value of any other ever exists.
fn resource(given: &mut Interface, name: &str) -> Result<()> {
    let kind = match name {
        "pollable" => ResourceType::host::<Pollable>(),
        "output-stream" => ResourceType::host::<OutputStream>(),
        _ => ResourceType::host::<Nothing>(),
    };
    given.resource(name, kind, |mut context, number| {
        context.data_mut().wasi.held.drop(number);
        Ok(())
    })
}
