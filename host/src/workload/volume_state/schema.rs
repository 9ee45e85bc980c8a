//! The tables: the one that strategies change, and the audit that they can't see.

use super::super::tables::{self, define, fill};
use super::row::row_id;
use crate::capability::database::{Database, Session};
use crate::model::error::CallError;
use crate::model::value::Value;
use crate::workload::numbers::Workload;

/// The tables that a strategy may read and write.
pub const TABLES: &[&str] = &["volumes"];

/// Every table that a run makes.
pub(super) const MADE: &[&str] = &["volumes", "volumes_audit", "volumes_background"];

/// The SQL that differs between databases.
struct Wording {
    dialect: &'static str,
    /// The audit's own first column, and what the trigger writes there. A multi-master cluster
    /// replicates by primary keys, so every table needs one; numbers that the servers hand out
    /// would make strategies meet where they have no business with each other.
    audit_key: (&'static str, &'static str),
    /// The index by which settling finds a marker: with the columns, or by itself.
    audit_index: (&'static str, Option<&'static str>),
}

const INDEX: &str = "CREATE INDEX volumes_audit_by_marker ON volumes_audit (new_marker)";

impl Wording {
    fn of(dialect: &'static str) -> Self {
        let (audit_key, audit_index) = match dialect {
            "mysql" => (
                ("id char(36) NOT NULL PRIMARY KEY,", "UUID(),"),
                (", KEY (new_marker)", None),
            ),
            "postgres" => (
                ("id uuid NOT NULL PRIMARY KEY,", "gen_random_uuid(),"),
                ("", Some(INDEX)),
            ),
            // The order of commits: there is one writer at a time, and the numbers of what it
            // rolls back are given again.
            _ => (("number INTEGER PRIMARY KEY,", "NULL,"), ("", Some(INDEX))),
        };
        Self {
            dialect,
            audit_key,
            audit_index,
        }
    }

    /// The rows that workers compete for, or those of the background load. SQLite takes a length for
    /// a remark; the checks say it again.
    fn volumes(&self, table: &str) -> String {
        let columns = "
    id varchar(36) NOT NULL PRIMARY KEY CHECK (length(id) <= 36),
    status varchar(255) CHECK (length(status) <= 255),
    attach_status varchar(255) CHECK (length(attach_status) <= 255),
    migration_status varchar(255) CHECK (length(migration_status) <= 255)";
        tables::definition(self.dialect, table, columns)
    }

    fn audit(&self) -> String {
        let columns = format!(
            "{}
    transaction_name varchar(400),
    old_id varchar(36), old_status varchar(255), old_marker varchar(255),
    new_id varchar(36), new_status varchar(255), new_marker varchar(255){}",
            self.audit_key.0, self.audit_index.0
        );
        tables::definition(self.dialect, "volumes_audit", &columns)
    }

    /// Three triggers, whose texts differ in what there is of OLD and NEW. `transaction` is the
    /// database's expression for the name of the transaction.
    fn triggers(&self, transaction: &str) -> [String; 3] {
        const OLD: &str = "OLD.id, OLD.status, OLD.attach_status";
        const NEW: &str = "NEW.id, NEW.status, NEW.attach_status";
        const NOTHING: &str = "NULL, NULL, NULL";
        let (_, value) = self.audit_key;
        [
            ("inserted", "INSERT", NOTHING, NEW),
            ("updated", "UPDATE", OLD, NEW),
            ("deleted", "DELETE", OLD, NOTHING),
        ]
        .map(|(name, event, old, new)| {
            let record =
                format!("INSERT INTO volumes_audit VALUES ({value} {transaction}, {old}, {new})");
            let trigger =
                format!("CREATE TRIGGER volumes_{name} AFTER {event} ON volumes FOR EACH ROW");
            match self.dialect {
                "postgres" => format!(
                    "CREATE OR REPLACE FUNCTION volumes_{name}() RETURNS trigger LANGUAGE plpgsql AS \
                     $$ BEGIN {record}; RETURN NULL; END $$;
    {trigger} EXECUTE FUNCTION volumes_{name}()"
                ),
                _ => format!("{trigger} BEGIN\n    {record};\n    END"),
            }
        })
    }
}

/// Makes the tables, with every row available. The audit begins when they are filled.
pub(super) async fn make(
    session: &mut dyn Session,
    database: &dyn Database,
    workload: &Workload,
) -> Result<(), CallError> {
    let wording = Wording::of(database.dialect());
    define(session, wording.volumes("volumes")).await?;
    fill_rows(session, "volumes", workload.rows).await?;
    if workload.audit {
        define(session, wording.audit()).await?;
        if let Some(index) = wording.audit_index.1 {
            define(session, index.to_owned()).await?;
        }
        for trigger in wording.triggers(database.name_transactions()) {
            define(session, trigger).await?;
        }
    }
    let generators = workload.background_generators;
    if generators > 0 {
        define(session, wording.volumes("volumes_background")).await?;
        fill_rows(session, "volumes_background", generators).await?;
    }
    Ok(())
}

async fn fill_rows(session: &mut dyn Session, table: &str, rows: u32) -> Result<(), CallError> {
    let insert = format!("INSERT INTO {table} (id, status) VALUES (?, 'available')");
    let ids = (0..rows).map(|row| [Value::from(row_id(row))]);
    fill(session, &insert, ids).await
}
