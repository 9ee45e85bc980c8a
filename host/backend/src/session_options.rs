//! Options of a run's database sessions, beyond the servers' defaults.

use super::url::AutocommitWrites;
use crate::capability::database::Freshness;
use crate::capability::statement::{Action, Statement};
use serde::{Deserialize, Serialize};
use std::time::Duration;

crate::model::words! {
    /// The rows that a write counts.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum AffectedRows {
        /// Changed rows, as MariaDB's own client counts.
        #[default]
        Changed = "changed",
        /// Found rows, changed or not: CLIENT_FOUND_ROWS, which most drivers set. SQLite counts these.
        Found = "found",
    }
}

/// The choices of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SessionOptions {
    pub autocommit_writes: AutocommitWrites,
    pub affected_rows: AffectedRows,
    /// Time limit of one statement of a strategy on the server, even if no caller waits for it any more.
    pub statement_limit: Option<Duration>,
}

impl From<AutocommitWrites> for SessionOptions {
    fn from(autocommit_writes: AutocommitWrites) -> Self {
        Self {
            autocommit_writes,
            ..Self::default()
        }
    }
}

crate::model::words! {
    /// The isolation level of a session's transactions.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Isolation {
        ReadCommitted = "read-committed",
        RepeatableRead = "repeatable-read",
        Serializable = "serializable",
        /// REPEATABLE READ in which a row that changed since the snapshot can't be written:
        /// `innodb_snapshot_isolation`.
        Snapshot = "snapshot",
    }
}

impl Isolation {
    fn level(self) -> &'static str {
        match self {
            Self::ReadCommitted => "READ COMMITTED",
            Self::RepeatableRead | Self::Snapshot => "REPEATABLE READ",
            Self::Serializable => "SERIALIZABLE",
        }
    }
}

/// The settings of every session of a worker, set when it is opened. Nothing is set by default: a
/// session is what the server makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SessionSettings {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isolation: Option<Isolation>,
    /// `wsrep_sync_wait` of Galera.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync_wait: Option<u8>,
}

impl SessionSettings {
    /// The largest `wsrep_sync_wait`: a bit for each sort of statement.
    const MAX_SYNC_WAIT: u8 = 15;

    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// The freshness of a read in such a session: `wsrep_sync_wait` has a bit for reading.
    pub fn freshness(&self) -> Freshness {
        match self.sync_wait.unwrap_or(0) & 1 {
            0 => Freshness::AsItIs,
            _ => Freshness::Causal,
        }
    }

    /// The statements that set them in this dialect. An error for what its server does not have.
    pub fn statements(&self, dialect: &str) -> Result<Vec<Statement>, String> {
        let mut texts = Vec::new();
        if let Some(isolation) = self.isolation {
            let level = isolation.level();
            match (dialect, isolation) {
                ("mysql", _) => {
                    if isolation == Isolation::Snapshot {
                        texts.push("SET SESSION innodb_snapshot_isolation = ON".to_owned());
                    }
                    texts.push(format!("SET SESSION TRANSACTION ISOLATION LEVEL {level}"));
                }
                ("postgres", Isolation::Snapshot) => {
                    return Err(
                        "--isolation snapshot is for MariaDB: in PostgreSQL, repeatable-read is \
                                snapshot isolation"
                            .to_owned(),
                    );
                }
                ("postgres", _) => texts.push(format!(
                    "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL {level}"
                )),
                _ => {
                    return Err(
                        "--isolation is for --db mysql://…, postgres://… and sim: transactions \
                                of SQLite are serializable"
                            .to_owned(),
                    );
                }
            }
        }
        match (self.sync_wait, dialect) {
            (None, _) => {}
            (Some(bits), "mysql") if bits <= Self::MAX_SYNC_WAIT => {
                texts.push(format!("SET SESSION wsrep_sync_wait = {bits}"));
            }
            (Some(_), "mysql") => return Err("--sync-wait is from 0 to 15".to_owned()),
            (Some(_), _) => {
                return Err(
                    "--sync-wait is for a Galera cluster: --db mysql://… and sim".to_owned(),
                );
            }
        }
        let setting = |text| Statement::of_host(text, Action::Set);
        Ok(texts.into_iter().map(setting).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_written_as_each_server_has_them() {
        let texts = |dialect, isolation: &str, sync_wait| {
            let settings = SessionSettings {
                isolation: Some(isolation.parse().unwrap()),
                sync_wait,
            };
            let statements = settings.statements(dialect)?;
            let texts = statements.iter().map(|it| it.text().to_owned());
            Ok::<_, String>(texts.collect::<Vec<_>>().join("; "))
        };
        assert_eq!(
            texts("mysql", "snapshot", Some(1)).unwrap(),
            "SET SESSION innodb_snapshot_isolation = ON; \
             SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ; SET SESSION wsrep_sync_wait = 1"
        );
        assert_eq!(
            texts("postgres", "read-committed", None).unwrap(),
            "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED"
        );
        for (dialect, isolation, sync_wait, says) in [
            (
                "postgres",
                "snapshot",
                None,
                "repeatable-read is snapshot isolation",
            ),
            ("sqlite", "serializable", None, "of SQLite are serializable"),
            ("mysql", "serializable", Some(16), "from 0 to 15"),
            ("postgres", "serializable", Some(1), "Galera"),
        ] {
            let error = texts(dialect, isolation, sync_wait).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
        assert!(SessionSettings::default().is_none());
        for (sync_wait, freshness) in [
            (None, Freshness::AsItIs),
            (Some(0), Freshness::AsItIs),
            (Some(2), Freshness::AsItIs),
            (Some(1), Freshness::Causal),
            (Some(3), Freshness::Causal),
        ] {
            let settings = SessionSettings {
                sync_wait,
                ..SessionSettings::default()
            };
            assert_eq!(settings.freshness(), freshness, "{sync_wait:?}");
        }
        assert!("read_committed".parse::<Isolation>().is_err());
    }
}
