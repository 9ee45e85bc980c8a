//! The tables: the one that strategies change, and the audit that they can't see.

use super::row_id;
use crate::capability::database::{Database, Freshness, Session, Target};
use crate::capability::statement::{Action, Statement};
use crate::model::fault::Fault;
use crate::model::value::Value;

/// The tables that a strategy may read and write.
pub const TABLES: &[&str] = &["volumes"];

/// SQLite takes a length for a remark; the checks say it again.
const VOLUMES: &str = "CREATE TABLE volumes (
    id varchar(36) NOT NULL PRIMARY KEY CHECK (length(id) <= 36),
    status varchar(255) CHECK (length(status) <= 255),
    attach_status varchar(255) CHECK (length(attach_status) <= 255),
    migration_status varchar(255) CHECK (length(migration_status) <= 255))";

const AUDIT: &str = "CREATE TABLE volumes_audit (
    volume_id varchar(36) NOT NULL,
    old_status varchar(255), old_marker varchar(255),
    new_status varchar(255), new_marker varchar(255))";

const TRIGGER: &str = "CREATE TRIGGER volumes_audited AFTER UPDATE ON volumes FOR EACH ROW BEGIN
    INSERT INTO volumes_audit VALUES
        (OLD.id, OLD.status, OLD.attach_status, NEW.status, NEW.attach_status);
    END";

/// Is there a table of these names already? Then it is somebody's, and not ours to drop.
pub async fn exists(database: &dyn Database) -> Result<bool, Fault> {
    let node = &database.nodes()[0];
    for table in ["volumes", "volumes_audit"] {
        let look = Statement::of_host(format!("SELECT 1 FROM {table} LIMIT 1"), Action::Read);
        match database.read(node, Freshness::AsItIs, &look, &[]).await {
            Ok(_) => return Ok(true),
            Err(fault) if fault.kind == crate::model::fault::FaultKind::Rejected => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(false)
}

/// Makes the tables anew, with every row available.
pub async fn prepare(database: &dyn Database, rows: u32, audit: bool) -> Result<(), Fault> {
    let mut session = database.connect(&Target::Endpoint).await?;
    let made = make(&mut *session, rows, audit).await;
    session.close().await;
    made
}

async fn make(session: &mut dyn Session, rows: u32, audit: bool) -> Result<(), Fault> {
    let mut run = async |text: &str| {
        let statement = Statement::of_host(text, Action::Write);
        session.execute(&statement, &[]).await
    };
    run("DROP TABLE IF EXISTS volumes").await?;
    run("DROP TABLE IF EXISTS volumes_audit").await?;
    run(VOLUMES).await?;
    if audit {
        run(AUDIT).await?;
        run(TRIGGER).await?;
    }
    let insert = Statement::of_host(
        "INSERT INTO volumes (id, status) VALUES (?, 'available')",
        Action::Write,
    );
    session.begin().await?;
    for row in 0..rows {
        session
            .execute(&insert, &[Value::from(row_id(row))])
            .await?;
    }
    session.commit().await
}
