//! Writes the reference pages of the contract from the WIT:
//!
//! ```sh
//! cargo run --example reference -- wit wit/reference
//! ```

mod pages;
mod signature;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match &arguments[..] {
        [wit, folder] => write(Path::new(wit), Path::new(folder)),
        _ => Err("usage: reference WIT-FOLDER PAGES-FOLDER".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::from(2)
        }
    }
}

fn write(wit: &Path, folder: &Path) -> Result<(), String> {
    std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for (name, page) in pages::of(wit)? {
        let path = folder.join(name);
        std::fs::write(&path, page).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}
