//! MariaDB's and MySQL's words for the schemas of trials.

use super::answer::{Failure, answer, run};
use super::classify::classify;
use super::options::{Address, hang_up};
use super::servers::{Servers, introduce};
use crate::capability::operation::Operation;
use crate::model::error::CallError;
use crate::model::value::{Row, Value};
use crate::own_schema::{Ground, Refused, Witnesses};
use async_trait::async_trait;
use mysql_async::{Conn, Error};

#[async_trait]
impl Ground for Address {
    type Connection = Conn;

    const QUOTE: char = '`';
    const TIME: &'static str = "datetime";
    const NOW: &'static str = "UTC_TIMESTAMP()";
    const SILENT_S: &'static str = "TIMESTAMPDIFF(SECOND, beat, UTC_TIMESTAMP())";
    const TABLE_OPTIONS: &'static str = " ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    COMMENT='made by contend: which run uses this schema'";
    const SCHEMAS: &'static str = "SELECT schema_name FROM information_schema.schemata \
         WHERE schema_name LIKE 'contend\\_run\\_%'";
    const RIGHT: &'static str = "GRANT ALL ON `contend\\_run\\_%`.* TO …";

    async fn connect(&self) -> Result<Conn, CallError> {
        Ok(introduce(self).await?.connection)
    }

    async fn hang_up(connection: Conn) {
        hang_up(connection).await;
    }

    async fn run(connection: &mut Conn, text: &str) -> Result<(), Refused> {
        run(connection, text).await.map_err(refused)
    }

    async fn rows(connection: &mut Conn, text: &str) -> Result<Vec<Row>, Refused> {
        let answered = answer(connection, text, &[], usize::MAX).await;
        Ok(answered.map_err(refused)?.rows)
    }

    async fn schema(connection: &mut Conn) -> Result<String, Refused> {
        let rows = Self::rows(connection, "SELECT DATABASE()").await?;
        let name = rows.into_iter().flatten().next().and_then(Value::into_text);
        Ok(name.unwrap_or_default())
    }

    fn create(schema: &str) -> String {
        format!("CREATE DATABASE `{schema}` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
    }

    fn drop(schema: &str) -> String {
        format!("DROP DATABASE IF EXISTS `{schema}`")
    }

    fn use_rights(schema: &str) -> Vec<String> {
        vec![
            format!("CREATE TABLE `{schema}`.rights (id int NOT NULL PRIMARY KEY) ENGINE=InnoDB"),
            format!(
                "CREATE TRIGGER `{schema}`.rights_audited AFTER UPDATE ON `{schema}`.rights \
                 FOR EACH ROW DELETE FROM `{schema}`.rights WHERE id < 0"
            ),
            format!("DROP TABLE `{schema}`.rights"),
        ]
    }

    fn hold(name: &str) -> String {
        format!("DO GET_LOCK('{name}', 0)")
    }
}

fn refused(failure: Failure) -> Refused {
    let code = match &failure.error {
        Error::Server(error) => error.code,
        _ => 0,
    };
    Refused {
        error: classify(&failure, Operation::Connecting),
        lacks_right: matches!(code, 1044 | 1142 | 1227),
    }
}

#[async_trait]
impl Witnesses for Servers {
    fn are_all(&self) -> bool {
        self.membership.unseen.is_empty()
    }

    /// Locks by name are each server's own, so every one is asked.
    async fn may_hold(&self, name: &str) -> bool {
        let look = format!("SELECT IS_USED_LOCK('{name}')");
        for node in &self.nodes {
            match node.as_it_is.read(&look, &[]).await {
                Ok(rows) if rows.iter().flatten().all(|value| *value == Value::Null) => {}
                _ => return true,
            }
        }
        false
    }
}
