//! One worker's instance of a component.

use super::computing::{self, Metering};
use super::convert;
use super::exports::{Exports, Linked};
use super::host::HostState;
use super::host::wasi::Printing;
use super::limits::Limits;
use crate::capability::strategy::{Allocated, Call, Death, Instance};
use crate::model::change::LostLocks;
use crate::model::error::{CallError, ErrorCount};
use crate::model::resource_usage::ResourceUsage;
use crate::model::statements::Statements;
use async_trait::async_trait;
use wasmtime::{CallHook, Store, StoreContextMut, Trap};

/// Bytes of strings and lists that one call of a guest may pass to the host. A list whose
/// elements all point to the same megabytes would otherwise multiply in the host's memory.
const MAX_BYTES_PER_HOST_CALL: usize = 4 << 20;

pub struct WasmInstance {
    store: Store<HostState>,
    exports: Exports,
    limits: Limits,
    metering: Metering,
    /// Fuel of its longest call, where fuel is counted.
    most_fuel: u64,
}

impl WasmInstance {
    pub async fn make(
        linked: &Linked,
        limits: Limits,
        metering: &Metering,
        state: HostState,
    ) -> Result<Self, Death> {
        let call = state.shares().call.min(MAX_BYTES_PER_HOST_CALL);
        let mut store = Store::new(linked.engine(), state);
        store.limiter(|state| &mut state.memory);
        store.set_hostcall_fuel(call);
        match metering {
            Metering::Clock { .. } => store
                .epoch_deadline_callback(|mut context| context.data_mut().computing.interrupt()),
            Metering::Fuel => store.call_hook(move |context, hook| match hook {
                CallHook::ReturningFromHost => give_back(context, limits),
                _ => Ok(()),
            }),
        }
        begin(&mut store, limits, metering);
        match linked.instantiate(&mut store).await {
            Ok(exports) => Ok(Self {
                store,
                exports,
                limits,
                metering: metering.clone(),
                most_fuel: 0,
            }),
            Err(error) => {
                let death = death(&error, limits, &store.data().wasi.printing);
                store.into_data().end().await;
                Err(death)
            }
        }
    }
}

/// The computing time of a call begins.
fn begin(store: &mut Store<HostState>, limits: Limits, metering: &Metering) {
    match metering {
        Metering::Clock { .. } => {
            store.data_mut().computing.begin();
            store.set_epoch_deadline(1);
        }
        Metering::Fuel => {
            let state = store.data_mut();
            let now = state.now();
            state.allowance.begin(now);
            store
                .set_fuel(computing::fuel(limits.computing))
                .expect("an engine that counts");
        }
    }
}

/// Gives the guest the computing time back that the call of the host which ends here has waited.
fn give_back(mut context: StoreContextMut<'_, HostState>, limits: Limits) -> wasmtime::Result<()> {
    let left = context.get_fuel()?;
    let state = context.data_mut();
    let now = state.now();
    match state.allowance.after_wait(now, left, limits.computing) {
        Some(fuel) => context.set_fuel(fuel),
        None => Ok(()),
    }
}

#[async_trait]
impl Instance for WasmInstance {
    async fn call(&mut self, call: Call) -> Result<Result<Option<Allocated>, CallError>, Death> {
        begin(&mut self.store, self.limits, &self.metering);
        self.store.data_mut().call_begins();
        let result = self.exports.call(&mut self.store, call).await;
        if let Ok(left) = self.store.get_fuel() {
            let allowance = &self.store.data().allowance;
            let used = allowance.used(left, self.limits.computing);
            self.most_fuel = self.most_fuel.max(used);
        }
        result.map_err(|error| death(&error, self.limits, &self.store.data().wasi.printing))
    }

    fn take_errors(&mut self) -> Vec<ErrorCount> {
        std::mem::take(&mut self.store.data_mut().errors)
    }

    fn take_lost_locks(&mut self) -> LostLocks {
        std::mem::take(&mut self.store.data_mut().lost_locks)
    }

    fn take_statements(&mut self) -> Statements {
        std::mem::take(&mut self.store.data_mut().executed)
    }

    fn leaves_doubt(&self) -> bool {
        self.store.data().leaves_doubt()
    }

    fn spent(&self) -> ResourceUsage {
        ResourceUsage {
            memory_bytes: self.store.data().memory.grown,
            computing: computing::time(self.most_fuel),
        }
    }

    async fn end(self: Box<Self>) {
        self.store.into_data().end().await;
    }
}

fn death(error: &wasmtime::Error, limits: Limits, printing: &Printing) -> Death {
    if let Some(death) = error.downcast_ref::<Death>() {
        return death.clone();
    }
    let code = match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => return computing::exceeded(limits.computing),
        Some(Trap::StackOverflow) => "stack-overflow",
        _ => "trap",
    };
    // The root cause says what happened; the outer layers say only that it happened in the guest.
    let cause = error.root_cause().to_string();
    let message = match printing.last_words() {
        Some(words) => format!("{cause}; it had printed: {words}"),
        None => cause,
    };
    Death {
        code,
        message: convert::clean(&message),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{Impatient, doing, load, load_text, only_a_clock};
    use super::super::{Engine, WasmStrategy};
    use super::*;
    use crate::capability::strategy::Strategy;
    use std::time::Duration;

    const LIMITS: Limits = Limits {
        memory_bytes: 1 << 20,
        computing: Duration::from_millis(1),
    };

    fn strategy() -> WasmStrategy {
        load(&Engine::for_simulations(LIMITS, 2).unwrap())
    }

    async fn made(strategy: &WasmStrategy) -> Result<WasmInstance, Death> {
        let given = only_a_clock(Impatient);
        let state = HostState::new(LIMITS, given, strategy.asked.clone());
        WasmInstance::make(&strategy.linked, LIMITS, &strategy.metering, state).await
    }

    async fn instance(strategy: &WasmStrategy) -> WasmInstance {
        made(strategy).await.unwrap()
    }

    #[tokio::test]
    async fn the_same_call_uses_the_same_fuel_in_another_engine_and_each_call_gets_all_of_it() {
        let mut left = Vec::new();
        for _ in 0..2 {
            let strategy = strategy();
            let mut instance = instance(&strategy).await;
            for what in ["compute", "sleep", "compute"] {
                instance.call(doing(what)).await.unwrap().unwrap();
                left.push(instance.store.get_fuel().unwrap());
            }
        }
        let (one, other) = left.split_at(3);
        assert_eq!(one, other);
        assert_eq!(one[0], one[2]);
        assert!(one[0] < one[1] - 40_000, "{one:?}");
    }

    /// The same strategy, loaded for a real run and for a simulation.
    fn both() -> [WasmStrategy; 2] {
        [load(&Engine::new(LIMITS, 2).unwrap()), strategy()]
    }

    #[tokio::test]
    async fn misbehaving_guest_dies_alike_in_both_worlds_and_costs_a_neighbour_nothing() {
        for strategy in both() {
            let mut neighbour = instance(&strategy).await;
            for (what, code, message) in [
                ("endless", "computing-limit", "more than 1ms"),
                ("recursing", "stack-overflow", "stack"),
                ("out of bounds", "trap", "out of bounds"),
                ("neighbour's", "trap", "out of bounds"),
                ("big", "memory-limit", "the limit is 1048576"),
            ] {
                let mut instance = instance(&strategy).await;
                let death = instance.call(doing(what)).await.unwrap_err();
                assert_eq!(death.code, code, "{what}: {death}");
                assert!(death.message.contains(message), "{what}: {death}");
                neighbour.call(doing("compute")).await.unwrap().unwrap();
            }
            neighbour.call(doing("dirty")).await.unwrap().unwrap();
        }
    }

    /// The fixture with something done to it.
    fn changed(engine: &Engine, from: &str, to: &str) -> WasmStrategy {
        let text = include_str!("fixtures.wat");
        assert!(text.contains(from), "{from}");
        load_text(engine, &text.replacen(from, to, 1))
    }

    #[tokio::test]
    async fn guest_code_outside_of_its_exports_is_bounded_too() {
        let (realloc, change) = ("global.get $free\n", "(memory $memory) (realloc $realloc)");
        let with_end = "(memory $memory) (realloc $realloc) (post-return $core-end)";
        let end = |body: &str| {
            let core = "(func (export \"end\") (param i32)";
            let alias = "(alias core export $guest \"end\" (core func $core-end))\n  (type $detail";
            let text = include_str!("fixtures.wat");
            let text = text.replacen(
                "(func (export \"realloc\")",
                &format!("{core} {body})\n(func (export \"realloc\")"),
                1,
            );
            text.replacen(change, with_end, 1)
                .replacen("(type $detail", alias, 1)
        };
        for engine in [Engine::new(LIMITS, 2), Engine::for_simulations(LIMITS, 2)] {
            let engine = engine.unwrap();
            let loop_of = "(loop (br 0)) global.get $free\n";
            let recursing = "(call $sleep (i64.const 1)) global.get $free\n";
            for (strategy, code) in [
                (changed(&engine, realloc, loop_of), "computing-limit"),
                (changed(&engine, realloc, recursing), "trap"),
                (load_text(&engine, &end("(loop (br 0))")), "computing-limit"),
                (
                    load_text(&engine, &end("(call $sleep (i64.const 1))")),
                    "trap",
                ),
            ] {
                let mut instance = instance(&strategy).await;
                let death = instance.call(doing("idle")).await.unwrap_err();
                assert_eq!(death.code, code, "{death}");
            }
            let start = "(func $spin (loop (br 0))) (start $spin) (func $recurse (param i32)";
            let endless = changed(&engine, "(func $recurse (param i32)", start);
            let made = endless.instantiate(only_a_clock(Impatient)).await;
            assert_eq!(made.err().unwrap().code, "computing-limit");
        }
    }

    #[tokio::test]
    async fn memory_of_a_new_instance_is_zero_even_where_it_grows() {
        for strategy in both() {
            for _ in 0..3 {
                let mut instance = instance(&strategy).await;
                for what in ["dirty", "grow"] {
                    instance.call(doing(what)).await.unwrap().unwrap();
                }
                let second = instance.call(doing("dirty")).await.unwrap_err();
                assert_eq!(second.code, "trap", "what it left is there");
            }
        }
    }

    #[tokio::test]
    async fn a_table_grows_within_a_limit_only() {
        for strategy in both() {
            let mut instance = instance(&strategy).await;
            instance.call(doing("table")).await.unwrap().unwrap();
        }
    }

    #[tokio::test]
    async fn more_instances_than_there_was_room_made_for_are_refused() {
        for strategy in both() {
            let _two = [instance(&strategy).await, instance(&strategy).await];
            assert!(made(&strategy).await.is_err());
        }
    }
}
