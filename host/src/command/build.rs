//! `runner build`: from source folders to components.

use crate::author::source::{self, Job, Language};
use crate::console::{Screen, note, print};
use crate::exit::{CommandError, Exit, Refusal};
use crate::plan::home::{Home, Located};
use crate::plan::strategies::{self, without_settings};
use crate::wasm::{WasmFile, clean_lines};
use std::path::{Path, PathBuf};

/// Builds what was named and is older than its sources, and says where it is: nothing else on standard output, so that
/// other commands can be given it. Its size and its digest are for the person who waits.
///
/// Builds the source folders or names of strategies, or `all` in `strategies/`. `out` is the destination of the
/// component, if not its usual place, for one folder only; `force` builds also what is as new as its sources.
pub fn build(
    folders: Vec<String>,
    all: bool,
    out: Option<&Path>,
    force: bool,
) -> Result<Exit, CommandError> {
    let jobs = jobs(folders, all, out)?;
    let is_due = |job: &&Job| force || is_due(job);
    let stale: Vec<_> = jobs.iter().filter(is_due).cloned().collect();
    strategies::build(&stale, &Screen::new(false))?;
    for job in &jobs {
        if !stale.contains(job) {
            let dir = clean_lines(&job.dir.display().to_string());
            note(&format!(
                "{dir} was not built: its component is as new as its sources (see --force)"
            ));
        }
        let file = WasmFile::read(&job.out)?;
        note(&format!("{} bytes, {}", file.bytes().len(), file.digest()));
        print(format!("{}\n", job.out.display()).as_bytes())?;
    }
    Ok(Exit::Done)
}

/// Cargo finds out itself what there is to do, and makes the same bytes of the same sources. The tools
/// of other languages begin anew each time, and that of JavaScript makes other bytes.
fn is_due(job: &Job) -> bool {
    Language::from_folder(&job.dir).is_none_or(|it| it == Language::Rust)
        || source::is_stale(&job.dir, &job.out)
}

fn jobs(mut names: Vec<String>, all: bool, out: Option<&Path>) -> Result<Vec<Job>, CommandError> {
    let home = Home::find();
    match (&home, all) {
        (Some(home), true) => names.extend(home.strategies()),
        (None, true) => _ = strategies::locate("all", None)?,
        (_, false) => {}
    }
    if out.is_some() && names.len() != 1 {
        return Err(Refusal::OneOut.into());
    }
    let mut jobs = Vec::new();
    for name in names {
        without_settings(&name)?;
        let (dir, usual) = match strategies::locate(&name, home.as_ref()) {
            Ok(Located::Source { folder, component }) => (folder, component),
            // What is no source folder: the build itself has the better words for it.
            Ok(Located::Component(path)) => (path.clone(), path),
            Err(_) if Path::new(&name).exists() => (PathBuf::from(&name), PathBuf::new()),
            Err(error) => return Err(error.into()),
        };
        let out = out.map_or(usual, Path::to_owned);
        jobs.push(Job { dir, out });
    }
    Ok(jobs)
}
