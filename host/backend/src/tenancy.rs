//! The use of a database by runs: one run at a time, or a schema for each run.

use super::mysql::{self, Mysql};
use super::open_database;
use super::own_schema::SharedClaim;
use super::postgres::{self, Postgres};
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
    Shared(Claim),
}

/// A claim on the schema of a server's URL.
pub struct Claim(Kind);

enum Kind {
    Mysql(SharedClaim<mysql::Address>),
    Postgres(SharedClaim<postgres::Address>),
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
            let reserved = match is_taken(&database).await {
                Ok(true) => Ok(None),
                Ok(false) => database.reserve().await.map(Some),
                Err(error) => Err(error),
            };
            database.close().await;
            Ok(reserved?.map(|shared| tenancy(shared.map(Kind::Mysql))))
        }
        DatabaseUrl::Postgres(endpoint) => {
            let database = Postgres::open(endpoint, nodes, options).await?;
            let reserved = match is_taken(&database).await {
                Ok(true) => Ok(None),
                Ok(false) => database.reserve().await.map(Some),
                Err(error) => Err(error),
            };
            database.close().await;
            Ok(reserved?.map(|shared| tenancy(shared.map(Kind::Postgres))))
        }
        DatabaseUrl::SqliteFresh | DatabaseUrl::SqliteMemory | DatabaseUrl::Sim(_) => {
            Ok(Some(Tenancy::Alone))
        }
    }
}

fn tenancy(shared: Option<Kind>) -> Tenancy {
    match shared {
        None => Tenancy::Schemas,
        Some(claim) => Tenancy::Shared(Claim(claim)),
    }
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
        match self {
            Self::Shared(Claim(Kind::Mysql(claim))) => claim.release().await,
            Self::Shared(Claim(Kind::Postgres(claim))) => claim.release().await,
            Self::Alone | Self::File(_) | Self::Schemas => {}
        }
    }
}
