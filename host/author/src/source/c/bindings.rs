//! The contract as C.

use crate::source::error::BuildError;
use crate::write_whole;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use wit_bindgen_core::Files;
use wit_bindgen_core::wit_parser::Resolve;

/// The generated files.
pub(super) struct Bindings {
    /// The folder of the header, as an absolute path.
    pub(super) folder: PathBuf,
    /// The files to compile and link with the strategy.
    pub(super) files: Vec<PathBuf>,
}

/// Makes them of the `wit` folder in `dir`, in `target/bindings`, where an editor finds them too.
pub(super) fn write(dir: &Path, world: &str) -> Result<Bindings, BuildError> {
    let wit = dir.join("wit");
    let made = make(&wit, world).map_err(|why| BuildError::Contract {
        path: wit.clone(),
        why,
    })?;
    let place = || -> io::Result<Bindings> {
        let folder = std::path::absolute(dir.join("target/bindings"))?;
        std::fs::create_dir_all(&folder)?;
        let mut files = Vec::new();
        for (name, bytes) in made.iter() {
            let file = folder.join(name);
            write_whole(bytes, &file, SystemTime::now())?;
            if !name.ends_with(".h") {
                files.push(file);
            }
        }
        Ok(Bindings { folder, files })
    };
    place().map_err(BuildError::at(dir.join("target/bindings")))
}

fn make(wit: &Path, world: &str) -> Result<Files, String> {
    let mut resolve = Resolve::default();
    let mut files = Files::default();
    let made = resolve.push_path(wit).and_then(|(package, _)| {
        let world = resolve.select_world(&[package], Some(world))?;
        let mut generator = wit_bindgen_c::Opts::default().build();
        generator.generate(&mut resolve, world, &mut files)
    });
    made.map_err(|error| format!("{error:#}"))?;
    Ok(files)
}
