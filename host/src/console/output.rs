//! Destinations of results: the terminal, a file, another program.

use crate::wasm::clean_lines;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A result that could not be put where the user wants it.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    #[error(
        "--json and --csv - both go to standard output; name a file with --csv, or leave one of them out"
    )]
    TwoOutputs,
    #[error("{path}: {why}")]
    File { path: PathBuf, why: String },
}

impl OutputError {
    pub fn at(path: &Path, why: impl ToString) -> Self {
        Self::File {
            path: path.to_owned(),
            why: why.to_string(),
        }
    }
}

/// The form of a result on standard output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Form {
    #[default]
    Text,
    Json,
    Nothing,
}

impl Form {
    /// `--json` and `--quiet`.
    pub fn new(json: bool, quiet: bool) -> Self {
        match (json, quiet) {
            (true, _) => Self::Json,
            (false, true) => Self::Nothing,
            (false, false) => Self::Text,
        }
    }

    /// Prints the result in this form.
    pub fn print(
        self,
        json: impl FnOnce() -> Vec<u8>,
        text: impl FnOnce() -> String,
    ) -> Result<(), OutputError> {
        match self {
            Self::Text => print(text().as_bytes()),
            Self::Json => print(&json()),
            Self::Nothing => Ok(()),
        }
    }
}

/// The output that the user wants.
#[derive(Debug, Clone, Default)]
pub struct Output {
    /// The table of results as CSV goes here; `-` is standard output.
    pub csv: Option<PathBuf>,
    pub form: Form,
}

impl Output {
    /// The file that the table goes to, if it goes to one.
    pub fn csv_file(&self) -> Option<&Path> {
        self.csv.as_deref().filter(|path| *path != Path::new("-"))
    }

    /// True if the output is for a person.
    pub fn is_text(&self) -> bool {
        !self.csv_is_shown() && self.form == Form::Text
    }

    /// True if only errors are printed.
    pub fn is_quiet(&self) -> bool {
        self.form == Form::Nothing
    }

    /// Finds out now whether the results can go where they are wanted, so that a run of an hour does
    /// not end with "permission denied". Leaves nothing behind.
    pub fn check(&self) -> Result<(), OutputError> {
        if self.form == Form::Json && self.csv_is_shown() {
            return Err(OutputError::TwoOutputs);
        }
        check_new(self.csv_file(), "--csv")
    }

    /// Writes the table to its file, if it goes to one, and prints the result. A file that can't be
    /// written keeps nothing from the screen, and the other way round.
    pub fn show(
        &self,
        csv: impl Fn() -> Vec<u8>,
        json: impl FnOnce() -> Vec<u8>,
        text: impl FnOnce() -> String,
    ) -> Result<(), OutputError> {
        let written = match self.csv_file() {
            Some(path) => write_new(path, "--csv", &csv()),
            None => Ok(()),
        };
        written.and(self.print(csv, json, text))
    }

    /// Prints the result: as its table, if that goes to standard output, or else in its form.
    pub fn print(
        &self,
        csv: impl FnOnce() -> Vec<u8>,
        json: impl FnOnce() -> Vec<u8>,
        text: impl FnOnce() -> String,
    ) -> Result<(), OutputError> {
        match self.csv_is_shown() {
            true => print(&csv()),
            false => self.form.print(json, text),
        }
    }

    /// True if the table goes to standard output, instead of the report.
    fn csv_is_shown(&self) -> bool {
        self.csv.is_some() && self.csv_file().is_none()
    }
}

/// Writes to standard output, without what could steer a terminal: the origin of a run's folder
/// is unknown. A program that reads it may close it when it has read enough.
pub fn print(text: &[u8]) -> Result<(), OutputError> {
    let text = clean_lines(&String::from_utf8_lossy(text));
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(OutputError::at(Path::new("standard output"), error))
        }
        _ => Ok(()),
    }
}

/// Writes a line to standard error. That may be closed, or its terminal gone: a run goes on then.
pub fn note(line: &str) {
    writeln!(io::stderr(), "{line}").ok();
}

/// Refuses a folder for results whose name is no text: files of the results name it.
pub fn check_name(path: Option<&Path>) -> Result<(), OutputError> {
    match path {
        Some(path) if path.to_str().is_none() => Err(OutputError::at(
            path,
            "its name is not in UTF-8, and the results have it as text; name another with --out",
        )),
        _ => Ok(()),
    }
}

/// Finds out whether a file can be made, and leaves nothing behind.
pub fn check_new(path: Option<&Path>, flag: &str) -> Result<(), OutputError> {
    let Some(path) = path else { return Ok(()) };
    new_file(path, flag)?;
    fs::remove_file(path).map_err(|error| OutputError::at(path, error))
}

/// Makes a file, which the user named by this flag. Never takes one that is there.
pub fn new_file(path: &Path, flag: &str) -> Result<File, OutputError> {
    File::create_new(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => OutputError::at(
            path,
            format!(
                "is there already, and nothing is ever overwritten; name another file with {flag}"
            ),
        ),
        _ => OutputError::at(path, error),
    })
}

/// Writes a new file, which the user named by this flag.
pub fn write_new(path: &Path, flag: &str, bytes: &[u8]) -> Result<(), OutputError> {
    let written = new_file(path, flag)?.write_all(bytes);
    written.map_err(|error| OutputError::at(path, error))
}
