//! A table of SQLSTATEs: the kind of error for each operation.

use super::*;
use ErrorKind::{Conflict, Indefinite, Rejected, Unavailable};
use Operation::{Committing, Connecting, Reading, Writing};

#[test]
fn each_state_is_what_a_caller_may_conclude() {
    for (state, kinds) in [
        // state, as an error of: reading, writing in a transaction, committing
        ("40001", [Conflict; 3]),
        ("40P01", [Conflict; 3]),
        ("40003", [Rejected, Rejected, Indefinite]),
        ("55P03", [Conflict; 3]),
        ("57014", [Conflict; 3]),
        ("25006", [Unavailable; 3]),
        ("53100", [Unavailable; 3]),
        ("53200", [Unavailable; 3]),
        ("23505", [Rejected; 3]),
        ("23503", [Rejected; 3]),
        ("22P02", [Rejected; 3]),
        ("25P02", [Rejected; 3]),
        ("25001", [Rejected; 3]),
        ("42P01", [Rejected; 3]),
        ("42501", [Rejected; 3]),
        ("0A000", [Rejected; 3]),
        ("55000", [Rejected; 3]),
        ("XX000", [Rejected, Rejected, Indefinite]),
        ("58030", [Rejected, Rejected, Indefinite]),
    ] {
        let told = [Reading, Writing, Committing].map(|it| of_state(state, false, it));
        assert_eq!(told, kinds, "{state}");
    }
}

#[test]
fn an_error_that_ends_the_connection_leaves_a_write_open() {
    for state in [
        "57P01", "57P02", "57P03", "57P05", "25P03", "08006", "53300", "XX000",
    ] {
        let told = [Reading, Writing, Committing].map(|it| of_state(state, true, it));
        assert_eq!(told, [Unavailable, Indefinite, Indefinite], "{state}");
    }
}

#[test]
fn a_connection_that_is_refused_for_good_is_rejected() {
    for (state, kind) in [
        ("28P01", Rejected),
        ("28000", Rejected),
        ("3D000", Rejected),
        ("42501", Rejected),
        ("53300", Unavailable),
        ("57P03", Unavailable),
        ("08004", Unavailable),
    ] {
        assert_eq!(of_state(state, true, Connecting), kind, "{state}");
    }
}

#[test]
fn what_was_not_sent_had_no_effect() {
    for operation in [Reading, Writing, Committing] {
        let error = classify(&Failure::closed(), operation);
        assert_eq!((error.kind, &*error.code), (Unavailable, "08006"));
        let lost = Failure::during(Error::Protocol("cut".to_owned()));
        let kind = if operation == Reading {
            Unavailable
        } else {
            Indefinite
        };
        assert_eq!(classify(&lost, operation).kind, kind);
    }
}
