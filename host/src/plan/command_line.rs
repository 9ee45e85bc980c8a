//! The command that shows a violation again, with every option that decides it.

use super::PlannedTrial;
use super::home::Home;
use super::options::{DEFAULT_COMPUTING_MS, DEFAULT_MEMORY_MIB};
use super::search::SearchOptions;
use super::variant::Variant;
use super::workload_file::{KEYS, WorkloadOptions};
use crate::backend::url::AutocommitWrites;
use crate::workload::kinds;
use toml::{Table, Value};

/// A command on this strategy alone: of the whole command line, what bears on a simulation, and an option
/// of its own.
pub fn of(
    verb: &str,
    options: &SearchOptions,
    planned: &PlannedTrial,
    own: Option<(&str, &str)>,
) -> String {
    let mut words = vec![verb.to_owned(), strategy(planned)];
    words.extend(flags(options));
    words.extend(
        own.into_iter()
            .flat_map(|(flag, value)| [flag, value].map(str::to_owned)),
    );
    line(words)
}

/// The line that calls the runner with these words.
pub fn line(words: impl IntoIterator<Item = String>) -> String {
    let quoted = words.into_iter().map(|word| quoted(&word));
    let words: Vec<_> = ["runner".to_owned()].into_iter().chain(quoted).collect();
    words.join(" ")
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

fn flags(options: &SearchOptions) -> Vec<String> {
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
    let isolation = plan.session.isolation.map(|it| it.as_str().to_owned());
    add("--isolation", isolation);
    add(
        "--sync-wait",
        plan.session.sync_wait.map(|bits| bits.to_string()),
    );
    let endpoint = plan.endpoint.map(|it| it.as_str().to_owned());
    add("--endpoint", endpoint);
    let other = |number: u64, usual: u64| (number != usual).then(|| number.to_string());
    add("--memory-mib", other(plan.memory_mib, DEFAULT_MEMORY_MIB));
    add(
        "--computing-ms",
        other(plan.computing_ms, DEFAULT_COMPUTING_MS),
    );
    words
}

/// The numbers of a workload that were given. The seed is not among them: a token has it.
pub fn workload_flags(flags: &WorkloadOptions) -> Vec<String> {
    let given = Table::try_from(flags).expect("numbers of a validated plan");
    let numbers = KEYS.iter().filter_map(|key| {
        let text = match given.get(*key)? {
            Value::String(text) => text.clone(),
            number => number.to_string(),
        };
        Some([format!("--{}", key.replace('_', "-")), text])
    });
    let own = kinds::keys().flat_map(|key| {
        let values = flags.own.get(key.name).map_or(&[][..], |it| key.values(it));
        let values = values.iter().map(|value| (key.write)(value));
        values.map(|value| [format!("--{}", key.flag), value])
    });
    numbers.chain(own).flatten().collect()
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
    use crate::workload::CheckConnections;

    #[test]
    fn numbers_that_were_given_are_flags() {
        let flags = WorkloadOptions {
            rows: Some(3),
            check: Some(CheckConnections::Fresh),
            audit: Some(false),
            seed: Some(7),
            stuck_after_s: Some(0),
            ..WorkloadOptions::default()
        };
        let words = workload_flags(&flags).join(" ");
        assert_eq!(
            words,
            "--rows 3 --check fresh --audit false --stuck-after-s 0"
        );
    }

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
