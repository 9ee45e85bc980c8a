//! Strategies as WebAssembly components. Wasmtime is named here and below, and nowhere else; the
//! types that it generates from the contract never leave.

mod asked;
mod bindings;
mod compiled;
mod computing;
mod config;
mod contents;
mod contract;
mod convert;
mod error;
mod exports;
mod file;
mod host;
mod instance;
mod limits;
mod memory;
pub mod metadata;
#[expect(
    unsafe_code,
    reason = "it maps the memories and stacks of all instances"
)]
mod slots;
mod wit;

use contend_capability as capability;
use contend_model as model;

use self::asked::Asked;
use self::computing::{Metering, Ticker};
use self::exports::Linked;
use self::host::HostState;
use self::host::wasi::{self, Refusals};
use self::instance::WasmInstance;
use crate::capability::strategy::{Capabilities, Death, Instance, Strategy};
use async_trait::async_trait;
use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use wasmtime::Config;
use wasmtime::component::{Component, HasSelf, Linker};

pub use self::contents::Contents;
pub use self::contract::{CONTRACT_VERSION, PACKAGE, World, short_name};
pub use self::convert::{clean, clean_lines};
pub use self::error::LoadError;
pub use self::file::{WasmFile, world_of};
pub use self::host::wasi::interface as wasi_interface;
pub use self::limits::Limits;

/// Compiles components, each digest once, and instantiates them within limits.
pub struct Engine {
    engine: wasmtime::Engine,
    limits: Limits,
    compiled: Mutex<HashMap<String, Component>>,
    metering: Metering,
}

impl Engine {
    /// An engine for at most `instances` instances at once.
    pub fn new(limits: Limits, instances: u32) -> Result<Self, LoadError> {
        let config = Ok(config::of_real_runs(limits, instances));
        Self::set_up(config, limits, instances, |engine| Metering::Clock {
            _ticker: Arc::new(Ticker::start(engine)),
        })
    }

    /// An engine whose instances do the same each time, bit by bit: what bounds them is counted and
    /// not measured.
    pub fn for_simulations(limits: Limits, instances: u32) -> Result<Self, LoadError> {
        let config = config::of_simulations(limits, instances);
        Self::set_up(config, limits, instances, |_| Metering::Fuel)
    }

    fn set_up(
        config: io::Result<Config>,
        limits: Limits,
        instances: u32,
        metering: impl FnOnce(&wasmtime::Engine) -> Metering,
    ) -> Result<Self, LoadError> {
        let engine = config
            .map_err(wasmtime::Error::from)
            .and_then(|config| wasmtime::Engine::new(&config))
            .map_err(|error| LoadError::Engine {
                instances,
                why: format!("{error:#}"),
            })?;
        Ok(Self {
            metering: metering(&engine),
            engine,
            limits,
            compiled: Mutex::default(),
        })
    }

    /// Loads a component: checks that it fits the contract, and makes it ready to instantiate.
    pub fn load(&self, path: &Path) -> Result<WasmStrategy, LoadError> {
        self.load_file(&WasmFile::read(path)?)
    }

    /// The same with a file that has been read.
    pub fn load_file(&self, file: &WasmFile) -> Result<WasmStrategy, LoadError> {
        let path = file.path().to_owned();
        if !file.is_component() {
            return Err(LoadError::CoreModule { path });
        }
        let component = self.compile(file)?;
        let world = match contract::fit(&self.engine, &component) {
            Ok(world) => world,
            Err(difference) => return Err(LoadError::OtherContract { path, difference }),
        };
        let mut linker = Linker::<HostState>::new(&self.engine);
        let asked = Arc::new(Asked::default());
        let refusals = Arc::new(Refusals::default());
        let linked = bindings::StateStrategy::add_to_linker::<_, HasSelf<_>>(&mut linker, |s| s)
            .and_then(|()| wasi::link(&self.engine, &component, &mut linker, &refusals))
            .and_then(|()| linker.instantiate_pre(&component))
            .and_then(|pre| Linked::new(world, pre));
        match linked {
            Ok(linked) => Ok(WasmStrategy {
                linked,
                asked,
                refusals,
                digest: file.digest().to_owned(),
                imports: contract::imports(&self.engine, &component),
                limits: self.limits,
                metering: self.metering.clone(),
            }),
            Err(error) => Err(LoadError::OtherContract {
                path,
                difference: format!("  {}", clean(&format!("{error:#}"))),
            }),
        }
    }

    fn compile(&self, file: &WasmFile) -> Result<Component, LoadError> {
        let mut compiled = self.compiled.lock().expect("no panic while held");
        if let Some(component) = compiled.get(file.digest()) {
            return Ok(component.clone());
        }
        let path = || file.path().to_owned();
        let contents = file.contents();
        if contents.defines_resources {
            return Err(LoadError::OwnResources { path: path() });
        }
        let (least, limit) = (contents.least_memory, self.limits.memory_bytes);
        if least > limit {
            return Err(LoadError::TooLittleMemory {
                path: path(),
                mib: least.div_ceil(1 << 20),
                limit_mib: limit >> 20,
            });
        }
        let component =
            Component::new(&self.engine, file.bytes()).map_err(|error| LoadError::Invalid {
                path: path(),
                why: clean(&format!("{error:#}")),
            })?;
        compiled.insert(file.digest().to_owned(), component.clone());
        Ok(component)
    }
}

/// A component that fits, compiled and linked.
pub struct WasmStrategy {
    linked: Linked,
    asked: Arc<Asked>,
    refusals: Arc<Refusals>,
    digest: String,
    imports: Vec<String>,
    limits: Limits,
    metering: Metering,
}

impl WasmStrategy {
    /// `sha256:` and the digest of the component's bytes.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Its world.
    pub fn world(&self) -> World {
        self.linked.world()
    }

    /// The interfaces of the contract that it imports, sorted, and `wasi` if it needs the virtual one:
    /// all that it can touch.
    pub fn imports(&self) -> &[String] {
        &self.imports
    }
}

#[async_trait]
impl Strategy for WasmStrategy {
    async fn instantiate(&self, capabilities: Capabilities) -> Result<Box<dyn Instance>, Death> {
        let state = HostState::new(self.limits, capabilities, self.asked.clone());
        let made = WasmInstance::make(&self.linked, self.limits, &self.metering, state).await;
        Ok(Box::new(made?))
    }

    fn take_asked(&self) -> BTreeSet<String> {
        self.asked.take()
    }

    fn take_refusals(&self) -> Vec<String> {
        self.refusals.take()
    }
}

#[cfg(test)]
mod fixtures;

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn handles_that_the_host_could_not_limit_are_not_made() {
        let limits = Limits {
            memory_bytes: 1 << 20,
            computing: Duration::from_secs(1),
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.wasm");
        for text in [
            "(component (type (resource (rep i32))))",
            "(component (component (type (resource (rep i32)))))",
        ] {
            std::fs::write(&path, wat::parse_str(text).unwrap()).unwrap();
            let loaded = Engine::new(limits, 1).unwrap().load(&path);
            assert!(
                matches!(loaded, Err(LoadError::OwnResources { .. })),
                "{text}"
            );
        }
    }

    #[test]
    fn a_component_that_begins_with_too_much_is_refused_with_the_flag_that_helps() {
        let limits = Limits {
            memory_bytes: 1 << 20,
            computing: Duration::from_secs(1),
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.wasm");
        let text = "(component (core module (memory 160)))";
        std::fs::write(&path, wat::parse_str(text).unwrap()).unwrap();
        let loaded = Engine::new(limits, 1).unwrap().load(&path);
        let message = loaded.err().unwrap().to_string();
        assert!(
            message.contains("10 MiB") && message.contains("--memory-mib"),
            "{message}"
        );
    }

    #[test]
    fn the_same_bytes_are_compiled_once() {
        let limits = Limits {
            memory_bytes: 1 << 20,
            computing: Duration::from_secs(1),
        };
        let engine = Engine::new(limits, 1).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let compile = |text: &str| {
            let path = folder.path().join("x.wasm");
            std::fs::write(&path, wat::parse_str(text).unwrap()).unwrap();
            engine.compile(&WasmFile::read(&path).unwrap()).unwrap()
        };
        let (one, other) = ("(component)", "(component (core module))");
        let code = |text| compile(text).image_range();
        assert_eq!(code(one), code(one));
        assert_ne!(code(one), code(other));
    }
}
