//! Did the run have anything in it that could have gone wrong?

use super::findings::Unknown;
use super::overlap::{Span, overlaps};
use crate::model::change::{Change, Nanos};

/// Why nothing about exclusion can be learnt from this history; `None` if something can.
///
/// A row was contended if two workers' spans from the invocation of acquire to the return of
/// release overlap at least once. A worker whose acquire failed contended too: the other one had
/// to be kept from it. But one that took no time asked nobody: there was no instance, or no session
/// for it. n·log n.
pub fn missing(changes: &[Change]) -> Option<Unknown<'static>> {
    if changes.is_empty() {
        return Some("no change was made".into());
    }
    if !changes.iter().any(Change::held) {
        return Some("no worker ever took a row".into());
    }
    let spans = asked(changes, |change| {
        change.steps().last().map_or(0, |step| step.returned)
    });
    match overlaps(spans).next() {
        Some(_) => None,
        None => Some(Unknown::uncontended(
            "nothing was contended: no two workers were ever at one row at once",
        )),
    }
}

/// The spans from the invocation of acquire to what the change ends with here, of those that asked
/// anybody.
pub fn asked(changes: &[Change], end: impl Fn(&Change) -> Nanos) -> Vec<Span> {
    let asked = changes
        .iter()
        .zip(0..)
        .filter(|(change, _)| change.acquire.duration() > 0);
    let spans = asked.map(|(change, index)| Span {
        row: change.row,
        worker: change.worker,
        change: index,
        start: change.acquire.invoked,
        end: end(change),
    });
    spans.collect()
}

#[cfg(test)]
mod tests {
    use super::super::synthetic::change;
    use super::*;
    use crate::model::outcome::Outcome;

    #[test]
    fn waiting_for_a_row_is_contention_and_coming_later_is_not() {
        let holder = change(0, 0, 0, [0, 10, 20, 30]);
        let waiter = change(1, 0, 0, [5, 40, 50, 60]);
        let latecomer = change(1, 0, 0, [31, 40, 50, 60]);
        let elsewhere = change(1, 1, 0, [5, 40, 50, 60]);
        assert_eq!(missing(&[holder.clone(), waiter]), None);
        assert!(
            missing(&[holder.clone(), latecomer])
                .unwrap()
                .why
                .contains("contended")
        );
        assert!(
            missing(&[holder, elsewhere])
                .unwrap()
                .why
                .contains("contended")
        );
        assert!(missing(&[]).unwrap().why.contains("no change"));
    }

    #[test]
    fn a_refused_worker_contended_but_somebody_must_have_held() {
        let holder = change(0, 0, 0, [0, 10, 20, 30]);
        let mut refused = change(1, 0, 0, [12, 14, 0, 0]);
        refused.release = None;
        refused.acquire.outcome = Outcome::indeterminate("trap", "");
        assert_eq!(missing(&[holder.clone(), refused.clone()]), None);
        let mut never_asked = refused.clone();
        never_asked.acquire.returned = never_asked.acquire.invoked;
        assert!(
            missing(&[holder, never_asked])
                .unwrap()
                .why
                .contains("contended")
        );
        assert!(missing(&[refused]).unwrap().why.contains("took a row"));
    }
}
