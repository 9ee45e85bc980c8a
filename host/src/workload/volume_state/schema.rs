//! The tables: the one that strategies change, and the audit that they can't see.

use super::{VolumeState, row_id};
use crate::capability::database::{Database, Freshness, Session, Target};
use crate::capability::statement::{Action, Statement};
use crate::model::fault::Fault;
use crate::model::value::Value;

/// The tables that a strategy may read and write.
pub const TABLES: &[&str] = &["volumes"];

/// Every table that a run makes.
const OURS: &[&str] = &["volumes", "volumes_audit", "volumes_background"];

/// What a table's comment says, where a database has comments: it may be made anew.
const MARK: &str = "made by contend, which replaces it in every run";

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
        match dialect {
            "mysql" => Self {
                // Texts are compared as they are, as SQLite does.
                table_options: format!(
                    "ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT='{MARK}'"
                ),
                audit_key: ("id char(36) NOT NULL PRIMARY KEY,", "UUID(),"),
            },
            _ => Self {
                table_options: String::new(),
                audit_key: ("", ""),
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

/// Is there a table of one of these names that is somebody else's, and so not ours to drop?
pub async fn exists(database: &dyn Database) -> Result<bool, Fault> {
    let node = &database.nodes()[0];
    let as_it_is = Freshness::AsItIs;
    for table in OURS {
        let look = match database.dialect() {
            "mysql" => format!(
                "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() \
                 AND table_name = '{table}' AND table_comment <> '{MARK}'"
            ),
            _ => format!("SELECT 1 FROM sqlite_master WHERE name = '{table}'"),
        };
        let look = Statement::of_host(look, Action::Read);
        if !database.read(node, as_it_is, &look, &[]).await?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Makes the tables anew, with every row available, and waits until every node has them.
pub async fn prepare(database: &dyn Database, workload: &VolumeState) -> Result<(), Fault> {
    let mut session = database.connect(&Target::Endpoint).await?;
    let wording = Wording::of(database.dialect());
    let made = make(&mut *session, &wording, workload).await;
    session.close().await;
    made?;
    let count = Statement::of_host("SELECT count(*) FROM volumes", Action::Read);
    for node in database.nodes() {
        database.read(node, Freshness::Causal, &count, &[]).await?;
    }
    Ok(())
}

async fn make(
    session: &mut dyn Session,
    wording: &Wording,
    workload: &VolumeState,
) -> Result<(), Fault> {
    for table in OURS {
        define(session, format!("DROP TABLE IF EXISTS {table}")).await?;
    }
    define(session, wording.volumes("volumes")).await?;
    if workload.audit {
        define(session, wording.audit()).await?;
        define(session, wording.trigger()).await?;
    }
    fill(session, "volumes", (0..workload.rows).map(row_id)).await?;
    let generators = workload.background_generators;
    if generators > 0 {
        define(session, wording.volumes("volumes_background")).await?;
        fill(session, "volumes_background", (0..generators).map(row_id)).await?;
    }
    Ok(())
}

async fn define(session: &mut dyn Session, text: String) -> Result<(), Fault> {
    let statement = Statement::of_host(text, Action::Define);
    session.execute(&statement, &[]).await.map(|_| ())
}

async fn fill(
    session: &mut dyn Session,
    table: &str,
    ids: impl Iterator<Item = String>,
) -> Result<(), Fault> {
    let insert = Statement::of_host(
        format!("INSERT INTO {table} (id, status) VALUES (?, 'available')"),
        Action::Write,
    );
    session.begin().await?;
    for id in ids {
        session.execute(&insert, &[Value::from(id)]).await?;
    }
    session.commit().await
}
