//! Classifies the error codes of MariaDB and MySQL, real or simulated, by what a caller may conclude.

use super::operation::Operation;
use crate::model::error::{CallError, ErrorKind, RowReference};

/// A connection that is gone, with the codes of every client library: 2006 before anything was sent,
/// 2013 in flight.
pub fn lost(operation: Operation, sent: bool, why: &str) -> CallError {
    if !sent {
        return CallError::unavailable(2006, format!("the server has gone away: {why}"));
    }
    let message = format!("lost the connection to the server during the call: {why}");
    CallError::new(operation.error_if_lost(), 2013, message)
}

/// The row that a server's message names: the key and its value of a duplicate key, the table and the
/// constraint of a missing or referring row. `None` for any other code, and for a message in another
/// language than English.
pub fn row_of(code: u16, message: &str) -> Option<RowReference> {
    match code {
        1062 => {
            // A value may have quotes of its own, and a key's name has none.
            let (value, key) = message
                .strip_prefix("Duplicate entry '")?
                .strip_suffix('\'')?
                .rsplit_once("' for key '")?;
            Some(RowReference {
                table: None,
                key: Some(key.to_owned()),
                value: Some(value.to_owned()),
            })
        }
        1451 | 1452 => {
            // (`schema`.`table`, CONSTRAINT `name` FOREIGN KEY …)
            let (_, rest) = message.split_once("(`")?;
            let (table, rest) = rest.split_once("`, CONSTRAINT `")?;
            let table = table.rsplit("`.`").next();
            let key = rest.split('`').next();
            Some(RowReference {
                table: table.map(str::to_owned),
                key: key.map(str::to_owned),
                value: None,
            })
        }
        _ => None,
    }
}

/// Classifies a server's error code.
pub fn of_code(code: u16, state: &str, operation: Operation) -> ErrorKind {
    if operation == Operation::Connecting {
        return of_code_when_connecting(code, state);
    }
    match code {
        // Deadlock, and on a cluster: certification failed, or a remote write set came first. A lock
        // wait timed out, or the node did not catch up in time. The row changed since the transaction's
        // snapshot (1020); the table did (1412); a statement must be prepared again (1615). The server
        // has undone the statement, and the session undoes the rest.
        1213 | 1205 | 1020 | 1412 | 1615 => ErrorKind::Conflict,
        // A statement was interrupted: by a kill, as brute force shows itself to some statements
        // (1317), or by max_statement_time, which the run sets (1969). Inside a transaction it had no
        // effect, and the session undoes the rest; it may have waited for a lock, so it may be made
        // again. But MariaDB looks for a kill once more after it has committed, so a COMMIT that says
        // so may have been one, and so may a write that commits by itself.
        1317 | 1969 => match operation {
            Operation::Committing => ErrorKind::Indefinite,
            _ => ErrorKind::Conflict,
        },
        // Not ready: a node outside the primary component refuses before it looks at the statement.
        // Too many connections or statements; read-only just now.
        1040 | 1047 | 1203 | 1226 | 1290 | 1461 | 1792 | 1836 => ErrorKind::Unavailable,
        // The disk, the memory or the lock table is full: InnoDB may have undone more than the
        // statement, and the outcome of a commit is unknown.
        1021 | 1037 | 1038 | 1041 | 1114 | 1206 => operation.error_if_server_failed(),
        // 1180 is an error during COMMIT. In tests no write that got it for a lost majority appeared
        // later, but only its text distinguishes that case from other failures in a commit. 1030: a
        // storage engine failed. 1053: the server is shutting down. 1158 to 1161: it lost the
        // connection. 1927: the connection was killed.
        1030 | 1053 | 1158..=1161 | 1180 | 1927 => operation.error_if_lost(),
        // Larger than the server takes; refused unread.
        1153 => ErrorKind::Rejected,
        _ => of_state(state, operation),
    }
}

fn of_code_when_connecting(code: u16, state: &str) -> ErrorKind {
    match (code, &state[..state.len().min(2)]) {
        // Access denied, no such database: asking again won't help.
        (1044 | 1045 | 1049 | 1698, _) | (_, "28" | "42") => ErrorKind::Rejected,
        _ => ErrorKind::Unavailable,
    }
}

/// The classes of SQLSTATE say as much as needed of the many codes that have no line of their own.
fn of_state(state: &str, operation: Operation) -> ErrorKind {
    match state.get(..2).unwrap_or_default() {
        // A connection exception.
        "08" => operation.error_if_lost(),
        // A transaction rollback.
        "40" => ErrorKind::Conflict,
        // Cardinality, bad data, a constraint, access, syntax or a missing thing: all of them are
        // found while a statement runs, never while it commits.
        "21" | "22" | "23" | "28" | "42" => ErrorKind::Rejected,
        _ => operation.error_if_unknown(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_its_row_as_far_as_it_does() {
        let row = |table: &str, key: &str, value: &str| {
            let named = |word: &str| (!word.is_empty()).then(|| word.to_owned());
            Some(RowReference {
                table: named(table),
                key: named(key),
                value: named(value),
            })
        };
        let missing = "Cannot add or update a child row: a foreign key constraint fails (`s`.`child`, \
                       CONSTRAINT `of_parent` FOREIGN KEY (`parent`) REFERENCES `parents` (`id`))";
        for (code, message, expected) in [
            (
                1062,
                "Duplicate entry '2' for key 'PRIMARY'",
                row("", "PRIMARY", "2"),
            ),
            (
                1062,
                "Duplicate entry 'a' for key 'b' for key 'by_name'",
                row("", "by_name", "a' for key 'b"),
            ),
            (1452, missing, row("child", "of_parent", "")),
            (1451, missing, row("child", "of_parent", "")),
            (1062, "Doppelter Eintrag '2' für Schlüssel 'PRIMARY'", None),
            (1213, "Deadlock found when trying to get lock", None),
            (1205, missing, None),
        ] {
            assert_eq!(row_of(code, message), expected, "{code} {message}");
        }
    }
}
