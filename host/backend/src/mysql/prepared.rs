//! The prepared statements of one connection, by their texts.
//!
//! The driver keeps them as well, but for each look-up it reads the whole text in search of named
//! parameters. A connection has a handful, so comparing texts is quicker.

use super::options::PREPARED_STATEMENTS;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Error, Statement};

/// The driver closes the statement that it has not looked up for the longest time when it has more than
/// `PREPARED_STATEMENTS`. It looked up each of ours as one of its last `MOST`, so none of them is closed.
const MOST: usize = PREPARED_STATEMENTS / 2;

/// What the driver has prepared on one connection, up to [`MOST`].
#[derive(Default)]
pub(super) struct Prepared(Vec<(Box<str>, Statement)>);

impl Prepared {
    /// The statement of a text, prepared if it is new.
    pub(super) async fn get(
        &mut self,
        connection: &mut Conn,
        text: &str,
    ) -> Result<Statement, Error> {
        if let Some((_, known)) = self.0.iter().find(|(known, _)| **known == *text) {
            return Ok(known.clone());
        }
        let statement = connection.prep(text).await?;
        if self.0.len() >= MOST {
            self.0.clear();
        }
        self.0.push((text.into(), statement.clone()));
        Ok(statement)
    }
}
