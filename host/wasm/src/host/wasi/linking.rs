//! Types of wasmtime that every function of WASI is linked with.

use crate::host::HostState;
use wasmtime::StoreContextMut;
use wasmtime::component::LinkerInstance;

pub type Interface<'a> = LinkerInstance<'a, HostState>;
pub type Context<'a> = StoreContextMut<'a, HostState>;
