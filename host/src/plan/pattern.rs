//! From what `--workload` of a batch was given to workload files.

use super::{PlanError, workload_file};
use std::path::{Path, PathBuf};

/// The files that a name, a path or a pattern such as `workloads/seed-*.toml` means, sorted. A
/// pattern without a folder and an ending, such as `seed-*`, is one of names in `folder`.
pub fn expand(given: &str, folder: Option<&Path>) -> Result<Vec<PathBuf>, PlanError> {
    let is_pattern = given.contains(['*', '?', '[']) && !Path::new(given).exists();
    if !is_pattern {
        return workload_file::find(given, folder).map(|path| vec![path]);
    }
    let is_of_names = !given.contains('/') && !given.ends_with(".toml");
    let pattern = match folder {
        Some(folder) if is_of_names => {
            let folder = glob::Pattern::escape(&folder.to_string_lossy());
            format!("{folder}/{given}.toml")
        }
        _ => given.to_owned(),
    };
    let error = |why: String| PlanError::Pattern {
        pattern: given.to_owned(),
        why,
    };
    let found = glob::glob(&pattern).map_err(|e| error(e.to_string()))?;
    let files: Result<Vec<_>, _> = found.collect();
    let files = files.map_err(|e| error(e.to_string()))?;
    match files.is_empty() {
        true => Err(PlanError::NoMatch {
            pattern: given.to_owned(),
        }),
        false => Ok(files),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn published() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../workloads")
    }

    fn names(given: &str) -> Vec<String> {
        let files = expand(given, Some(&published())).unwrap();
        let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
        files.iter().map(name).collect()
    }

    #[test]
    fn a_pattern_means_all_files_that_match_and_a_name_its_file() {
        let stress = ["seed-100x1.toml", "seed-100x3.toml", "seed-100x5.toml"];
        assert_eq!(names("seed-100x*"), stress);
        let path = published().join("seed-100x[135].toml");
        assert_eq!(names(path.to_str().unwrap()), stress);
        assert_eq!(names("smoke"), ["smoke.toml"]);
    }

    #[test]
    fn a_pattern_that_matches_nothing_or_is_none_is_an_error() {
        for (given, word) in [("sede-*", "no workload file"), ("seed-[", "is no pattern")] {
            let why = expand(given, Some(&published())).unwrap_err().to_string();
            assert!(why.contains(word) && why.contains(given), "{why}");
        }
    }
}
