use super::*;
use crate::model::error::ErrorKind::{Conflict, Indefinite, Rejected, Unavailable};
use mysql_async::ServerError;
use std::io;

fn server(code: u16, state: &str) -> Error {
    Error::Server(ServerError {
        code,
        message: "what MariaDB says".to_owned(),
        state: state.to_owned(),
    })
}

fn of(code: u16, state: &str, operation: Operation) -> CallError {
    classify(&Failure::during(server(code, state)), operation)
}

fn broken() -> Error {
    Error::Io(IoError::Io(io::ErrorKind::UnexpectedEof.into()))
}

#[test]
fn classify_maps_every_code_to_its_conclusion() {
    // code, SQLSTATE, its name, while reading, while writing in a transaction, while committing
    for (code, state, name, reading, writing, committing) in [
        (1213, "40001", "LOCK_DEADLOCK", Conflict, Conflict, Conflict),
        (
            1205,
            "HY000",
            "LOCK_WAIT_TIMEOUT",
            Conflict,
            Conflict,
            Conflict,
        ),
        (1020, "HY000", "CHECKREAD", Conflict, Conflict, Conflict),
        (
            1412,
            "HY000",
            "TABLE_DEF_CHANGED",
            Conflict,
            Conflict,
            Conflict,
        ),
        (
            1615,
            "HY000",
            "NEED_REPREPARE",
            Conflict,
            Conflict,
            Conflict,
        ),
        (4999, "40000", "some rollback", Conflict, Conflict, Conflict),
        (
            1317,
            "70100",
            "QUERY_INTERRUPTED",
            Conflict,
            Conflict,
            Indefinite,
        ),
        (
            1969,
            "70100",
            "STATEMENT_TIMEOUT",
            Conflict,
            Conflict,
            Indefinite,
        ),
        (
            1047,
            "08S01",
            "UNKNOWN_COM_ERROR",
            Unavailable,
            Unavailable,
            Unavailable,
        ),
        (
            1040,
            "08004",
            "CON_COUNT_ERROR",
            Unavailable,
            Unavailable,
            Unavailable,
        ),
        (
            1290,
            "HY000",
            "OPTION_PREVENTS",
            Unavailable,
            Unavailable,
            Unavailable,
        ),
        (
            1461,
            "42000",
            "MAX_PREPARED",
            Unavailable,
            Unavailable,
            Unavailable,
        ),
        (
            1792,
            "25006",
            "READ_ONLY_TRX",
            Unavailable,
            Unavailable,
            Unavailable,
        ),
        (
            1836,
            "HY000",
            "READ_ONLY_MODE",
            Unavailable,
            Unavailable,
            Unavailable,
        ),
        (
            1021,
            "HY000",
            "DISK_FULL",
            Unavailable,
            Unavailable,
            Indefinite,
        ),
        (
            1041,
            "HY000",
            "OUT_OF_RESOURCES",
            Unavailable,
            Unavailable,
            Indefinite,
        ),
        (
            1114,
            "HY000",
            "RECORD_FILE_FULL",
            Unavailable,
            Unavailable,
            Indefinite,
        ),
        (
            1206,
            "HY000",
            "LOCK_TABLE_FULL",
            Unavailable,
            Unavailable,
            Indefinite,
        ),
        (
            1180,
            "HY000",
            "ERROR_DURING_COMMIT",
            Unavailable,
            Indefinite,
            Indefinite,
        ),
        (
            1030,
            "HY000",
            "GET_ERRNO",
            Unavailable,
            Indefinite,
            Indefinite,
        ),
        (
            1053,
            "08S01",
            "SERVER_SHUTDOWN",
            Unavailable,
            Indefinite,
            Indefinite,
        ),
        (
            1158,
            "08S01",
            "NET_READ_ERROR",
            Unavailable,
            Indefinite,
            Indefinite,
        ),
        (
            1159,
            "08S01",
            "NET_READ_INTERRUPTED",
            Unavailable,
            Indefinite,
            Indefinite,
        ),
        (
            1160,
            "08S01",
            "NET_ERROR_ON_WRITE",
            Unavailable,
            Indefinite,
            Indefinite,
        ),
        (
            1161,
            "08S01",
            "NET_WRITE_INTERRUPTED",
            Unavailable,
            Indefinite,
            Indefinite,
        ),
        (
            1927,
            "70100",
            "CONNECTION_KILLED",
            Unavailable,
            Indefinite,
            Indefinite,
        ),
        (
            1184,
            "08S01",
            "NEW_ABORTING",
            Unavailable,
            Indefinite,
            Indefinite,
        ),
        (1062, "23000", "DUP_ENTRY", Rejected, Rejected, Rejected),
        (1048, "23000", "BAD_NULL", Rejected, Rejected, Rejected),
        (
            1452,
            "23000",
            "NO_REFERENCED_ROW",
            Rejected,
            Rejected,
            Rejected,
        ),
        (
            4025,
            "23000",
            "CONSTRAINT_FAILED",
            Rejected,
            Rejected,
            Rejected,
        ),
        (1146, "42S02", "NO_SUCH_TABLE", Rejected, Rejected, Rejected),
        (1054, "42S22", "BAD_FIELD", Rejected, Rejected, Rejected),
        (1064, "42000", "PARSE_ERROR", Rejected, Rejected, Rejected),
        (
            1142,
            "42000",
            "TABLEACCESS_DENIED",
            Rejected,
            Rejected,
            Rejected,
        ),
        (1406, "22001", "DATA_TOO_LONG", Rejected, Rejected, Rejected),
        (1264, "22003", "OUT_OF_RANGE", Rejected, Rejected, Rejected),
        (
            1242,
            "21000",
            "SUBQUERY_NO_1_ROW",
            Rejected,
            Rejected,
            Rejected,
        ),
        (
            1153,
            "08S01",
            "NET_PACKET_TOO_LARGE",
            Rejected,
            Rejected,
            Rejected,
        ),
        (
            1193,
            "HY000",
            "UNKNOWN_VARIABLE",
            Rejected,
            Rejected,
            Indefinite,
        ),
        (
            1366,
            "22007",
            "TRUNCATED_WRONG_VALUE",
            Rejected,
            Rejected,
            Rejected,
        ),
        (
            1105,
            "HY000",
            "UNKNOWN_ERROR",
            Rejected,
            Rejected,
            Indefinite,
        ),
        (4998, "", "something new", Rejected, Rejected, Indefinite),
    ] {
        for (operation, kind) in [
            (Operation::Reading, reading),
            (Operation::Writing, writing),
            (Operation::Committing, committing),
        ] {
            let error = of(code, state, operation);
            assert_eq!(error.kind, kind, "{name} while {operation:?}");
            assert_eq!(error.code, code.to_string(), "{name}");
        }
    }
}

#[test]
fn refused_connection_is_unavailable_unless_the_user_was_denied() {
    for (code, state, name, kind) in [
        (1040, "08004", "CON_COUNT_ERROR", Unavailable),
        (1047, "08S01", "UNKNOWN_COM_ERROR", Unavailable),
        (1129, "HY000", "HOST_IS_BLOCKED", Unavailable),
        (1044, "42000", "DBACCESS_DENIED", Rejected),
        (1045, "28000", "ACCESS_DENIED", Rejected),
        (1049, "42000", "BAD_DB", Rejected),
        (1698, "28000", "ACCESS_DENIED_NO_PASSWORD", Rejected),
    ] {
        assert_eq!(of(code, state, Operation::Connecting).kind, kind, "{name}");
    }
    let refused = Error::Io(IoError::Io(io::ErrorKind::ConnectionRefused.into()));
    let error = classify(&Failure::before(refused), Operation::Connecting);
    assert_eq!(error.kind, Unavailable);
}

#[test]
fn lost_connection_makes_a_write_in_flight_indefinite() {
    for (operation, kind) in [
        (Operation::Reading, Unavailable),
        (Operation::Writing, Indefinite),
        (Operation::Committing, Indefinite),
    ] {
        let error = classify(&Failure::during(broken()), operation);
        assert_eq!(
            (error.kind, error.code.as_str()),
            (kind, "2013"),
            "{operation:?}"
        );
        let error = classify(&Failure::before(broken()), operation);
        assert_eq!(
            (error.kind, error.code.as_str()),
            (Unavailable, "2006"),
            "{operation:?}"
        );
    }
}

#[test]
fn trigger_that_the_server_can_not_read_is_no_mistake_of_the_statement() {
    let said = |message: &str| {
        let error = Error::Server(ServerError {
            code: 1064,
            message: message.to_owned(),
            state: "42000".to_owned(),
        });
        classify(&Failure::during(error), Operation::Writing).kind
    };
    let syntax = "You have an error in your SQL syntax; check the manual near ')' at line 2";
    assert_eq!(said(syntax), Rejected);
    let trigger = format!("Trigger 'volumes_deleted' has an error in its body: '{syntax}'");
    assert_eq!(said(&trigger), Unavailable);
}

#[test]
fn failed_preparation_had_no_effect() {
    for code in [1105, 1317, 1180, 1053] {
        let failure = Failure::before(server(code, "HY000"));
        let kind = classify(&failure, Operation::Committing).kind;
        assert_ne!(kind, Indefinite, "{code}");
    }
}

/// The servers' codes end below 5000, and the first thousand is not theirs.
#[test]
fn conflict_is_only_an_error_that_certainly_had_no_effect() {
    for code in 0..u16::MAX {
        let conflict = of(code, "HY000", Operation::Committing).kind == Conflict;
        let known = matches!(code, 1213 | 1205 | 1020 | 1412 | 1615);
        assert_eq!(conflict, known, "{code}");
    }
}
