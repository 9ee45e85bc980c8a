//! Strategies: from source to component.

pub mod source;
pub mod toolchain;
