//! Rivals for the addresses of a pool.

use crate::check::parts::Rivalry;

/// A pool was contended if two workers asked it for an address at once. A worker that only has an address
/// of it keeps no other one waiting.
pub const ADDRESSES: Rivalry = Rivalry {
    until: |change| change.acquire.returned,
    never_held: "no worker ever got an address",
    never_met: "nothing was contended: no two workers ever asked one pool at once",
};

#[cfg(test)]
mod tests {
    use super::super::synthetic::{address, given_back, kept, refused};
    use super::*;
    use crate::check::parts::Unknown;
    use crate::model::change::Change;

    fn missing(changes: &[Change]) -> Option<Unknown<'static>> {
        ADDRESSES.missing(changes, &ADDRESSES.count(changes, 1))
    }

    #[test]
    fn askers_on_one_node_show_nothing_of_a_cluster() {
        let one = kept(0, 0, 0, [0, 10], &address(0, 0));
        let other = kept(1, 0, 0, [5, 40], &address(0, 1));
        let same_node = kept(2, 0, 0, [5, 40], &address(0, 1));
        let elsewhere = kept(3, 1, 0, [5, 40], &address(1, 1));
        assert_eq!(missing(&[one.clone(), other]), None);
        let why = missing(&[one, same_node, elsewhere]).map(|unknown| unknown.why);
        assert_eq!(why, Some("no row was contended from two nodes"));
    }

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
    fn a_refused_worker_contended_but_one_must_have_got_an_address() {
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
