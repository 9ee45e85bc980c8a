//! `runner new`: a folder with a strategy that builds and runs at once.

use crate::author::source::Language;
use crate::author::template::{Template, name};
use crate::console::print;
use crate::exit::{CommandError, Exit, NewError};
use crate::plan::home::Home;
use crate::wasm::World;
use crate::workload::kinds;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The strategy to write.
pub struct NewOptions {
    /// Of the strategy, and of the folder, which is made in the current one.
    pub name: String,
    pub lang: String,
    /// The kind of workload that it is for.
    pub workload: String,
}

/// Writes the folder, and says what to do next.
pub fn new(options: &NewOptions) -> Result<Exit, CommandError> {
    let template = template(options)?;
    let name = check_name(&options.name)?;
    write(Path::new(name), &template.files(name, &options.workload))?;
    let (source, contention) = (template.source, template.contention);
    // For each folder it is done once, by the author.
    let install = match template.install {
        Some(install) => format!("(cd {name} && {install})\n  "),
        None => String::new(),
    };
    let next = format!(
        "{name}/{source} is a whole strategy; CHANGE THIS marks what to change\n\n  {install}\
         runner build {name}\n  \
         runner --strategy {name} {contention}\n  \
         runner check {name} --time 10s\n"
    );
    print(next.as_bytes())?;
    Ok(Exit::Done)
}

fn template(options: &NewOptions) -> Result<Template, NewError> {
    let words = |languages: Vec<Language>| {
        languages
            .iter()
            .map(|it| it.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let mut languages = Language::ALL.into_iter();
    let language = languages
        .find(|language| language.as_str() == options.lang)
        .ok_or_else(|| NewError::Language {
            given: options.lang.clone(),
            known: words(Language::ALL.to_vec()),
        })?;
    let world = world(options)?;
    Template::new(world, language).ok_or_else(|| {
        let known = Language::ALL.into_iter();
        let known = known.filter(|it| Template::new(world, *it).is_some());
        NewError::NoTemplate {
            language: language.as_str(),
            kind: options.workload.clone(),
            known: words(known.collect()),
        }
    })
}

fn world(options: &NewOptions) -> Result<World, NewError> {
    let asked = kinds::named(&options.workload).and_then(|kind| kind.world());
    asked.ok_or_else(|| {
        let known = kinds::all().iter().filter(|kind| kind.world().is_some());
        NewError::Kind {
            given: options.workload.clone(),
            kinds: known
                .map(|kind| kind.name())
                .collect::<Vec<_>>()
                .join(" or "),
        }
    })
}

/// A name that the runner would take for another strategy would never run what is in the folder.
fn check_name(given: &str) -> Result<&str, NewError> {
    let why = |why| NewError::Name {
        name: given.to_owned(),
        why,
    };
    name::check(given).map_err(why)?;
    match Home::find().and_then(|home| home.locate(given)) {
        Some(_) => Err(NewError::NameTaken(given.to_owned())),
        None => Ok(given),
    }
}

/// Puts the folder together aside, and gives it its name when it is whole.
fn write(folder: &Path, files: &[(&str, String)]) -> Result<(), NewError> {
    if folder.symlink_metadata().is_ok() {
        return Err(NewError::Exists(folder.to_owned()));
    }
    let failed = |error| NewError::Write {
        path: folder.to_owned(),
        error,
    };
    let aside = PathBuf::from(format!(".{}.{}", folder.display(), std::process::id()));
    fs::create_dir(&aside).map_err(failed)?;
    let written = fill(&aside, files).and_then(|()| fs::rename(&aside, folder));
    written.map_err(|error| {
        let _ = fs::remove_dir_all(&aside);
        failed(error)
    })
}

fn fill(folder: &Path, files: &[(&str, String)]) -> io::Result<()> {
    for (path, text) in files {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, text)?;
    }
    Ok(())
}
