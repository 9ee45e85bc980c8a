//! Configuration of wasmtime, for real runs and for simulations.

use super::compiled;
use super::limits::Limits;
use super::memory::{MAX_CORE_INSTANCES, MAX_MEMORIES, MAX_TABLE_ELEMENTS, MAX_TABLES};
use super::slots::memory::Memories;
use super::slots::stack::Stacks;
use std::io;
use std::sync::Arc;
use wasmtime::{Config, InstanceAllocationStrategy, PoolingAllocationConfig};

const PAGE: usize = 64 * 1024;
const STACK_BYTES: usize = 1 << 20;

/// Instances out of a pool, bounded by the clock.
pub fn of_real_runs(limits: Limits, instances: u32) -> Config {
    let core_instances = instances.saturating_mul(MAX_CORE_INSTANCES as u32);
    let tables = instances.saturating_mul(MAX_TABLES as u32);
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(instances)
        .total_core_instances(core_instances)
        .max_core_instances_per_component(MAX_CORE_INSTANCES as u32)
        .total_memories(instances)
        .max_memories_per_component(MAX_MEMORIES as u32)
        .total_tables(tables)
        .max_tables_per_component(MAX_TABLES as u32)
        .table_elements(MAX_TABLE_ELEMENTS)
        .total_stacks(instances)
        .max_memory_size(memory_bytes(limits));
    let mut config = of_all();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        // Small reservations: with the default of 4 GiB each, ten thousand workers would not fit
        // into the address space. The price, a bounds check, is nothing beside a database call.
        .memory_reservation(memory_bytes(limits) as u64)
        .memory_guard_size(PAGE as u64)
        .epoch_interruption(true);
    config
}

/// Instances in slots, of which there can be ten times as many, bounded by what they execute.
pub fn of_simulations(limits: Limits, instances: u32) -> io::Result<Config> {
    let instances = instances as usize;
    let memories = Memories::reserve(instances, memory_bytes(limits))?;
    let stacks = Stacks::reserve(instances, STACK_BYTES)?;
    let mut config = of_all();
    config
        .allocation_strategy(InstanceAllocationStrategy::OnDemand)
        .with_host_memory(Arc::new(memories))
        .with_host_stack(Arc::new(stacks))
        // Each of these would take mappings of its own, or rely on them.
        .memory_init_cow(false)
        .memory_reservation(0)
        .memory_guard_size(0)
        .consume_fuel(true);
    Ok(config)
}

/// Largest memory of one instance.
fn memory_bytes(limits: Limits) -> usize {
    let bytes = limits.memory_bytes.next_multiple_of(PAGE as u64);
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

fn of_all() -> Config {
    let mut config = Config::new();
    compiled::keep(&mut config);
    config
        .memory_may_move(false)
        // Each call of ours runs one guest on one fiber; overlapping calls inside an instance are
        // never needed, and cost every call if they are possible.
        .concurrency_support(false)
        .async_stack_size(STACK_BYTES)
        // The same bits in every world.
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(false);
    config
}
