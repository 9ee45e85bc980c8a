//! JavaScript: componentize-js of npm puts the module and an engine into one component.

use super::error::BuildError;
use super::job::{Build, Job};
use super::language::Language;
use super::tool::{answer, find};
use std::path::PathBuf;
use std::process::Command;

/// The folder in which npm installs the programs of dependencies.
const FOLDERS: [&str; 1] = ["node_modules/.bin"];

/// Features of the engine that need a network, by the tool's names for them. Its other imports of WASI
/// get the virtual one.
const DISABLED: [&str; 2] = ["http", "fetch-event"];

pub(super) fn build(job: &Job, progress: &mut dyn FnMut(&str)) -> Result<(), BuildError> {
    let build = Build::begin(job, Language::JavaScript)?;
    let (tool, version) = tool(job)?;
    let dir = job.dir.display();
    progress(&format!("building {dir} with componentize-js {version}"));
    let made = job.aside()?;
    let mut command = Command::new(tool);
    command
        .current_dir(&job.dir)
        .arg(build.manifest.main.as_deref().unwrap_or("strategy.js"))
        .args([
            "--wit",
            "wit",
            "--world-name",
            &build.manifest.world,
            "--out",
        ])
        .arg(&made)
        .arg("--disable")
        .args(DISABLED);
    let component = build.compile(&mut command, &made, progress)?;
    build.put(&component)
}

/// The program, and its version.
fn tool(job: &Job) -> Result<(PathBuf, String), BuildError> {
    let missing = |what: &str| BuildError::Missing {
        dir: job.dir.clone(),
        what: what.to_owned(),
    };
    let Some(tool) = find(&job.dir, &FOLDERS, "componentize-js") else {
        return Err(missing(
            "componentize-js is not installed. In that folder, `npm install --save-dev \
             @bytecodealliance/componentize-js` installs it; or `npm install`, if its package.json \
             names it. npm comes with Node.js",
        ));
    };
    match answer(&tool, &["--version"]) {
        Some(version) => Ok((tool, version)),
        None => Err(missing(&format!(
            "{} does not run; it needs Node.js 20 or newer on the PATH, and what `npm install` in that \
             folder installs",
            tool.display()
        ))),
    }
}
