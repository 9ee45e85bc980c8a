//! `runner man`: the manual pages.

use crate::console::{OutputError, print};
use crate::exit::{CommandError, Exit};
use std::fs;
use std::path::Path;

/// Writes the pages, each with its file name, into a folder, over those of an earlier version; or prints the first,
/// that of the program.
pub fn man(pages: &[(String, String)], out: Option<&Path>) -> Result<Exit, CommandError> {
    let Some(folder) = out else {
        let (_, page) = &pages[0];
        print(page.as_bytes())?;
        return Ok(Exit::Done);
    };
    fs::create_dir_all(folder).map_err(|error| OutputError::at(folder, error))?;
    for (name, text) in pages {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|error| OutputError::at(&path, error))?;
    }
    Ok(Exit::Done)
}
