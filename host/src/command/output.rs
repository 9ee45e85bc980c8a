//! Destinations of results: the terminal, a file, another program.

use super::error::CommandError;
use crate::report::{self, RunReport};
use crate::wasm::clean_lines;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The output that the user wants.
#[derive(Debug, Clone, Default)]
pub struct Output {
    /// The table of results as CSV goes here; `-` is standard output.
    pub csv: Option<PathBuf>,
    pub json: bool,
    pub quiet: bool,
}

impl Output {
    /// The file that the table goes to, if it goes to one.
    pub fn csv_file(&self) -> Option<&Path> {
        self.csv.as_deref().filter(|path| *path != Path::new("-"))
    }

    /// Says whether the output is for a person.
    pub(super) fn is_text(&self) -> bool {
        !self.csv_is_shown() && !self.json && !self.quiet
    }

    /// Finds out now whether the results can go where they are wanted, so that a run of an hour does
    /// not end with "permission denied". Leaves nothing behind.
    pub fn check(&self) -> Result<(), CommandError> {
        if self.json && self.csv_is_shown() {
            return Err(CommandError::TwoOutputs);
        }
        check_new(self.csv_file(), "--csv")
    }

    /// Shows a finished run. A file that can't be written keeps nothing from the screen, and the
    /// other way round.
    pub fn show(&self, report: &RunReport) -> Result<(), CommandError> {
        let written = self.write_csv(|| report::csv::write(report));
        written.and(print(&self.text(report)))
    }

    /// Writes the table to its file, if it goes to one.
    pub fn write_csv(&self, table: impl FnOnce() -> Vec<u8>) -> Result<(), CommandError> {
        let Some(path) = self.csv_file() else {
            return Ok(());
        };
        let written = new_file(path, "--csv")?.write_all(&table());
        written.map_err(|error| output_error(path, error.to_string()))
    }

    /// Says whether the table goes to standard output, instead of the report.
    pub fn csv_is_shown(&self) -> bool {
        self.csv.is_some() && self.csv_file().is_none()
    }

    /// The text for standard output.
    fn text(&self, report: &RunReport) -> Vec<u8> {
        if self.csv_is_shown() {
            report::csv::write(report)
        } else if self.json {
            report::json::write(report)
        } else if self.quiet {
            Vec::new()
        } else {
            report::text::write(report).into_bytes()
        }
    }
}

/// Writes to standard output, without what could steer a terminal: a run's folder may come from
/// anybody. Whoever reads it may stop when they have read enough.
pub fn print(text: &[u8]) -> Result<(), CommandError> {
    let text = clean_lines(&String::from_utf8_lossy(text));
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(output_error(
            Path::new("standard output"),
            error.to_string(),
        )),
        _ => Ok(()),
    }
}

/// Refuses a folder for results whose name is no text: files of the results name it.
pub(super) fn check_name(path: Option<&Path>) -> Result<(), CommandError> {
    match path {
        Some(path) if path.to_str().is_none() => Err(output_error(
            path,
            "its name is not in UTF-8, and the results have it as text; name another with --out"
                .to_owned(),
        )),
        _ => Ok(()),
    }
}

/// Writes a line to standard error. That may be closed, or its terminal gone: a run goes on then.
pub fn note(line: &str) {
    writeln!(io::stderr(), "{line}").ok();
}

/// Finds out whether a file can be made, and leaves nothing behind.
pub(super) fn check_new(path: Option<&Path>, flag: &str) -> Result<(), CommandError> {
    let Some(path) = path else { return Ok(()) };
    new_file(path, flag)?;
    fs::remove_file(path).map_err(|error| output_error(path, error.to_string()))
}

/// Makes a file, which the user named by this flag. Never takes one that is there.
pub(super) fn new_file(path: &Path, flag: &str) -> Result<File, CommandError> {
    File::create_new(path).map_err(|error| {
        let why = match error.kind() {
            io::ErrorKind::AlreadyExists => format!(
                "is there already, and nothing is ever overwritten; name another file with {flag}"
            ),
            _ => error.to_string(),
        };
        output_error(path, why)
    })
}

pub(super) fn output_error(path: &Path, why: String) -> CommandError {
    CommandError::Output {
        path: path.to_owned(),
        why,
    }
}
