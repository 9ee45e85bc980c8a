//! A note on violations that a valid run could not have found, with the command that could.

use crate::backend::url::DatabaseUrl;
use crate::console::Output;
use crate::model::verdict::Verdict;
use crate::plan::Plan;
use crate::plan::command_line::{quoted, strategy};
use crate::report::RunReport;

/// One line, if something was found valid that was not tried under faults; `None` for the simulator,
/// which has a command of its own for that, and where another program reads.
pub fn note(output: &Output, report: &RunReport) -> Option<String> {
    let plan = &report.plan;
    if !output.is_text() || plan.simulated.is_some() || !plan.faults.is_empty() {
        return None;
    }
    let valid = report
        .trials
        .iter()
        .filter(|trial| trial.judgement.verdict == Verdict::Valid);
    let names: Vec<_> = valid
        .map(|trial| command_name(plan, &trial.strategy))
        .collect();
    let is_one_file = matches!(
        plan.database,
        DatabaseUrl::SqliteFresh | DatabaseUrl::SqliteFile(_) | DatabaseUrl::SqliteMemory
    );
    let untried = match is_one_file {
        true => "several nodes, pauses, crashes and lost answers",
        false => "pauses, crashes, partitions and lost answers",
    };
    (!names.is_empty()).then(|| {
        let names = names.join(" ");
        let simulated = match plan.database {
            DatabaseUrl::Postgres(_) => "this does, on a simulated Galera cluster",
            _ => "this does",
        };
        format!("not tried here: {untried}; {simulated}: runner check {names} --faults all")
    })
}

/// As a command line names the strategy of this trial.
fn command_name(plan: &Plan, name: &str) -> String {
    let planned = plan.trials.iter().find(|planned| planned.name == name);
    quoted(&planned.map_or_else(|| name.to_owned(), strategy))
}
