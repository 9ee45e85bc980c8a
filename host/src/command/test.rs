//! `runner test STRATEGY`: does it keep the contract, and is it correct?

mod embedded;
mod faults;
mod simulator;

use self::faults::Subject;
use super::CommandError;
use super::check::{self, CancelFlag, CheckOptions, command_line};
use super::components::{self, find_one};
use super::exit::Exit;
use super::inspect::inspection;
use super::options::PlanOptions;
use super::output::print;
use super::progress::Screen;
use super::terminal;
use crate::author::registry::reference::Reference;
use crate::backend::session_options::AffectedRows;
use crate::backend::url::AutocommitWrites;
use crate::model::fault_class::FaultClasses;
use crate::plan::variant::Variant;
use crate::plan::workload_file::WorkloadOptions;
use crate::report::conformance::{ConformanceReport, Part, Status, json, text};
use crate::wasm::{WasmFile, short_name};
use std::collections::BTreeSet;

/// Options of a test.
pub struct TestOptions {
    /// A component file, the name of a strategy, or its source folder.
    pub strategy: String,
    pub workload: Option<String>,
    /// The simulator's.
    pub locks: String,
    pub seeds: u64,
    /// Which of the injected faults, and nothing else; by their first words.
    pub only: Option<String>,
    pub settings: Vec<String>,
    pub autocommit_writes: AutocommitWrites,
    pub affected_rows: Option<AffectedRows>,
    pub memory_mib: u64,
    pub computing_ms: u64,
    pub json: bool,
    pub quiet: bool,
}

/// Asks everything, in the order in which an author needs the answers, and shows them. A file that
/// is no strategy fails the first part, and has no others.
pub fn test(options: &TestOptions) -> Result<Exit, CommandError> {
    let name = Variant::parse(&options.strategy)?;
    let reference = Reference::meant(&name.strategy)?;
    let file = WasmFile::read(&find_one(&name.strategy)?)?;
    let mut report = ConformanceReport {
        strategy: components::name_of(reference.as_ref(), file.path())
            + &Variant::suffix(&name.settings),
        digest: file.digest().to_owned(),
        parts: vec![loads(&file)?],
    };
    if report.status() == Status::Passed {
        report.parts.extend(rest(options)?);
    }
    match (options.json, options.quiet) {
        (true, _) => print(&json(&report))?,
        (false, true) => {}
        (false, false) => print(text(&report, terminal::width()).as_bytes())?,
    }
    Ok(Exit::of_test(report.status()))
}

/// The result of `runner inspect`.
fn loads(file: &WasmFile) -> Result<Part, CommandError> {
    let inspection = inspection(file)?;
    let world = inspection.world.as_deref().unwrap_or("no world");
    let imports = inspection.imports.as_deref().unwrap_or_default();
    Ok(match inspection.why_not {
        None => {
            let told = format!("{world}; imports {}", short_names(imports));
            Part::new("loads", Status::Passed, told)
        }
        Some(why) => Part::new("loads", Status::Failed, why),
    })
}

/// Each name once: of WASI there are many interfaces, and one word for all.
fn short_names(imports: &[String]) -> String {
    let names: BTreeSet<_> = imports.iter().map(|name| short_name(name)).collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}

fn rest(options: &TestOptions) -> Result<Vec<Part>, CommandError> {
    let asked = options.check(FaultClasses::all());
    let without_faults = options.check(FaultClasses::all().filtered(|_| false));
    let (resolved, _) = check::resolve(&asked)?;
    let cancel = CancelFlag::listen()?;
    let screen = Screen::new(options.quiet);
    let waiting = screen.waiting(format!("{}: ordinary changes", options.strategy));
    let subject = Subject::new(options, &asked, &resolved, &cancel, &waiting)?;
    let undisturbed = subject.undisturbed()?;
    if options.only.is_some() {
        return Ok(vec![subject.faults(&undisturbed)?]);
    }
    let mut parts = vec![subject.ordinary(&undisturbed)];
    let disturbing: [(&str, &Ask); 2] = [
        ("faults", &|| subject.faults(&undisturbed)),
        ("outages", &|| subject.outages(&undisturbed)),
    ];
    for (name, ask) in disturbing {
        parts.push(match undisturbed.wrong {
            None => unless_cancelled(&cancel, name, ask)?,
            Some(_) => {
                let told = "an ordinary change does not go well, so there is nothing to disturb";
                Part::new(name, Status::Unknown, told)
            }
        });
    }
    // The rest shows what it comes to by itself.
    drop(waiting);
    let correct: [(&str, &Ask); 3] = [
        ("embedded database", &|| embedded::part(options)),
        ("simulator", &|| {
            simulator::part("simulator", &without_faults, &cancel)
        }),
        ("simulator with faults", &|| {
            simulator::part("simulator with faults", &asked, &cancel)
        }),
    ];
    for (name, ask) in correct {
        parts.push(unless_cancelled(&cancel, name, ask)?);
    }
    Ok(parts)
}

type Ask<'a> = dyn Fn() -> Result<Part, CommandError> + 'a;

/// Asks, unless the user has cancelled.
fn unless_cancelled(
    cancel: &CancelFlag,
    name: &'static str,
    ask: &Ask,
) -> Result<Part, CommandError> {
    match cancel.is_set() {
        true => Ok(Part::new(name, Status::Unknown, "interrupted")),
        false => ask(),
    }
}

impl TestOptions {
    fn plan(&self) -> PlanOptions {
        PlanOptions {
            strategies: vec![self.strategy.clone()],
            workload: self.workload.clone(),
            flags: WorkloadOptions::default(),
            defaults: WorkloadOptions::default(),
            database: "sim".to_owned(),
            nodes: Vec::new(),
            autocommit_writes: self.autocommit_writes,
            affected_rows: self.affected_rows,
            locks: self.locks.clone(),
            settings: self.settings.clone(),
            memory_mib: self.memory_mib,
            computing_ms: self.computing_ms,
        }
    }

    /// The options that `runner check` would get.
    fn check(&self, faults: FaultClasses) -> CheckOptions {
        CheckOptions {
            plan: self.plan(),
            seeds: self.seeds,
            time: None,
            faults,
            replay: None,
            html: None,
            json: self.json,
            quiet: self.quiet,
            jobs: None,
        }
    }

    /// The command that asks for one of the injected faults alone.
    fn again(&self, strategy: String, asked: &CheckOptions, only: &str) -> String {
        let mut words = vec!["runner".to_owned(), "test".to_owned(), strategy];
        words.extend(command_line::flags(asked));
        words.extend(["--only".to_owned(), only.to_owned()]);
        let quoted: Vec<_> = words
            .iter()
            .map(|word| command_line::quoted(word))
            .collect();
        quoted.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_of_wasi_are_one_word() {
        let imports = [
            "contend:strategy/db@0.1.0",
            "wasi:cli/environment@0.2.3",
            "wasi:clocks/wall-clock@0.2.3",
            "wasi:io/streams@0.2.3",
        ];
        let told = short_names(&imports.map(str::to_owned));
        assert_eq!(told, "db, wasi");
    }
}
