//! Python: componentize-py of PyPI puts the module, what it imports and an interpreter into one
//! component.

use super::aside::Aside;
use super::error::BuildError;
use super::job::{Built, Job, put};
use super::language::Language;
use super::tool::{answer, compile, find};
use super::{freshness, manifest};
use std::process::Command;
use std::time::SystemTime;

/// Folders with the programs of a virtual environment.
const FOLDERS: [&str; 2] = [".venv/bin", "venv/bin"];

/// The module that is the strategy.
const MODULE: &str = "strategy";

pub(super) fn build(job: &Job, progress: &mut dyn FnMut(&str)) -> Result<(), BuildError> {
    let start = SystemTime::now();
    let manifest = manifest::read(&job.dir, Language::Python)?;
    let sources = freshness::list(&job.dir, Language::Python, &job.out);
    let tool = find(&job.dir, &FOLDERS, "componentize-py");
    let found = tool.and_then(|tool| Some((answer(&tool, &["--version"])?, tool)));
    let (version, tool) = found.ok_or_else(|| BuildError::Missing {
        dir: job.dir.clone(),
        what: "componentize-py is not installed. In that folder, `python3 -m venv .venv && \
               .venv/bin/pip install componentize-py` installs it"
            .to_owned(),
    })?;
    progress(&format!("building {} with {version}", job.dir.display()));
    let made = Aside::new(job)?;
    let mut command = Command::new(tool);
    command
        .current_dir(&job.dir)
        .args(["--quiet", "--wit-path", "wit", "--world", &manifest.world])
        .args(["componentize", MODULE, "--output"])
        .arg(made.path());
    compile(&mut command, job, progress)?;
    let built = Built {
        component: made.read()?,
        sources,
        start,
    };
    put(job, &built, &manifest.about)
}
