//! Builds a strategy's source folder into a component, with the ordinary tools of its language. The
//! error for a missing tool contains the command that installs it; the runner itself fetches only
//! Rust's WebAssembly target. The metadata of the manifest is written into the component.

mod c;
mod error;
mod freshness;
mod job;
mod js;
mod language;
mod manifest;
mod python;
mod rust;
mod tool;

pub use error::BuildError;
pub use freshness::is_stale;
pub use job::Job;
pub use language::Language;
pub use manifest::description;

/// Builds several strategies, and reports slow steps to `progress`. Returns an error for a folder
/// without source before it compiles anything.
pub fn build_all(jobs: &[Job], progress: &mut dyn FnMut(&str)) -> Result<(), BuildError> {
    let mut languages = Vec::new();
    for job in jobs {
        if !job.dir.is_dir() {
            return Err(BuildError::NotAFolder(job.dir.clone()));
        }
        let language = Language::from_folder(&job.dir);
        languages.push(language.ok_or_else(|| BuildError::NoManifest(job.dir.clone()))?);
    }
    let of = |wanted| {
        let both = jobs.iter().zip(&languages);
        let some = both.filter(move |(_, language)| **language == wanted);
        some.map(|(job, _)| job).collect::<Vec<_>>()
    };
    rust::build(&of(Language::Rust), progress)?;
    for job in of(Language::C) {
        c::build(job, progress)?;
    }
    for job in of(Language::JavaScript) {
        js::build(job, progress)?;
    }
    for job in of(Language::Python) {
        python::build(job, progress)?;
    }
    Ok(())
}
