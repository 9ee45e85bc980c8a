//! Python: componentize-py of PyPI puts the module, what it imports and an interpreter into one
//! component.

use super::error::BuildError;
use super::job::{Build, Job};
use super::language::Language;
use super::tool::{answer, find};
use std::process::Command;

/// Folders with the programs of a virtual environment.
const FOLDERS: [&str; 2] = [".venv/bin", "venv/bin"];

/// The module that is the strategy.
const MODULE: &str = "strategy";

pub(super) fn build(job: &Job, progress: &mut dyn FnMut(&str)) -> Result<(), BuildError> {
    let build = Build::begin(job, Language::Python)?;
    let tool = find(&job.dir, &FOLDERS, "componentize-py");
    let found = tool.and_then(|tool| Some((answer(&tool, &["--version"])?, tool)));
    let (version, tool) = found.ok_or_else(|| BuildError::Missing {
        dir: job.dir.clone(),
        what: "componentize-py is not installed. In that folder, `python3 -m venv .venv && \
               .venv/bin/pip install componentize-py` installs it"
            .to_owned(),
    })?;
    progress(&format!("building {} with {version}", job.dir.display()));
    let made = job.aside()?;
    let mut command = Command::new(tool);
    command
        .current_dir(&job.dir)
        .args([
            "--quiet",
            "--wit-path",
            "wit",
            "--world",
            &build.manifest.world,
        ])
        .args(["componentize", MODULE, "--output"])
        .arg(&made);
    let component = build.compile(&mut command, &made, progress)?;
    build.put(&component)
}
