//! Making tables, and knowing our own again.

use crate::capability::database::{Database, Freshness, Session};
use crate::capability::statement::{Action, Statement};
use crate::model::error::CallError;
use crate::model::value::Value;

/// The mark of our tables: a table with it may be dropped and created again.
const MARK: &str = "made by contend, which replaces it in every run";

/// The definition of a table with these columns, and with the mark.
pub fn definition(dialect: &str, name: &str, columns: &str) -> String {
    match dialect {
        // Texts are compared as they are, as SQLite does.
        "mysql" => format!(
            "CREATE TABLE {name} ({columns}) \
             ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT='{MARK}'"
        ),
        "postgres" => {
            format!("CREATE TABLE {name} ({columns}); COMMENT ON TABLE {name} IS '{MARK}'")
        }
        // A table has no comment of its own: its definition is kept as it was written.
        _ => format!("CREATE TABLE {name} ({columns} /* {MARK} */)"),
    }
}

/// Is there a table of one of these names that does not say that it is ours?
pub async fn exist(database: &dyn Database, tables: &[&str]) -> Result<bool, CallError> {
    let node = &database.nodes()[0];
    let as_it_is = Freshness::AsItIs;
    for table in tables {
        let look = match database.dialect() {
            "mysql" => format!(
                "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() \
                 AND table_name = '{table}' AND table_comment <> '{MARK}'"
            ),
            "postgres" => format!(
                "SELECT 1 FROM pg_class WHERE relname = '{table}' \
                 AND relnamespace = current_schema()::regnamespace \
                 AND obj_description(oid, 'pg_class') IS DISTINCT FROM '{MARK}'"
            ),
            _ => format!(
                "SELECT 1 FROM sqlite_master WHERE name = '{table}' \
                 AND (sql IS NULL OR instr(sql, '{MARK}') = 0)"
            ),
        };
        let look = Statement::of_host(look, Action::Read);
        if !database.read(node, as_it_is, &look, &[]).await?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Runs a statement that makes or drops something.
pub async fn define(session: &mut dyn Session, text: String) -> Result<(), CallError> {
    let statement = Statement::of_host(text, Action::Define);
    session.execute(&statement, &[]).await.map(|_| ())
}

/// Inserts all rows in one transaction.
pub async fn fill<const N: usize>(
    session: &mut dyn Session,
    insert: &str,
    rows: impl Iterator<Item = [Value; N]>,
) -> Result<(), CallError> {
    let insert = Statement::of_host(insert, Action::Write);
    session.begin().await?;
    for values in rows {
        session.execute(&insert, &values).await?;
    }
    session.commit().await
}
