//! How wasmtime is set up: for real runs, and for simulations.

use super::Limits;
use wasmtime::{Config, InstanceAllocationStrategy, PoolingAllocationConfig};

const PAGE: u64 = 64 * 1024;

/// Instances out of a pool, bounded by the clock.
pub fn of_real_runs(limits: Limits, instances: u32) -> Config {
    let mut config = common(limits);
    config
        .allocation_strategy(pool(limits, instances))
        .epoch_interruption(true);
    config
}

/// The same, bounded by what they execute.
pub fn of_simulations(limits: Limits, instances: u32) -> Config {
    let mut config = common(limits);
    config
        .allocation_strategy(pool(limits, instances))
        .consume_fuel(true);
    config
}

fn pool(limits: Limits, instances: u32) -> InstanceAllocationStrategy {
    // A component is up to a handful of core instances: the guest and the shims around it.
    let core_instances = instances.saturating_mul(8);
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(instances)
        .total_core_instances(core_instances)
        .total_memories(instances)
        .total_tables(instances.saturating_mul(4))
        .total_stacks(instances)
        .max_memory_size(usize::try_from(memory(limits)).unwrap_or(usize::MAX));
    InstanceAllocationStrategy::Pooling(pool)
}

/// What one instance's memory can grow to.
fn memory(limits: Limits) -> u64 {
    limits.memory_bytes.next_multiple_of(PAGE)
}

fn common(limits: Limits) -> Config {
    let mut config = Config::new();
    config
        // Small reservations: with the default of 4 GiB each, ten thousand workers would not fit
        // into the address space. The price, a bounds check, is nothing beside a database call.
        .memory_reservation(memory(limits))
        .memory_guard_size(PAGE)
        .memory_may_move(false)
        // Each call of ours runs one guest on one fiber; overlapping calls inside an instance are
        // never needed, and cost every call if they are possible.
        .concurrency_support(false)
        .async_stack_size(1 << 20)
        // The same bits in every world.
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(false);
    config
}
