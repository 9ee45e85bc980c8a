//! Workers that crash: the instance is gone at once, whatever it was doing.

use crate::capability::strategy::{Allocated, Call, Capabilities, Death, Instance, Strategy};
use crate::model::change::LostLocks;
use crate::model::error::{CallError, ErrorCount};
use crate::model::statements::Statements;
use crate::sim::crash::CrashSignal;
use async_trait::async_trait;
use std::future::poll_fn;
use std::sync::Arc;

/// A strategy whose instances end when their worker crashes. The component does not notice.
pub struct CrashableStrategy {
    pub strategy: Arc<dyn Strategy>,
    pub crashes: CrashSignal,
}

struct CrashableInstance {
    instance: Box<dyn Instance>,
    crashes: CrashSignal,
    worker: u32,
    /// The number of the worker's crashes when this instance was made.
    before: u32,
}

#[async_trait]
impl Strategy for CrashableStrategy {
    async fn instantiate(&self, capabilities: Capabilities) -> Result<Box<dyn Instance>, Death> {
        let worker = capabilities.worker;
        let before = self.crashes.count(worker);
        let instance = self.strategy.instantiate(capabilities).await?;
        Ok(Box::new(CrashableInstance {
            instance,
            crashes: self.crashes.clone(),
            worker,
            before,
        }))
    }
}

#[async_trait]
impl Instance for CrashableInstance {
    async fn call(&mut self, call: Call) -> Result<Result<Option<Allocated>, CallError>, Death> {
        let (crashes, worker, before) = (&self.crashes, self.worker, self.before);
        let crashed = poll_fn(|context| crashes.poll_crash(worker, before, context));
        tokio::select! {
            biased;
            () = crashed => Err(Death {
                code: "worker-crashed",
                message: "the worker's process died".to_owned(),
            }),
            answer = self.instance.call(call) => answer,
        }
    }

    fn take_errors(&mut self) -> Vec<ErrorCount> {
        self.instance.take_errors()
    }

    fn take_lost_locks(&mut self) -> LostLocks {
        self.instance.take_lost_locks()
    }

    fn take_statements(&mut self) -> Statements {
        self.instance.take_statements()
    }

    fn leaves_doubt(&self) -> bool {
        self.instance.leaves_doubt()
    }

    async fn end(self: Box<Self>) {
        self.instance.end().await;
    }
}
