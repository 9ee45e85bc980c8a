//! Servers on the command line. A URL with a password can come from a file or an environment variable,
//! which keeps it out of the process list and of the shell's history.

use std::fs;

/// Prefix of a file name: the value is the file's first line.
const FILE: char = '@';

/// Environment variables that name the servers of a run if no flag does.
const DATABASE: &str = "CONTEND_DB";
const NODES: &str = "CONTEND_NODES";
const LOCKS: &str = "CONTEND_LOCK";

/// Returns a value unchanged, or for `@FILE` the first line of the file.
pub fn read(given: &str) -> Result<String, String> {
    let Some(path) = given.strip_prefix(FILE) else {
        return Ok(given.to_owned());
    };
    let text = fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    match text.lines().next().map(str::trim) {
        Some(line) if !line.is_empty() => Ok(line.to_owned()),
        _ => Err(format!("the first line of {path} is empty")),
    }
}

/// The database and its nodes, from the flags, or else from the environment variables.
pub fn database(db: Option<String>, nodes: Vec<String>, default: &str) -> (String, Vec<String>) {
    let is_given = db.is_some() || !nodes.is_empty();
    match variable(DATABASE).filter(|_| !is_given) {
        Some(url) => {
            let nodes = variable(NODES).unwrap_or_default();
            (url, nodes.split_whitespace().map(str::to_owned).collect())
        }
        None => (db.unwrap_or_else(|| default.to_owned()), nodes),
    }
}

/// The lock services from the flags, or else from the environment variable, or else `memory`.
pub fn locks(given: Vec<String>) -> Vec<String> {
    match given.is_empty() {
        true => vec![variable(LOCKS).unwrap_or_else(|| "memory".to_owned())],
        false => given,
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_returns_the_value_or_the_first_line_of_its_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let given = format!("@{}", file.path().display());
        assert!(read(&given).unwrap_err().ends_with("is empty"));
        fs::write(file.path(), "mysql://u:p@h/d\nanother\n").unwrap();
        assert_eq!(read(&given).unwrap(), "mysql://u:p@h/d");
        assert_eq!(read("sqlite").unwrap(), "sqlite");
        assert!(
            read("@/nowhere/at/all")
                .unwrap_err()
                .contains("/nowhere/at/all")
        );
    }
}
