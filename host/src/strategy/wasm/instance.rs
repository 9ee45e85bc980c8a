//! One worker's instance of a component.

use super::super::{Capabilities, Death, Instance, Transition};
use super::bindings::{StateStrategy, StateStrategyPre};
use super::host::HostState;
use super::{Limits, convert};
use crate::model::change::LostLocks;
use crate::model::fault::{Fault, FaultCount};
use async_trait::async_trait;
use wasmtime::{Store, Trap};

/// How many bytes of strings and lists one call of a guest may hand to the host. A list whose
/// elements all point to the same megabytes would otherwise multiply in the host's memory.
const MAX_BYTES_PER_HOST_CALL: usize = 4 << 20;

pub struct WasmInstance {
    store: Store<HostState>,
    strategy: StateStrategy,
}

impl WasmInstance {
    pub async fn make(
        pre: &StateStrategyPre<HostState>,
        limits: Limits,
        capabilities: Capabilities,
    ) -> Result<Box<dyn Instance>, Death> {
        let mut store = Store::new(pre.engine(), HostState::new(limits, capabilities));
        store.limiter(|state| &mut state.memory);
        store.set_hostcall_fuel(MAX_BYTES_PER_HOST_CALL);
        store.epoch_deadline_callback(|mut context| context.data_mut().computing.interrupt());
        store.set_epoch_deadline(1);
        match pre.instantiate_async(&mut store).await {
            Ok(strategy) => Ok(Box::new(Self { store, strategy })),
            Err(error) => {
                store.into_data().end().await;
                Err(death(&error))
            }
        }
    }
}

#[async_trait]
impl Instance for WasmInstance {
    async fn change(&mut self, transition: Transition) -> Result<Result<(), Fault>, Death> {
        self.store.data_mut().computing.begin();
        self.store.set_epoch_deadline(1);
        let transition = convert::transition(transition);
        self.strategy
            .contend_strategy_state_change()
            .call_change(&mut self.store, &transition)
            .await
            .map(|told| told.map_err(convert::fault_from_guest))
            .map_err(|error| death(&error))
    }

    fn take_faults(&mut self) -> Vec<FaultCount> {
        std::mem::take(&mut self.store.data_mut().faults)
    }

    fn take_lost_locks(&mut self) -> LostLocks {
        std::mem::take(&mut self.store.data_mut().lost_locks)
    }

    async fn end(self: Box<Self>) {
        self.store.into_data().end().await;
    }
}

fn death(error: &wasmtime::Error) -> Death {
    if let Some(death) = error.downcast_ref::<Death>() {
        return death.clone();
    }
    let code = match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => "stack-overflow",
        _ => "trap",
    };
    // The root cause says what happened; the outer layers say only that it happened in the guest.
    Death {
        code,
        message: convert::clean(&error.root_cause().to_string()),
    }
}
