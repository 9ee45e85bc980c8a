//! The report of `runner check`: a verdict for each strategy, and for a violation its minimal reproduction.

use super::json::document;
use super::table::table;
use super::text::counts_prose;
use super::timeline::{self, wrapped};
use crate::model::change::Nanos;
use crate::model::conditions::UnreadSetting;
use crate::model::prose::counted;
use crate::model::timeline::Timeline;
use crate::model::verdict::Verdict;
use crate::record::tally::Tally;
use serde::Serialize;
use std::fmt::Write;

/// A line with this before it belongs to the one above.
const INNER: &str = "  ";

/// Most printed messages; the JSON has all.
const MAX_MESSAGES: usize = 8;

/// All strategies that were checked.
#[derive(Debug, Clone, Serialize)]
pub struct CheckReport {
    pub checked: Vec<Checked>,
}

/// One strategy.
#[derive(Debug, Clone, Serialize)]
pub struct Checked {
    pub strategy: String,
    /// Digest of the component.
    pub digest: String,
    /// The settings that were given and that no instance asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub settings_unread: Vec<UnreadSetting>,
    #[serde(flatten)]
    pub verdict: Verdict,
    pub tally: Tally,
    /// Real time, shrinking included. Not in the JSON: equal results are equal there.
    #[serde(skip)]
    pub took_ns: Nanos,
    /// The user interrupted the search.
    pub was_interrupted: bool,
    /// Present only if violated.
    pub witness: Option<Witness>,
}

/// A violation, as small as it could be made. The same for the same seed and plan.
#[derive(Debug, Clone, Serialize)]
pub struct Witness {
    pub checker: String,
    pub prose: String,
    /// The seed that was found.
    pub seed: u64,
    /// The shrunk case.
    pub case: String,
    /// Number of simulations for shrinking it.
    pub tries: u32,
    pub timeline: Timeline,
    /// The points in which the model was weaker than a server in this case: a real server may refuse a
    /// step that led here.
    pub weaker: Vec<String>,
    /// The command that replays it.
    pub replay: String,
}

/// Plain text for a person in lines of at most `width`; a table behind it if there were several
/// strategies.
pub fn text(report: &CheckReport, width: u16) -> String {
    let mut text = String::new();
    for checked in &report.checked {
        text.push_str(&one(checked, width));
        text.push('\n');
    }
    match report.checked.len() {
        0 | 1 => {
            text.truncate(text.trim_end().len());
            text.push('\n');
        }
        _ => text.push_str(&overview(&report.checked)),
    }
    text
}

/// One JSON object, the same for the same seeds.
pub fn json(report: &CheckReport) -> Vec<u8> {
    let verdicts = report.checked.iter().map(|checked| &checked.verdict);
    document(Some(&Verdict::worst(verdicts)), report)
}

fn one(checked: &Checked, width: u16) -> String {
    let mut text = format!("{}: {}", checked.strategy, checked.verdict.as_str());
    match (&checked.witness, &checked.verdict) {
        (Some(witness), _) => {
            let _ = writeln!(text, " ({})", witness.checker);
            text.push_str(&describe(witness, width));
        }
        (None, Verdict::Unknown(why)) => {
            let _ = writeln!(text, ": {why}");
        }
        (None, _) => text.push('\n'),
    }
    for setting in &checked.settings_unread {
        let _ = writeln!(text, "  note: {setting}");
    }
    text.push_str(&summary(checked, width));
    text
}

/// The description of a witness, the same on every replay.
fn describe(witness: &Witness, width: u16) -> String {
    let smaller = match witness.tries {
        0 => format!("found with seed {}: {}", witness.seed, witness.case),
        tries => format!(
            "found with seed {}, shrunk in {tries} simulations: {}",
            witness.seed, witness.case
        ),
    };
    let weaker = witness.weaker.iter().map(|how| {
        let how = format!("it relies on the model: {how}");
        wrapped(&how, "  ", "    ", width) + "\n"
    });
    format!(
        "{}\n{}\n{}\n{}\nreplay with:\n  {}\n\n",
        wrapped(&witness.prose, "  ", "  ", width),
        wrapped(&smaller, "  ", "  ", width),
        weaker.collect::<String>(),
        timeline::write(&witness.timeline, width),
        witness.replay,
    )
}

fn summary(checked: &Checked, width: u16) -> String {
    let tally = &checked.tally;
    let seconds = checked.took_ns as f64 / 1e9;
    let simulated = tally.simulated_ns as f64 / 1e9;
    let mut lines = vec![
        format!(
            "{} in {seconds:.1} s ({:.0} a second), {simulated:.0} s simulated ({:.0} × real time), {} \
             statements",
            counted(tally.seeds, "seed"),
            rate(tally.seeds as f64, seconds),
            rate(simulated, seconds),
            tally.statements,
        ),
        format!(
            "changes: {}, ok {}, indeterminate {}",
            tally.changes, tally.ok, tally.indeterminate
        ),
    ];
    if let Some(shapes) = &tally.shapes {
        lines.push(format!("shapes: {shapes}"));
    }
    if !tally.errors_met.is_empty() {
        lines.push(format!(
            "errors returned: {}",
            counts_prose(&tally.errors_met)
        ));
        let printed = tally.messages.iter().filter(|(_, text)| !text.is_empty());
        lines.extend(
            printed
                .take(MAX_MESSAGES)
                .map(|(name, text)| format!("{INNER}{name}: {text}")),
        );
    }
    lines.push(match tally.faults.is_empty() {
        true => "injected faults: none".to_owned(),
        false => format!("injected faults: {}", counts_prose(&tally.faults)),
    });
    if checked.was_interrupted {
        lines.push("ended early: interrupted".to_owned());
    }
    if let Some(why) = &tally.unknown_why {
        lines.push(format!(
            "no result from {}: {why}",
            counted(tally.unknown, "seed")
        ));
    }
    let lines = lines.iter().map(|line| {
        let first = if line.starts_with(INNER) {
            "    "
        } else {
            "  "
        };
        wrapped(line, first, "    ", width) + "\n"
    });
    lines.collect()
}

fn overview(checked: &[Checked]) -> String {
    let mut table = table(
        &[
            "strategy",
            "verdict",
            "by",
            "seeds",
            "changes",
            "conflicts",
            "indeterm.",
        ],
        3,
    );
    for checked in checked {
        let tally = &checked.tally;
        let met = tally.errors_met.iter();
        let conflicts: u64 = met
            .filter(|(name, _)| name.starts_with("conflict"))
            .map(|(_, n)| n)
            .sum();
        table.add_row([
            checked.strategy.clone(),
            checked.verdict.as_str().to_owned(),
            checked
                .witness
                .as_ref()
                .map_or_else(String::new, |w| w.checker.clone()),
            tally.seeds.to_string(),
            tally.changes.to_string(),
            conflicts.to_string(),
            tally.indeterminate.to_string(),
        ]);
    }
    table.trim_fmt() + "\n"
}

fn rate(count: f64, seconds: f64) -> f64 {
    match seconds > 0.0 {
        true => count / seconds,
        false => 0.0,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::timeline::tests::two_holders;
    use super::*;

    pub fn witness() -> Witness {
        Witness {
            checker: "mutual-exclusion".to_owned(),
            prose: "workers 0 and 3 held row 0 at once for 10.000 ms, from 12004.000 ms to 12014.000 \
                    ms: worker 3 (3_0) held it from 10008.000 ms to 12500.000 ms; worker 0 (0_0) held \
                    it from 12004.000 ms to 12014.000 ms"
                .to_owned(),
            seed: 17,
            case: "seed 18, 1 row × 2 workers × 1 change, no faults".to_owned(),
            tries: 41,
            timeline: two_holders(),
            weaker: Vec::new(),
            replay: "runner check lock-only --replay 17-0102-0304-0506".to_owned(),
        }
    }

    fn report(verdicts: &[Verdict]) -> CheckReport {
        let checked = verdicts.iter().map(|verdict| Checked {
            strategy: "lock-only".to_owned(),
            digest: "sha256:ab".to_owned(),
            settings_unread: Vec::new(),
            verdict: verdict.clone(),
            tally: Tally {
                seeds: 1,
                simulated_ns: 5_000_000_000,
                changes: 18,
                errors_met: [("conflict 1213".to_owned(), 3)].into(),
                messages: [("conflict 1213".to_owned(), "Deadlock found".to_owned())].into(),
                ..Tally::default()
            },
            took_ns: 500_000_000,
            was_interrupted: false,
            witness: matches!(verdict, Verdict::Violated(_)).then(witness),
        });
        CheckReport {
            checked: checked.collect(),
        }
    }

    #[test]
    fn violation_has_its_timeline_and_the_command_that_replays_it() {
        let printed = text(&report(&[Verdict::Violated(witness().prose)]), 120);
        assert!(
            printed.starts_with("lock-only: violated (mutual-exclusion)\n  workers 0 and 3"),
            "{printed}"
        );
        assert!(
            printed.contains("seed 17, shrunk in 41 simulations: seed 18"),
            "{printed}"
        );
        assert!(
            printed.contains("\n  runner check lock-only --replay 17-0102-0304-0506\n"),
            "{printed}"
        );
        assert!(
            printed.contains("\n  1 seed in 0.5 s (2 a second), 5 s simulated (10 × real time)"),
            "{printed}"
        );
        for width in [70, 100, 120] {
            let printed = text(&report(&[Verdict::Violated(witness().prose)]), width);
            let longest = printed.lines().map(|line| line.chars().count()).max();
            assert!(longest.unwrap() <= usize::from(width), "{width}: {printed}");
        }
    }

    #[test]
    fn each_code_has_a_message() {
        let report = report(&[Verdict::Valid]);
        let printed = text(&report, 120);
        let lines = "errors returned: conflict 1213 × 3\n    conflict 1213: Deadlock found\n";
        assert!(printed.contains(lines), "{printed}");
        let value: serde_json::Value = serde_json::from_slice(&json(&report)).unwrap();
        let messages = &value["checked"][0]["tally"]["messages"];
        assert_eq!(messages["conflict 1213"], "Deadlock found");
    }

    #[test]
    fn a_violation_that_rests_on_the_model_says_so() {
        let mut report = report(&[Verdict::Violated("why".into())]);
        assert!(!text(&report, 120).contains("relies on the model"));
        let witness = report.checked[0].witness.as_mut().unwrap();
        witness.weaker = vec!["rows were not locked".to_owned()];
        let printed = text(&report, 120);
        assert!(
            printed.contains("\n  it relies on the model: rows were not locked\n"),
            "{printed}"
        );
    }

    #[test]
    fn several_strategies_end_in_a_table() {
        let printed = text(
            &report(&[Verdict::Valid, Verdict::Unknown("why".into())]),
            120,
        );
        assert!(printed.contains("lock-only: unknown: why\n"), "{printed}");
        let last: Vec<_> = printed.lines().last().unwrap().split_whitespace().collect();
        assert_eq!(last, ["lock-only", "unknown", "1", "18", "3", "0"]);
        assert!(!text(&report(&[Verdict::Valid]), 120).contains("strategy "));
    }

    #[test]
    fn another_program_reads_the_same() {
        let json = json(&report(&[Verdict::Violated("why".into())]));
        let value: serde_json::Value = serde_json::from_slice(&json).unwrap();
        let checked = &value["checked"][0];
        assert_eq!(
            (&value["verdict"], &value["why"]),
            (&"violated".into(), &"why".into())
        );
        assert_eq!(
            (&checked["verdict"], &checked["why"]),
            (&value["verdict"], &value["why"])
        );
        assert_eq!(checked["tally"]["simulated_ms"], 5000.0);
        assert_eq!(checked.get("took_ms"), None);
        assert_eq!(
            checked["witness"]["timeline"]["moments"]
                .as_array()
                .unwrap()
                .len(),
            12
        );
        assert_eq!(checked["witness"]["timeline"]["lanes"][0]["worker"], 0);
    }
}
