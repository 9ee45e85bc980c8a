//! The cause of each abort.

use super::participants::Participants;
use crate::model::change::Nanos;
use crate::model::prose::Ms;
use crate::sim::event::{Event, TransactionName, What};
use std::collections::BTreeSet;

/// One sentence for each abort of a transaction of the participants, the earliest first, so many at most.
pub fn describe(
    participants: &Participants,
    events: &[Event],
    let_go: Nanos,
    most: usize,
) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut lines = Vec::new();
    for event in events {
        let at = event.at.saturating_sub(let_go);
        if !(participants.from..=participants.to).contains(&at) {
            continue;
        }
        if let Some((victim, why)) = abort(participants, &event.what)
            && seen.insert(victim.number)
        {
            lines.push(format!("{}: {} was aborted: {why}", Ms(at), name(victim)));
        }
    }
    if lines.len() > most {
        let more = lines.len() - most;
        lines.truncate(most);
        lines.push(format!("and {more} more"));
    }
    lines
}

fn abort<'a>(participants: &Participants, what: &'a What) -> Option<(&'a TransactionName, String)> {
    let (victim, row, why) = match what {
        What::CertificationFailed {
            transaction,
            position,
            seen,
            against,
            against_position,
            row,
        } => {
            let why = format!(
                "its write set, number {position} in the order, failed certification; {}, number \
                 {against_position}, had changed {row}, and n{} had seen only {seen} when COMMIT began",
                name(against),
                transaction.node + 1
            );
            (transaction, row, why)
        }
        What::BruteForceAborted {
            victim,
            by,
            position,
            row,
        } => {
            let why = format!(
                "n{} applied {}, number {position} in the order, which changes {row}",
                victim.node + 1,
                name(by)
            );
            (victim, row, why)
        }
        What::Deadlock { victim, other, row } => {
            let why = format!("it and {} waited for each other on {row}", name(other));
            (victim, row, why)
        }
        _ => return None,
    };
    (participants.has(victim.actor) && participants.is_row(&row.key)).then_some((victim, why))
}

fn name(transaction: &TransactionName) -> String {
    format!(
        "transaction {} of {} on n{}",
        transaction.number,
        transaction.actor,
        transaction.node + 1
    )
}
