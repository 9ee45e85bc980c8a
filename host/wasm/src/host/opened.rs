//! A session that an instance has opened, and whether what it wrote is committed.

use crate::capability::database::Session;
use crate::model::error::{CallError, ErrorKind};

/// A session and the state of its transaction, as far as the calls show it.
pub struct Opened {
    pub session: Box<dyn Session>,
    /// Unlike the handle's number, never given to another session of the instance.
    pub number: u64,
    transaction: Option<Transaction>,
}

#[derive(Default)]
struct Transaction {
    /// True if the transaction has changed a row.
    wrote: bool,
}

impl Opened {
    pub fn new(session: Box<dyn Session>, number: u64) -> Self {
        Self {
            session,
            number,
            transaction: None,
        }
    }

    pub fn is_open(&self) -> bool {
        self.transaction.is_some()
    }

    pub fn begun(&mut self, begun: &Result<(), CallError>) {
        if begun.is_ok() {
            self.transaction = Some(Transaction::default());
        }
    }

    /// True if the statement autocommitted an update.
    pub fn executed(&mut self, affected: &Result<u64, CallError>) -> bool {
        self.answered(affected);
        match (affected, &mut self.transaction) {
            (Ok(1..), None) => true,
            (Ok(1..), Some(transaction)) => {
                transaction.wrote = true;
                false
            }
            _ => false,
        }
    }

    /// After a conflict no transaction is open any more. After another error one may be.
    pub fn answered<T>(&mut self, answer: &Result<T, CallError>) {
        if matches!(answer, Err(error) if error.kind == ErrorKind::Conflict) {
            self.transaction = None;
        }
    }

    /// True if the commit made updates durable.
    pub fn committed(&mut self, committed: &Result<(), CallError>) -> bool {
        self.answered(committed);
        committed.is_ok() && self.transaction.take().is_some_and(|it| it.wrote)
    }

    pub fn rolled_back(&mut self) {
        self.transaction = None;
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::capability::statement::Statement;
    use crate::model::value::{Row, Value};
    use async_trait::async_trait;

    pub struct Idle;

    #[async_trait]
    impl Session for Idle {
        async fn execute(&mut self, _: &Statement, _: &[Value]) -> Result<u64, CallError> {
            Ok(0)
        }
        async fn query(&mut self, _: &Statement, _: &[Value]) -> Result<Vec<Row>, CallError> {
            Ok(Vec::new())
        }
        async fn begin(&mut self) -> Result<(), CallError> {
            Ok(())
        }
        async fn commit(&mut self) -> Result<(), CallError> {
            Ok(())
        }
        async fn rollback(&mut self) -> Result<(), CallError> {
            Ok(())
        }
        async fn sync(&mut self) -> Result<(), CallError> {
            Ok(())
        }
        async fn close(self: Box<Self>) {}
    }

    fn conflict<T>() -> Result<T, CallError> {
        Err(CallError::conflict("1213", ""))
    }

    fn lost<T>() -> Result<T, CallError> {
        Err(CallError::new(ErrorKind::Indefinite, "2013", ""))
    }

    #[test]
    fn autocommit_write_is_committed_unless_it_changed_nothing_or_failed() {
        let mut opened = Opened::new(Box::new(Idle), 0);
        assert!(opened.executed(&Ok(1)));
        assert!(!opened.executed(&Ok(0)));
        assert!(!opened.executed(&conflict()));
        assert!(!opened.is_open());
    }

    #[test]
    fn transaction_is_committed_when_commit_says_so_and_it_has_written() {
        let mut opened = Opened::new(Box::new(Idle), 0);
        opened.begun(&Ok(()));
        assert!(!opened.executed(&Ok(2)), "not yet");
        assert!(!opened.committed(&lost()));
        assert!(opened.is_open(), "it may be");
        assert!(opened.committed(&Ok(())));
        assert!(!opened.is_open());
        assert!(!opened.committed(&Ok(())), "it is over");

        opened.begun(&Ok(()));
        assert!(!opened.committed(&Ok(())), "it has written nothing");
        for end in [
            |opened: &mut Opened| opened.answered(&conflict::<()>()),
            Opened::rolled_back,
        ] {
            opened.begun(&Ok(()));
            opened.executed(&Ok(1));
            end(&mut opened);
            assert!(!opened.is_open());
            assert!(opened.executed(&Ok(1)), "by itself again");
        }
        opened.begun(&conflict());
        assert!(!opened.is_open());
    }
}
