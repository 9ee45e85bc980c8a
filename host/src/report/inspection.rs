//! The report of `runner inspect` on a file.

use super::json::document;
use crate::model::component::{About, Tool};
use serde::Serialize;
use std::fmt::Write;
use std::path::PathBuf;

/// A file may import a thousand interfaces; a person reads this many.
const MAX_LINES: usize = 40;

/// The facts; what is not known is absent. The keys of the JSON are these names.
#[derive(Debug, Clone, Serialize)]
pub struct Inspection {
    /// The reference it was pulled from, if any.
    pub reference: Option<String>,
    pub file: PathBuf,
    /// `component` or `core module`.
    pub format: &'static str,
    pub digest: String,
    /// Its size.
    pub bytes: u64,
    #[serde(flatten)]
    pub about: About,
    /// The world of the contract that it implements.
    pub world: Option<String>,
    /// The kind of workload that it is for.
    pub kind: Option<String>,
    pub imports: Option<Vec<String>>,
    pub exports: Option<Vec<String>>,
    /// The provider of its WASI imports.
    pub wasi: Option<&'static str>,
    /// True if this runner can run it; if not, `why` has the reason.
    pub runs: bool,
    pub why_not: Option<String>,
}

/// One JSON object.
pub fn json(inspection: &Inspection) -> Vec<u8> {
    document(None, inspection)
}

/// A line for each fact that is known.
pub fn text(inspection: &Inspection) -> String {
    let about = &inspection.about;
    let mut text = String::new();
    let mut fact = |label: &str, lines: &[String]| {
        for (line, label) in lines.iter().zip([label].into_iter().chain([""; MAX_LINES])) {
            let _ = writeln!(text, "{label:<12}{line}");
        }
        if lines.len() > MAX_LINES + 1 {
            let _ = writeln!(text, "{:<12}… ({} in all)", "", lines.len());
        }
    };
    let one = |line: &Option<String>| line.clone().into_iter().collect::<Vec<_>>();
    fact("name", &one(&about.name));
    fact("version", &one(&about.version));
    fact("description", &one(&about.description));
    fact("authors", &one(&about.authors));
    fact("licence", &one(&about.licenses));
    fact("source", &one(&about.source));
    fact("homepage", &one(&about.homepage));
    fact("revision", &one(&about.revision));
    fact("written in", &tools(&about.languages));
    fact("made with", &tools(&about.processed_by));
    fact("sdk", &tools(&about.sdk));
    fact("pulled from", &one(&inspection.reference));
    fact("file", &[inspection.file.display().to_string()]);
    fact("format", &[inspection.format.to_owned()]);
    fact("digest", std::slice::from_ref(&inspection.digest));
    fact("size", &[format!("{} bytes", inspection.bytes)]);
    fact("world", &one(&inspection.world));
    let kind = inspection.kind.iter();
    let kind: Vec<_> = kind
        .map(|kind| format!("workloads of the kind {kind}"))
        .collect();
    fact("for", &kind);
    fact("imports", &imports(inspection));
    fact("exports", &names(&inspection.exports));
    match &inspection.why_not {
        None => fact("runs here", &["yes".to_owned()]),
        Some(why) => {
            let lines: Vec<_> = why.lines().map(str::to_owned).collect();
            fact("runs here", &[vec!["no".to_owned()], lines].concat());
        }
    }
    text
}

fn tools(tools: &Option<Vec<Tool>>) -> Vec<String> {
    let tool = |tool: &Tool| match &tool.version {
        Some(version) => format!("{} {version}", tool.name),
        None => tool.name.clone(),
    };
    tools.iter().flatten().map(tool).collect()
}

/// Those of WASI, of which an interpreter has two dozen, as one.
fn imports(inspection: &Inspection) -> Vec<String> {
    let mut lines = names(&inspection.imports);
    if let Some(wasi) = inspection.wasi {
        lines.retain(|name| !name.starts_with("wasi:"));
        lines.push(format!("WASI: {wasi}"));
    }
    lines
}

fn names(names: &Option<Vec<String>>) -> Vec<String> {
    match names.as_deref() {
        None => Vec::new(),
        Some([]) => vec!["nothing".to_owned()],
        Some(names) => names.to_vec(),
    }
}
