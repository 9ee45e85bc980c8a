//! The file that the user wants the table in. It grows with every cell, so it is replaced each time;
//! but only if it is the batch's own.

use crate::console::{Output, OutputError};
use crate::run_dir::RunDirError;
use crate::run_dir::batch::{self, BatchRecord};
use std::path::PathBuf;

/// The batch's own file; none if the user named none.
pub struct Table(Option<PathBuf>);

impl Table {
    /// Takes the file for the batch: a new one, or one that the batch has taken before.
    pub fn claim(output: &Output, record: &mut BatchRecord) -> Result<Self, OutputError> {
        let Some(path) = output.csv_file() else {
            return Ok(Self(None));
        };
        let absolute = std::path::absolute(path);
        let path = absolute.map_err(|error| OutputError::at(path, error))?;
        if !record.csv.contains(&path) {
            output.check()?;
            record.csv.push(path.clone());
        }
        Ok(Self(Some(path)))
    }

    pub fn write(&self, csv: &[u8]) -> Result<(), RunDirError> {
        match &self.0 {
            Some(path) => batch::write_table(path, csv),
            None => Ok(()),
        }
    }
}
