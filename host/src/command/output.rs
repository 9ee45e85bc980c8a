//! Where results go: the terminal, a file, another program.

use super::CommandError;
use crate::report::{self, RunReport};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What the user wants to see.
#[derive(Debug, Clone, Default)]
pub struct Output {
    /// The table of results as CSV goes here; `-` is standard output.
    pub csv: Option<PathBuf>,
    pub json: bool,
    pub quiet: bool,
}

impl Output {
    fn csv_file(&self) -> Option<&Path> {
        self.csv.as_deref().filter(|path| *path != Path::new("-"))
    }

    /// Makes the CSV file now, so that a run of an hour does not end with "permission denied". Never
    /// takes one that is there.
    pub fn reserve(&self) -> Result<(), CommandError> {
        let Some(path) = self.csv_file() else {
            return Ok(());
        };
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(path)
            .map(|_| ())
            .map_err(|error| {
                let why = match error.kind() {
                    io::ErrorKind::AlreadyExists => {
                        "is there already, and nothing is ever overwritten; name another file \
                         with --csv"
                            .to_owned()
                    }
                    _ => error.to_string(),
                };
                output_error(path, why)
            })
    }

    /// Shows a finished run.
    pub fn show(&self, report: &RunReport) -> Result<(), CommandError> {
        if let Some(path) = self.csv_file() {
            let csv = report::csv::write(report);
            std::fs::write(path, csv).map_err(|error| output_error(path, error.to_string()))?;
        }
        let text = if self.csv.is_some() && self.csv_file().is_none() {
            report::csv::write(report)
        } else if self.json {
            report::json::write(report)
        } else if self.quiet {
            return Ok(());
        } else {
            report::text::write(report).into_bytes()
        };
        io::stdout()
            .write_all(&text)
            .map_err(|error| output_error(Path::new("standard output"), error.to_string()))
    }
}

fn output_error(path: &Path, why: String) -> CommandError {
    CommandError::Output {
        path: path.to_owned(),
        why,
    }
}
