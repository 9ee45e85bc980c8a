//! `runner test STRATEGY`: does it keep the contract, and is it correct?

mod embedded;
mod faults;
mod simulator;

use self::faults::Subject;
use crate::author::registry::reference::Reference;
use crate::console::{self, Form, Screen};
use crate::exit::{CommandError, Exit};
use crate::model::fault_class::{FaultClass, FaultClasses};
use crate::model::topology::Topology;
use crate::plan::options::default_limits;
use crate::plan::search::{SearchOptions, resolve_search};
use crate::plan::strategies::{self, find_one};
use crate::plan::variant::Variant;
use crate::report::conformance::{ConformanceReport, Part, Status, json, text};
use crate::run::CancelFlag;
use crate::wasm::{Engine, WasmFile, World, short_name};
use std::collections::BTreeSet;

/// Options of a test.
pub struct TestOptions {
    /// The search in the simulator, of one strategy, with faults of all classes.
    pub search: SearchOptions,
    /// Which of the injected faults, and nothing else; by their first words.
    pub only: Option<String>,
    pub form: Form,
}

/// Asks everything, in the order in which an author needs the answers, and shows them. A file that
/// is no strategy fails the first part, and has no others.
pub fn test(options: &TestOptions) -> Result<Exit, CommandError> {
    let screen = Screen::new(options.form == Form::Nothing);
    let name = Variant::parse(&options.search.plan.strategies[0])?;
    let reference = Reference::meant(&name.strategy)?;
    let file = WasmFile::read(&find_one(&name.strategy, &screen)?)?;
    let mut report = ConformanceReport {
        strategy: strategies::name_of(reference.as_ref(), file.path())
            + &Variant::suffix(&name.settings),
        digest: file.digest().to_owned(),
        parts: vec![loads(&file)?],
    };
    if report.status() == Status::Passed {
        report.parts.extend(rest(options, &screen)?);
    }
    options
        .form
        .print(|| json(&report), || text(&report, console::width()))?;
    Ok(Exit::of_test(report.status()))
}

/// Loads a component as a run with the usual limits does.
fn loads(file: &WasmFile) -> Result<Part, CommandError> {
    let loaded = Engine::new(default_limits(), 1)?.load_file(file);
    let contents = file.contents();
    let world = contents.world().map(World::full_name);
    let world = world.as_deref().unwrap_or("no world");
    let imports = contents.imports.as_deref().unwrap_or_default();
    Ok(match loaded {
        Ok(_) => {
            let summary = format!("{world}; imports {}", short_names(imports));
            Part::new("loads", Status::Passed, summary)
        }
        Err(why) => Part::new("loads", Status::Failed, why.to_string()),
    })
}

/// Each name once: of WASI there are many interfaces, and one word for all.
fn short_names(imports: &[String]) -> String {
    let names: BTreeSet<_> = imports.iter().map(|name| short_name(name)).collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}

fn rest(options: &TestOptions, screen: &Screen) -> Result<Vec<Part>, CommandError> {
    let with_faults = &options.search;
    let without_faults = &SearchOptions {
        faults: FaultClasses::all().filtered(|_| false),
        ..with_faults.clone()
    };
    let resolved = resolve_search(with_faults, screen)?;
    let with_faults = &SearchOptions {
        faults: of_the_strategy(&with_faults.faults, &resolved.world.topology),
        ..with_faults.clone()
    };
    let cancel = CancelFlag::listen(Exit::Unknown.code())?;
    let given = &with_faults.plan.strategies[0];
    let waiting = screen.waiting(format!("{given}: ordinary changes"));
    let subject = Subject::new(options, &resolved, &cancel, &waiting)?;
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
                let summary = "an ordinary change does not go well, so there is nothing to disturb";
                Part::new(name, Status::Unknown, summary)
            }
        });
    }
    // The rest shows what it comes to by itself.
    drop(waiting);
    let correct: [(&str, &Ask); 3] = [
        ("embedded database", &|| {
            embedded::part(options, !resolved.world.faults.is_empty(), screen)
        }),
        ("simulator", &|| {
            simulator::part("simulator", without_faults, &cancel, screen)
        }),
        ("simulator with faults", &|| {
            simulator::part("simulator with faults", with_faults, &cancel, screen)
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

/// The faults that a right strategy stands. A promotion loses what any strategy has committed, unless a
/// standby has it.
fn of_the_strategy(faults: &FaultClasses, topology: &Topology) -> FaultClasses {
    let loses = topology.has_standbys() && !topology.synchronous;
    faults.filtered(|class| class != FaultClass::Promote || !loses)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::ClusterKind;

    #[test]
    fn a_strategy_is_not_blamed_for_what_a_promotion_loses() {
        let asynchronous = Topology {
            kind: ClusterKind::Postgres,
            ..Topology::default()
        };
        let synchronous = Topology {
            synchronous: true,
            ..asynchronous.clone()
        };
        let all = FaultClasses::all();
        let asked = of_the_strategy(&all, &asynchronous);
        assert!(!asked.as_slice().contains(&FaultClass::Promote));
        assert_eq!(asked.as_slice().len(), all.as_slice().len() - 1);
        assert_eq!(of_the_strategy(&all, &synchronous), all);
    }

    #[test]
    fn interfaces_of_wasi_are_one_word() {
        let imports = [
            "contend:strategy/db@0.2.0",
            "wasi:cli/environment@0.2.3",
            "wasi:clocks/wall-clock@0.2.3",
            "wasi:io/streams@0.2.3",
        ];
        let summary = short_names(&imports.map(str::to_owned));
        assert_eq!(summary, "db, wasi");
    }
}
