//! The lab: real servers, real processes, real faults.

use crate::support::lab::lab;

#[test]
fn the_shared_lab_is_whole() {
    assert!(lab().status().whole);
}
