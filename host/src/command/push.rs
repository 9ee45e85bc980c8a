//! `runner push`: a strategy into a registry.

use crate::author::registry;
use crate::author::registry::reference::Reference;
use crate::console::{Screen, print};
use crate::exit::{CommandError, Exit};
use crate::plan::options::default_limits;
use crate::plan::strategies::find_one;
use crate::wasm::{Engine, WasmFile};

/// The component to push, and its reference.
pub struct PushOptions {
    /// A component file, the name of a strategy, or its source folder.
    pub strategy: String,
    pub reference: String,
}

/// Sends a component that this runner can run; anything else is refused before a byte is sent. Prints
/// the reference with the digest, which stays what it is when the tag moves.
pub fn push(options: &PushOptions) -> Result<Exit, CommandError> {
    let reference: Reference = options.reference.parse()?;
    if reference.digest().is_some() {
        return Err(CommandError::PushToDigest(reference.to_string()));
    }
    let file = WasmFile::read(&find_one(&options.strategy, &Screen::new(false))?)?;
    Engine::new(default_limits(), 1)?.load_file(&file)?;
    let manifest = registry::push(&reference, &file)?;
    print(format!("{}\n", reference.at(&manifest)).as_bytes())?;
    Ok(Exit::Done)
}
