//! Is it correct, by a few hundred simulations?

use crate::console::Screen;
use crate::exit::{CommandError, Refusal};
use crate::model::verdict::Verdict;
use crate::plan::search::{SearchOptions, resolve_search};
use crate::report::check::Checked;
use crate::report::conformance::{Case, Part, Status};
use crate::run::CancelFlag;
use crate::run::search::search;

/// The result of `runner check`.
pub fn part(
    name: &'static str,
    asked: &SearchOptions,
    cancel: &CancelFlag,
    screen: &Screen,
) -> Result<Part, CommandError> {
    let report = search(&resolve_search(asked, screen)?, cancel, screen)?;
    let Some(checked) = report.checked.into_iter().next() else {
        return Err(Refusal::OneStrategy.into());
    };
    let mut part = Part::new(name, status(&checked), summary(&checked));
    part.cases.extend(checked.witness.map(|witness| Case {
        name: witness.checker,
        done: format!("With {}.", witness.case),
        wrong: Some(witness.prose),
        calls: Vec::new(),
        again: witness.replay,
    }));
    Ok(part)
}

fn status(checked: &Checked) -> Status {
    match checked.verdict {
        Verdict::Violated(_) => Status::Failed,
        // Half of a search shows half of what was asked for.
        Verdict::Valid if checked.was_interrupted => Status::Unknown,
        Verdict::Valid => Status::Passed,
        Verdict::Unknown(_) => Status::Unknown,
    }
}

fn summary(checked: &Checked) -> String {
    let tally = &checked.tally;
    let mut summary = format!(
        "{} seeds, {} changes, {} ok, {} indeterminate",
        tally.seeds, tally.changes, tally.ok, tally.indeterminate
    );
    if let Verdict::Unknown(why) = &checked.verdict {
        summary = format!("{summary}; {why}");
    }
    if checked.was_interrupted {
        summary.push_str("; interrupted");
    }
    summary
}
