//! Configuration of wasmtime, for real runs and for simulations.

use super::compiled;
use super::limits::Limits;
use super::memory::{MAX_CORE_INSTANCES, MAX_MEMORIES, MAX_TABLE_ELEMENTS, MAX_TABLES};
use super::slots::memory::Memories;
use super::slots::stack::Stacks;
use std::io;
use std::sync::Arc;
use wasmtime::{Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

const PAGE: usize = 64 * 1024;
const STACK_BYTES: usize = 1 << 20;

/// Most instances of a simulation that come out of a pool: the kernel bounds the number of mappings, and a
/// pool takes several for each.
const MOST_POOLED: u32 = 1_000;

/// Bytes of a used memory that are cleared in place for the next instance, where the kernel says which of
/// them were written. Giving them back and getting them again takes longer.
const KEPT_BYTES: usize = 256 << 10;

/// Instances out of a pool, bounded by the clock.
pub fn of_real_runs(limits: Limits, instances: u32) -> Config {
    let mut config = pooled(limits, instances, 0);
    config.epoch_interruption(true);
    config
}

/// Instances bounded by what they execute. The few of a search come out of a pool, which makes the next one
/// of the last one's parts; a hundred thousand are in slots.
pub fn of_simulations(limits: Limits, instances: u32) -> io::Result<Config> {
    let mut config = match instances <= MOST_POOLED {
        true => pooled(limits, instances, KEPT_BYTES),
        false => in_slots(limits, instances)?,
    };
    config.consume_fuel(true);
    Ok(config)
}

fn pooled(limits: Limits, instances: u32, kept_bytes: usize) -> Config {
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
    if kept_bytes > 0 && PoolingAllocationConfig::is_pagemap_scan_available() {
        pool.pagemap_scan(Enabled::Yes)
            .linear_memory_keep_resident(kept_bytes)
            .table_keep_resident(kept_bytes);
    }
    let mut config = of_all();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        // Small reservations: with the default of 4 GiB each, ten thousand workers would not fit
        // into the address space. The price, a bounds check, is nothing beside a database call.
        .memory_reservation(memory_bytes(limits) as u64)
        .memory_guard_size(PAGE as u64);
    config
}

fn in_slots(limits: Limits, instances: u32) -> io::Result<Config> {
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
        .memory_guard_size(0);
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
