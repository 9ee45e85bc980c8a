//! The use of a database by runs: one run at a time, or a schema for each run.

use super::mysql::Mysql;
use super::open_database;
use super::own_schema::Claim;
use super::postgres::Postgres;
use super::secret_url::SecretUrl;
use super::session_options::SessionOptions;
use super::sqlite::FileClaim;
use super::url::DatabaseUrl;
use crate::capability::database::Database;
use crate::model::error::CallError;
use std::path::Path;
use std::sync::Arc;

/// A run's hold on its database, from before it touches anything until it ends.
pub enum Tenancy {
    /// The database is the run's own: a fresh file, or memory.
    Alone,
    /// A file that the user named, claimed for this run.
    File(FileClaim),
    /// Each trial creates its own schema on the servers, and drops it.
    Schemas,
    /// The user's schema, claimed for this run, since no schema could be made.
    Shared(Box<dyn Claim>),
}

/// Claims the database for a run. `None` where there are tables in the way that are not ours, as
/// `is_taken` says; `rejected` with `in-use` where another run has it.
pub async fn reserve(
    url: &DatabaseUrl,
    nodes: &[SecretUrl],
    options: SessionOptions,
    is_taken: impl AsyncFnOnce(&dyn Database) -> Result<bool, CallError>,
) -> Result<Option<Tenancy>, CallError> {
    match url {
        DatabaseUrl::SqliteFile(path) => {
            // Where there can be no claim there can be no database; SQLite says why in better words.
            let claim = FileClaim::take(path);
            if let Err(error) = &claim
                && error.code == "in-use"
            {
                return Err(error.clone());
            }
            let database = open_database(url, nodes, options, Path::new("")).await?;
            let taken = is_taken(&*database).await;
            database.close().await;
            Ok((!taken?).then_some(Tenancy::File(claim?)))
        }
        DatabaseUrl::Mysql(endpoint) => {
            let database = Mysql::open(endpoint, nodes, options).await?;
            reserve_on(&database, database.reserve(), is_taken).await
        }
        DatabaseUrl::Postgres(endpoint) => {
            let database = Postgres::open(endpoint, nodes, options).await?;
            reserve_on(&database, database.reserve(), is_taken).await
        }
        DatabaseUrl::SqliteFresh | DatabaseUrl::SqliteMemory | DatabaseUrl::Sim(_) => {
            Ok(Some(Tenancy::Alone))
        }
    }
}

/// Closes the database after it.
async fn reserve_on(
    database: &dyn Database,
    reserving: impl Future<Output = Result<Option<Box<dyn Claim>>, CallError>>,
    is_taken: impl AsyncFnOnce(&dyn Database) -> Result<bool, CallError>,
) -> Result<Option<Tenancy>, CallError> {
    let reserved = match is_taken(database).await {
        Ok(true) => Ok(None),
        Ok(false) => reserving.await.map(Some),
        Err(error) => Err(error),
    };
    database.close().await;
    Ok(reserved?.map(|claim| claim.map_or(Tenancy::Schemas, Tenancy::Shared)))
}

impl Tenancy {
    /// Opens the database for one trial. Closing it drops the schema that was made for it.
    pub async fn open(
        &self,
        url: &DatabaseUrl,
        nodes: &[SecretUrl],
        options: SessionOptions,
        fresh_path: &Path,
    ) -> Result<Arc<dyn Database>, CallError> {
        match (self, url) {
            (Self::Schemas, DatabaseUrl::Mysql(endpoint)) => {
                let database = Mysql::open_in_own_schema(endpoint, nodes, options).await?;
                Ok(Arc::new(database))
            }
            (Self::Schemas, DatabaseUrl::Postgres(endpoint)) => {
                let database = Postgres::open_in_own_schema(endpoint, nodes, options).await?;
                Ok(Arc::new(database))
            }
            _ => open_database(url, nodes, options, fresh_path).await,
        }
    }

    /// Gives the claim up.
    pub async fn end(self) {
        if let Self::Shared(claim) = self {
            claim.release().await;
        }
    }
}
