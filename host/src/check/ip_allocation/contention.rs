//! Did the run have anything in it that could have gone wrong?

use super::super::contention::asked;
use super::super::findings::Unknown;
use super::super::overlap::overlaps;
use crate::model::change::Change;

/// Why nothing can be learnt from this history about addresses that are given twice; `None` if
/// something can.
///
/// A pool was contended if two workers asked it for an address at once. Who only has an address of it
/// is in nobody's way. n·log n.
pub fn missing(changes: &[Change]) -> Option<Unknown<'static>> {
    if changes.is_empty() {
        return Some("no change was made".into());
    }
    if !changes.iter().any(Change::held) {
        return Some("no worker ever got an address".into());
    }
    let spans = asked(changes, |change| change.acquire.returned);
    match overlaps(spans).next() {
        Some(_) => None,
        None => Some(Unknown::uncontended(
            "nothing was contended: no two workers ever asked one pool at once",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::super::synthetic::{address, given_back, kept, refused};
    use super::*;

    #[test]
    fn asking_at_once_is_contention_and_having_is_not() {
        let holder = given_back(0, 0, 0, [0, 10, 50, 60], &address(0, 0));
        let at_once = kept(1, 0, 0, [5, 40], &address(0, 1));
        let meanwhile = kept(1, 0, 0, [20, 40], &address(0, 1));
        let elsewhere = kept(1, 1, 0, [5, 40], &address(1, 0));
        assert_eq!(missing(&[holder.clone(), at_once]), None);
        for other in [meanwhile, elsewhere] {
            let why = missing(&[holder.clone(), other]).unwrap().why;
            assert!(why.contains("contended"), "{why}");
        }
        assert!(missing(&[]).unwrap().why.contains("no change"));
    }

    #[test]
    fn a_refused_worker_contended_but_somebody_must_have_got_an_address() {
        let holder = kept(0, 0, 0, [0, 10], &address(0, 0));
        let refused = refused(1, 0, 0, [5, 8], "1213");
        assert_eq!(missing(&[holder.clone(), refused.clone()]), None);
        assert!(
            missing(std::slice::from_ref(&refused))
                .unwrap()
                .why
                .contains("ever got an address")
        );
        let mut never_asked = refused;
        never_asked.acquire.returned = never_asked.acquire.invoked;
        let why = missing(&[holder, never_asked]).unwrap().why;
        assert!(why.contains("contended"), "{why}");
    }
}
