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

/// Writes the folder of a strategy of that name for a kind of workload into the current one, and says what to do next.
pub fn new(name: &str, language: &str, kind: &str) -> Result<Exit, CommandError> {
    let template = template(language, kind)?;
    let name = check_name(name)?;
    write(Path::new(name), &template.files(name, kind))?;
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

fn template(given: &str, kind: &str) -> Result<Template, NewError> {
    let words = |is_one: &dyn Fn(&Language) -> bool| {
        let languages = Language::ALL.into_iter().filter(is_one);
        languages
            .map(Language::as_str)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let language: Language = given.parse().map_err(|_| NewError::Language {
        given: given.to_owned(),
        known: words(&|_| true),
    })?;
    let world = world(kind)?;
    Template::new(world, language).ok_or_else(|| {
        let known = words(&|it| Template::new(world, *it).is_some());
        NewError::NoTemplate {
            language: language.as_str(),
            kind: kind.to_owned(),
            known: match &*known {
                "" => known,
                known => format!(", only in {known}"),
            },
            interface: world.interface(),
        }
    })
}

fn world(given: &str) -> Result<World, NewError> {
    let asked = kinds::named(given).and_then(|kind| kind.world());
    asked.ok_or_else(|| {
        let known = kinds::all().iter().filter(|kind| kind.world().is_some());
        NewError::Kind {
            given: given.to_owned(),
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
