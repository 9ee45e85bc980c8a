//! `wasi:random`: all of it draws from the generator of `timing`, also what WASI calls insecure.

use super::linking::{Context, Interface};
use crate::capability::strategy::Death;
use crate::host::HostState;
use rand_pcg::rand_core::Rng;
use wasmtime::Result;

/// The host makes them before the guest has room for them.
const MAX_RANDOM_BYTES: u64 = 64 * 1024;

impl HostState {
    fn random_bytes(&mut self, count: u64) -> Result<Vec<u8>> {
        if count > MAX_RANDOM_BYTES {
            return Err(wasmtime::Error::new(Death {
                code: "random-limit",
                message: format!(
                    "wanted {count} random bytes; {MAX_RANDOM_BYTES} at most are given at once"
                ),
            }));
        }
        self.idle.call()?;
        let mut bytes = vec![0; count as usize];
        self.random.fill_bytes(&mut bytes);
        Ok(bytes)
    }
}

pub fn link(given: &mut Interface, interface: &str, name: &str) -> Result<bool> {
    match (interface, name) {
        ("random/random", "get-random-bytes")
        | ("random/insecure", "get-insecure-random-bytes") => {
            given.func_wrap(name, |mut context: Context, (count,): (u64,)| {
                Ok((context.data_mut().random_bytes(count)?,))
            })?;
        }
        ("random/random", "get-random-u64") | ("random/insecure", "get-insecure-random-u64") => {
            given.func_wrap(name, |mut context: Context, (): ()| {
                let state = context.data_mut();
                state.idle.call()?;
                Ok((state.random.next_u64(),))
            })?;
        }
        ("random/insecure-seed", "insecure-seed") => {
            given.func_wrap(name, |mut context: Context, (): ()| {
                let random = &mut context.data_mut().random;
                Ok(((random.next_u64(), random.next_u64()),))
            })?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}
