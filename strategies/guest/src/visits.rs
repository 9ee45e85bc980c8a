//! The rows that each visit writes to the database, as `wit/access.wit` asks.

use crate::{
    Error, Purpose, RETRY_WAIT, Session, Statement, Value, Visit, connect, integer_of,
    retry_conflicts, setting,
};

const LOOK: &str = "SELECT version, writer FROM documents WHERE id = ?";
const RAISE: &str = "UPDATE documents SET version = ?, writer = ? WHERE id = ?";
const CLEAR: &str = "UPDATE documents SET writer = NULL WHERE id = ? AND writer = ?";
const ENTER: &str = "INSERT INTO visits (marker, document_id, purpose, entered_version, entered_writer) \
                     VALUES (?, ?, ?, ?, ?)";
const LEAVE: &str = "UPDATE visits SET left_version = ? WHERE marker = ?";

/// The rows of a worker's visits. They exclude no visitor: that is the strategy's task.
///
/// Settings: `sync` (true): see what was committed on other nodes before looking.
pub struct Visits {
    session: Session,
    syncs: bool,
    look: Statement,
    raise: Statement,
    clear: Statement,
    enter: Statement,
    leave: Statement,
}

impl Visits {
    /// Opens a session through the run's endpoint.
    pub fn new() -> Result<Self, Error> {
        let session = connect()?;
        Ok(Self {
            syncs: setting("sync", true)?,
            look: session.prepare(LOOK)?,
            raise: session.prepare(RAISE)?,
            clear: session.prepare(CLEAR)?,
            enter: session.prepare(ENTER)?,
            leave: session.prepare(LEAVE)?,
            session,
        })
    }

    /// Writes that a visit has begun, and what it found; a writer becomes the document's writer.
    pub fn enter(&self, visit: &Visit) -> Result<(), Error> {
        self.atomically(|| {
            let document = Value::from(&*visit.document);
            let (found, writer) = self.look(&document)?;
            let marker = Value::from(&*visit.marker);
            let (version, purpose) = match visit.purpose {
                Purpose::Read => (found, "read"),
                Purpose::Write => {
                    let raised = [(found + 1).into(), marker.clone(), document.clone()];
                    self.raise.execute(&raised)?;
                    (found + 1, "write")
                }
            };
            let row = [marker, document, purpose.into(), version.into(), writer];
            self.enter.execute(&row).map(|_| ())
        })
    }

    /// Writes that it is over.
    pub fn leave(&self, visit: &Visit) -> Result<(), Error> {
        self.atomically(|| {
            let document = Value::from(&*visit.document);
            let (version, _) = self.look(&document)?;
            let marker = Value::from(&*visit.marker);
            if visit.purpose == Purpose::Write {
                self.clear.execute(&[document, marker.clone()])?;
            }
            self.leave.execute(&[version.into(), marker]).map(|_| ())
        })
    }

    /// The document's version and writer.
    fn look(&self, document: &Value) -> Result<(i64, Value), Error> {
        let rows = self.look.query(std::slice::from_ref(document))?;
        let Some(row) = rows.first() else {
            return Err(Error::rejected("no-document", "there is no such document"));
        };
        let writer = row.get(1).cloned().unwrap_or(Value::Null);
        Ok((integer_of(row, 0)?, writer))
    }

    fn atomically(&self, work: impl Fn() -> Result<(), Error>) -> Result<(), Error> {
        retry_conflicts(RETRY_WAIT, || {
            if self.syncs {
                self.session.sync()?;
            }
            self.session.atomically(&work)
        })
    }
}
