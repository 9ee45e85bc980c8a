//! The tools of a language: where they are, and what they say.

use super::error::BuildError;
use super::job::Job;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A program by its name: in one of these folders of the source folder or of those above it, where a
/// language's own installer puts what a project needs; else on the PATH.
pub(super) fn find(dir: &Path, folders: &[&str], name: &str) -> Option<PathBuf> {
    let dir = std::path::absolute(dir).ok()?;
    let local = dir
        .ancestors()
        .flat_map(|above| folders.iter().map(move |folder| above.join(folder)));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = local.chain(std::env::split_paths(&path));
    all.map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// The output of a program; `None` if it can't be run or fails.
pub(super) fn answer(program: &Path, question: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(question)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let first = text.lines().next().unwrap_or_default().trim();
    output.status.success().then(|| first.to_owned())
}

/// Runs a compiler. Reports its output if it fails, and also if it warns.
pub(super) fn compile(
    command: &mut Command,
    job: &Job,
    progress: &mut dyn FnMut(&str),
) -> Result<(), BuildError> {
    let failed = |messages| BuildError::Compile {
        names: job.dir.display().to_string(),
        messages,
    };
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| failed(format!("{}: {error}", command.get_program().display())))?;
    let mut messages = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() {
        if !messages.trim().is_empty() {
            progress(messages.trim_end());
        }
        return Ok(());
    }
    messages.insert_str(0, &String::from_utf8_lossy(&output.stdout));
    Err(failed(messages.trim_end().to_owned()))
}
