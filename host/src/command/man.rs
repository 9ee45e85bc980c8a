//! `runner man`: the manual pages.

use crate::console::{OutputError, print};
use crate::exit::{CommandError, Exit};
use std::fs;
use std::path::PathBuf;

/// Which pages, and where to.
pub struct ManOptions {
    /// File name and text of each; that of the program first.
    pub pages: Vec<(String, String)>,
    /// A folder for all of them; without one the first is printed.
    pub out: Option<PathBuf>,
}

/// Writes the pages into a folder, over those of an earlier version, or prints that of the program.
pub fn man(options: &ManOptions) -> Result<Exit, CommandError> {
    let Some(folder) = &options.out else {
        let (_, page) = &options.pages[0];
        print(page.as_bytes())?;
        return Ok(Exit::Done);
    };
    fs::create_dir_all(folder).map_err(|error| OutputError::at(folder, error))?;
    for (name, text) in &options.pages {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|error| OutputError::at(&path, error))?;
    }
    Ok(Exit::Done)
}
