//! `runner push`: a strategy into a registry.

use crate::author::registry;
use crate::author::registry::reference::Reference;
use crate::console::{Screen, print};
use crate::exit::{CommandError, Exit, Refusal};
use crate::plan::options::default_limits;
use crate::plan::strategies::find_one;
use crate::wasm::{Engine, WasmFile};

/// Sends a component that this runner can run, named as a file, a strategy or its source folder; anything else is
/// refused before a byte is sent. Prints the reference with the digest, which stays what it is when the tag moves.
pub fn push(strategy: &str, reference: &str) -> Result<Exit, CommandError> {
    let reference: Reference = reference.parse()?;
    if reference.digest().is_some() {
        return Err(Refusal::PushToDigest(reference.to_string()).into());
    }
    let file = WasmFile::read(&find_one(strategy, &Screen::new(false))?)?;
    Engine::new(default_limits(), 1)?.load_file(&file)?;
    let manifest = registry::push(&reference, &file)?;
    print(format!("{}\n", reference.at(&manifest)).as_bytes())?;
    Ok(Exit::Done)
}
