//! The operations and words of a database that making schemas needs.

use crate::model::error::CallError;
use crate::model::value::Row;
use async_trait::async_trait;

/// The endpoint of a database in which schemas are made, and its words for that.
#[async_trait]
pub(crate) trait Ground: Clone + Send + Sync + 'static {
    type Connection: Send + 'static;

    /// The sign around a name.
    const QUOTE: char;

    /// The type of a time without a zone, the present time of it, and the seconds since the column
    /// `beat`.
    const TIME: &'static str;
    const NOW: &'static str;
    const SILENT_S: &'static str;

    /// Behind the columns of the table with the heartbeat.
    const TABLE_OPTIONS: &'static str;

    /// Lists the schemas.
    const SCHEMAS: &'static str;

    /// The right by which a run makes schemas, as it is granted.
    const RIGHT: &'static str;

    async fn connect(&self) -> Result<Self::Connection, CallError>;

    async fn hang_up(connection: Self::Connection);

    /// Runs one statement.
    async fn run(connection: &mut Self::Connection, text: &str) -> Result<(), Refused>;

    /// Runs a statement that reads.
    async fn rows(connection: &mut Self::Connection, text: &str) -> Result<Vec<Row>, Refused>;

    /// The schema that the URL names.
    async fn schema(connection: &mut Self::Connection) -> Result<String, Refused>;

    fn create(schema: &str) -> String;

    fn drop(schema: &str) -> String;

    /// Makes and drops what a trial needs the right for: a table with a trigger.
    fn use_rights(schema: &str) -> Vec<String>;

    /// Takes a lock of this name, which ends with its connection.
    fn hold(name: &str) -> String;
}

/// The servers that may have a lock of a run.
#[async_trait]
pub(crate) trait Witnesses: Sync {
    /// No server of the database is out of sight.
    fn are_all(&self) -> bool;

    /// True unless every server says that it has no lock of this name.
    async fn may_hold(&self, name: &str) -> bool;
}

/// The error of a statement.
pub(crate) struct Refused {
    pub(crate) error: CallError,
    /// The user lacks a right.
    pub(crate) lacks_right: bool,
}
