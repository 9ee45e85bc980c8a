//! Workers that die: the instance is gone at once, whatever it was doing.

use crate::model::change::LostLocks;
use crate::model::fault::{Fault, FaultCount};
use crate::model::statements::Statements;
use crate::strategy::{Allocated, Call, Capabilities, Death, Instance, Strategy};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

/// How often each worker has crashed, and who wants to know of the next time.
#[derive(Clone, Default)]
pub struct Crashes(Arc<Mutex<BTreeMap<u32, OfWorker>>>);

#[derive(Default)]
struct OfWorker {
    count: u32,
    waits: Option<Waker>,
}

impl Crashes {
    fn of_workers(&self) -> MutexGuard<'_, BTreeMap<u32, OfWorker>> {
        self.0.lock().expect("no panic while held")
    }

    /// The worker's process dies now.
    pub fn crash(&self, worker: u32) {
        let mut workers = self.of_workers();
        let entry = workers.entry(worker).or_default();
        entry.count += 1;
        if let Some(waker) = entry.waits.take() {
            waker.wake();
        }
    }

    fn count(&self, worker: u32) -> u32 {
        self.of_workers()
            .get(&worker)
            .map_or(0, |entry| entry.count)
    }

    fn poll_crash(&self, worker: u32, since: u32, context: &mut Context<'_>) -> Poll<()> {
        let mut workers = self.of_workers();
        let entry = workers.entry(worker).or_default();
        if entry.count > since {
            return Poll::Ready(());
        }
        entry.waits = Some(context.waker().clone());
        Poll::Pending
    }
}

/// A strategy whose instances die with their workers. The component knows nothing of it.
pub struct Mortal {
    pub strategy: Arc<dyn Strategy>,
    pub crashes: Crashes,
}

struct MortalInstance {
    instance: Box<dyn Instance>,
    crashes: Crashes,
    worker: u32,
    /// How often the worker had crashed when this instance was made.
    before: u32,
}

#[async_trait]
impl Strategy for Mortal {
    async fn instantiate(&self, capabilities: Capabilities) -> Result<Box<dyn Instance>, Death> {
        let worker = capabilities.worker;
        let before = self.crashes.count(worker);
        let instance = self.strategy.instantiate(capabilities).await?;
        Ok(Box::new(MortalInstance {
            instance,
            crashes: self.crashes.clone(),
            worker,
            before,
        }))
    }
}

#[async_trait]
impl Instance for MortalInstance {
    async fn call(&mut self, call: Call) -> Result<Result<Option<Allocated>, Fault>, Death> {
        let Self {
            instance,
            crashes,
            worker,
            before,
        } = self;
        let crashed = poll_fn(|context| crashes.poll_crash(*worker, *before, context));
        tokio::select! {
            biased;
            () = crashed => Err(Death {
                code: "worker-crashed",
                message: "the worker's process died".to_owned(),
            }),
            told = instance.call(call) => told,
        }
    }

    fn take_faults(&mut self) -> Vec<FaultCount> {
        self.instance.take_faults()
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
