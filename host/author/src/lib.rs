//! Tools for authors of strategies: templates for each language,
//! builds with the language's own tools, Wasm toolchains on this machine, OCI registries.

#![forbid(unsafe_code)]

pub mod registry;
pub mod source;
pub mod template;
pub mod toolchain;

use contend_model as model;
use contend_wasm as wasm;
