//! The tables: the one that strategies change, and the audit that they can't see.

use super::super::tables::{self, define, fill};
use super::row_id;
use crate::capability::database::Session;
use crate::model::fault::Fault;
use crate::model::value::Value;
use crate::workload::Workload;

/// The tables that a strategy may read and write.
pub const TABLES: &[&str] = &["volumes"];

/// Every table that a run makes.
pub const MADE: &[&str] = &["volumes", "volumes_audit", "volumes_background"];

/// What one database words differently from another.
struct Wording {
    /// Behind each table.
    table_options: String,
    /// The audit's own first column, and what the trigger writes there. A multi-master cluster
    /// replicates by primary keys, so every table needs one; numbers that the servers hand out
    /// would make strategies meet where they have no business with each other.
    audit_key: (&'static str, &'static str),
}

impl Wording {
    fn of(dialect: &str) -> Self {
        Self {
            table_options: tables::options(dialect),
            audit_key: match dialect {
                "mysql" => ("id char(36) NOT NULL PRIMARY KEY,", "UUID(),"),
                _ => ("", ""),
            },
        }
    }

    /// The rows that workers compete for, or those of the background load. SQLite takes a length for
    /// a remark; the checks say it again.
    fn volumes(&self, table: &str) -> String {
        let options = &self.table_options;
        format!(
            "CREATE TABLE {table} (
    id varchar(36) NOT NULL PRIMARY KEY CHECK (length(id) <= 36),
    status varchar(255) CHECK (length(status) <= 255),
    attach_status varchar(255) CHECK (length(attach_status) <= 255),
    migration_status varchar(255) CHECK (length(migration_status) <= 255)) {options}"
        )
    }

    fn audit(&self) -> String {
        let (column, _) = self.audit_key;
        let options = &self.table_options;
        format!(
            "CREATE TABLE volumes_audit ({column}
    volume_id varchar(36) NOT NULL,
    old_status varchar(255), old_marker varchar(255),
    new_status varchar(255), new_marker varchar(255)) {options}"
        )
    }

    fn trigger(&self) -> String {
        let (_, value) = self.audit_key;
        format!(
            "CREATE TRIGGER volumes_audited AFTER UPDATE ON volumes FOR EACH ROW BEGIN
    INSERT INTO volumes_audit VALUES ({value}
        OLD.id, OLD.status, OLD.attach_status, NEW.status, NEW.attach_status);
    END"
        )
    }
}

/// Makes the tables, with every row available.
pub async fn make(
    session: &mut dyn Session,
    dialect: &str,
    workload: &Workload,
) -> Result<(), Fault> {
    let wording = Wording::of(dialect);
    define(session, wording.volumes("volumes")).await?;
    if workload.audit {
        define(session, wording.audit()).await?;
        define(session, wording.trigger()).await?;
    }
    fill_rows(session, "volumes", workload.rows).await?;
    let generators = workload.background_generators;
    if generators > 0 {
        define(session, wording.volumes("volumes_background")).await?;
        fill_rows(session, "volumes_background", generators).await?;
    }
    Ok(())
}

async fn fill_rows(session: &mut dyn Session, table: &str, rows: u32) -> Result<(), Fault> {
    let insert = format!("INSERT INTO {table} (id, status) VALUES (?, 'available')");
    let ids = (0..rows).map(|row| [Value::from(row_id(row))]);
    fill(session, &insert, ids).await
}
