//! `strategies/cas` as a part of the host: the same statement, the same calls, no Wasm.

use async_trait::async_trait;
use contend::capability::clock::Clock;
use contend::capability::database::Session;
use contend::capability::statement::Statement;
use contend::capability::strategy::{Allocated, Call, Capabilities, Death, Instance, Strategy};
use contend::model::error::{CallError, ErrorCount, ErrorKind, count_error};
use contend::model::value::Value;
use std::sync::Arc;

/// The statement of `strategies/cas`.
pub const SWAP: &str =
    "UPDATE volumes SET status = ?, attach_status = ? WHERE id = ? AND status = ?";

const RETRY_WAIT_NS: u64 = 10_000_000;

pub struct NativeCas;

struct Cas {
    session: Box<dyn Session>,
    swap: Statement,
    clock: Arc<dyn Clock>,
    errors: Vec<ErrorCount>,
}

#[async_trait]
impl Strategy for NativeCas {
    async fn instantiate(&self, capabilities: Capabilities) -> Result<Box<dyn Instance>, Death> {
        Ok(Box::new(Cas {
            session: capabilities.first_session.expect("opened before"),
            swap: capabilities
                .sql_policy
                .admit(SWAP)
                .expect("an allowed statement"),
            clock: capabilities.clock,
            errors: Vec::new(),
        }))
    }
}

#[async_trait]
impl Instance for Cas {
    async fn call(&mut self, call: Call) -> Result<Result<Option<Allocated>, CallError>, Death> {
        let Call::Change(t) = call else {
            unreachable!("a change of a row");
        };
        let values = [t.to, t.marker, t.row, t.from].map(Value::from);
        loop {
            match self.session.execute(&self.swap, &values).await {
                Ok(0) => {}
                Ok(_) => return Ok(Ok(None)),
                Err(error) => {
                    count_error(&mut self.errors, &error);
                    if error.kind != ErrorKind::Conflict {
                        return Ok(Err(error));
                    }
                }
            }
            self.clock.sleep(RETRY_WAIT_NS).await;
        }
    }

    fn take_errors(&mut self) -> Vec<ErrorCount> {
        std::mem::take(&mut self.errors)
    }

    async fn end(self: Box<Self>) {
        self.session.close().await;
    }
}
