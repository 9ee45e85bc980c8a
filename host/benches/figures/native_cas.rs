//! `strategies/cas` as a part of the host: the same statement, the same calls, no Wasm.

use async_trait::async_trait;
use contend::capability::clock::Clock;
use contend::capability::database::Session;
use contend::capability::statement::Statement;
use contend::capability::strategy::{Allocated, Call, Capabilities, Death, Instance, Strategy};
use contend::model::fault::{Fault, FaultCount, FaultKind, count_fault};
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
    faults: Vec<FaultCount>,
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
            faults: Vec::new(),
        }))
    }
}

#[async_trait]
impl Instance for Cas {
    async fn call(&mut self, call: Call) -> Result<Result<Option<Allocated>, Fault>, Death> {
        let Call::Change(t) = call else {
            unreachable!("a change of a row");
        };
        let values = [t.to, t.marker, t.row, t.from].map(Value::from);
        loop {
            match self.session.execute(&self.swap, &values).await {
                Ok(0) => {}
                Ok(_) => return Ok(Ok(None)),
                Err(fault) => {
                    count_fault(&mut self.faults, &fault);
                    if fault.kind != FaultKind::Conflict {
                        return Ok(Err(fault));
                    }
                }
            }
            self.clock.sleep(RETRY_WAIT_NS).await;
        }
    }

    fn take_faults(&mut self) -> Vec<FaultCount> {
        std::mem::take(&mut self.faults)
    }

    async fn end(self: Box<Self>) {
        self.session.close().await;
    }
}
