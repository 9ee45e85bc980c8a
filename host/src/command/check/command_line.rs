//! The command that tells a violation again, with every option that decides it.

use super::CheckOptions;
use crate::backend::url::AutocommitWrites;
use crate::command::options::{DEFAULT_COMPUTING_MS, DEFAULT_MEMORY_MIB};
use crate::explore::token::Token;
use crate::plan::PlannedTrial;
use crate::plan::home::Home;
use crate::plan::variant::Variant;
use crate::plan::workload_file::WorkloadOptions;
use crate::workload::{CheckConnections, kinds};

/// Of the whole command line what bears on a simulation, for this strategy alone.
pub fn of(options: &CheckOptions, planned: &PlannedTrial, token: &Token) -> String {
    let mut words = vec!["runner".to_owned(), "check".to_owned(), strategy(planned)];
    words.extend(flags(options));
    words.extend(["--replay".to_owned(), token.to_string()]);
    let quoted: Vec<_> = words.iter().map(|word| quoted(word)).collect();
    quoted.join(" ")
}

/// The name of one of our own, or where it was pulled from, else the component's file.
pub fn strategy(planned: &PlannedTrial) -> String {
    if let Some(reference) = &planned.reference {
        return format!("{reference}{}", Variant::suffix(&planned.settings));
    }
    let ours = Home::find().map(|home| home.component(Variant::base(&planned.name)));
    match ours.as_ref() == Some(&planned.component) {
        true => planned.name.clone(),
        false => {
            let own = Variant::suffix(&planned.settings);
            format!("{}{own}", planned.component.display())
        }
    }
}

pub fn flags(options: &CheckOptions) -> Vec<String> {
    let plan = &options.plan;
    let mut words = Vec::new();
    if let Some(workload) = &plan.workload {
        words.extend(["--workload".to_owned(), workload.clone()]);
    }
    words.extend(workload_flags(&plan.flags));
    let mut add = |flag: &str, value: Option<String>| {
        if let Some(value) = value {
            words.extend([flag.to_owned(), value]);
        }
    };
    let unless = |value: &str, usual: &str| (value != usual).then(|| value.to_owned());
    add("--db", unless(&plan.database, "sim"));
    add("--lock", unless(&plan.locks, "lease"));
    add("--faults", unless(&options.faults.to_string(), "all"));
    let by_hand = plan.flags.fault.iter().flatten();
    for fault in by_hand {
        add("--fault", Some(fault.to_string()));
    }
    for setting in &plan.settings {
        add("--set", Some(setting.clone()));
    }
    let as_text = plan.autocommit_writes == AutocommitWrites::Text;
    add("--autocommit-writes", as_text.then(|| "text".to_owned()));
    let found = plan.affected_rows.map(|rows| rows.as_str().to_owned());
    add("--affected-rows", found);
    let other = |number: u64, usual: u64| (number != usual).then(|| number.to_string());
    add("--memory-mib", other(plan.memory_mib, DEFAULT_MEMORY_MIB));
    add(
        "--computing-ms",
        other(plan.computing_ms, DEFAULT_COMPUTING_MS),
    );
    words
}

/// The numbers of a workload that were given.
pub fn workload_flags(flags: &WorkloadOptions) -> Vec<String> {
    let given = workload(flags).into_iter();
    let numbers = given.filter_map(|(flag, value)| Some([flag.to_owned(), value?]));
    let own = kinds::keys().flat_map(|key| {
        let values = flags.own.get(key.name).map_or(&[][..], |it| key.values(it));
        let values = values.iter().map(|value| (key.write)(value));
        values.map(|value| [format!("--{}", key.flag), value])
    });
    numbers.chain(own).flatten().collect()
}

/// The seed is not among them: the token has it.
fn workload(flags: &WorkloadOptions) -> [(&'static str, Option<String>); 15] {
    let small = |value: Option<u32>| value.map(|n| n.to_string());
    let large = |value: Option<u64>| value.map(|n| n.to_string());
    let check = flags.check.map(|check| match check {
        CheckConnections::Persistent => "persistent".to_owned(),
        CheckConnections::Fresh => "fresh".to_owned(),
    });
    [
        ("--rows", small(flags.rows)),
        ("--workers-per-row", small(flags.workers_per_row)),
        ("--changes-per-worker", small(flags.changes_per_worker)),
        ("--pause-ms", large(flags.pause_ms)),
        ("--hold-ms", large(flags.hold_ms)),
        ("--check-tries", small(flags.check_tries)),
        ("--check-wait-ms", large(flags.check_wait_ms)),
        ("--check", check),
        (
            "--background-generators",
            small(flags.background_generators),
        ),
        (
            "--background-selects-per-s",
            small(flags.background_selects_per_s),
        ),
        (
            "--background-updates-per-s",
            small(flags.background_updates_per_s),
        ),
        ("--audit", flags.audit.map(|audit| audit.to_string())),
        ("--change-timeout-s", large(flags.change_timeout_s)),
        ("--stuck-after-s", large(flags.stuck_after_s)),
        ("--time-limit-s", large(flags.time_limit_s)),
    ]
}

/// As a shell reads it as one word.
pub fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./:=,@%+-".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_a_shell_would_read_otherwise_is_quoted() {
        assert_eq!(
            quoted("sim:nodes=5,statement=90..400"),
            "sim:nodes=5,statement=90..400"
        );
        assert_eq!(quoted("1s crash n2"), "'1s crash n2'");
        assert_eq!(quoted("it's [1]"), "'it'\\''s [1]'");
        assert_eq!(quoted(""), "''");
    }
}
